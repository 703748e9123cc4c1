"""Reads the audit events after a cursor, and once a day the due lists, and puts before each account what waits.

Whoever reads holds the cursor's row, so that several workers take turns and nothing is read twice.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.access.models import User
from app.audit.models import AuditEvent
from app.audit.service import newest_number
from app.core import jobs
from app.core.db import utc_now
from app.core.settings import Settings
from app.notices.dues import LOOKS
from app.notices.events import EVENTS
from app.notices.models import Delivery, Notice, NoticeChoice, NoticeCursor, NoticeKind, NoticeLetter
from app.notices.recipients import Thing, actor_of, enabled
from app.notices.rules import CONCERNS, RULES, USUALLY

POST = "notices.post"
BATCH = 500
AT_A_TIME = 500
DIGESTED = timedelta(days=14)


def read_events(session: Session, settings: Settings) -> int:
    """Take in the next events, and ask for the letters that are wanted at once; return how many notices came."""
    cursor = locked_cursor(session)
    newest = newest_number(session)
    wanted = select(AuditEvent).where(AuditEvent.number > cursor.number, AuditEvent.action.in_(EVENTS))
    events = session.scalars(wanted.order_by(AuditEvent.number).limit(BATCH)).all()
    made: list[Notice] = []
    for event in events:
        what, finds = EVENTS[event.action]
        made += keep(session, settings, what, finds(session, event), event.actor_user_id)
    cursor.number = events[-1].number if len(events) == BATCH else newest
    ask_for_letters(session, made, is_digest=False)
    return len(made)


def look(session: Session, settings: Settings) -> None:
    """What is done once a day: the due lists, and the digests of what was not told at once."""
    cursor, today = locked_cursor(session), utc_now().date()
    if cursor.looked_on == today:
        return
    made: list[Notice] = []
    for what, looks in LOOKS.items():
        made += keep(session, settings, what, looks(session, today, settings))
    ask_for_letters(session, made, is_digest=False)
    digested = (Notice.mail == Delivery.DAILY) & (Notice.made_at > utc_now() - DIGESTED)
    untold = select(Notice).where(digested, Notice.letter_id.is_(None), Notice.seen_at.is_(None))
    ask_for_letters(session, session.scalars(untold.order_by(Notice.made_at)).all(), is_digest=True)
    cursor.looked_on = today


def keep(
    session: Session, settings: Settings, what: str, things: Sequence[Thing], done_by: UUID | None = None
) -> list[Notice]:
    """Put things before those accounts that they concern, that see them now and were not told of them yet."""
    made: list[Notice] = []
    for start in range(0, len(things), AT_A_TIME):
        made += _keep_some(session, settings, what, things[start : start + AT_A_TIME], done_by)
    return made


def ask_for_letters(session: Session, notices: Iterable[Notice], is_digest: bool) -> None:
    """One letter to each account about all of these that it is to be told now."""
    wanted = Delivery.DAILY if is_digest else Delivery.AT_ONCE
    by_user: dict[UUID, list[Notice]] = {}
    for notice in notices:
        if notice.mail is wanted:
            by_user.setdefault(notice.user_id, []).append(notice)
    for user_id, some in by_user.items():
        letter = NoticeLetter(user_id=user_id, is_digest=is_digest)
        session.add(letter)
        session.flush()
        for notice in some:
            notice.letter_id = letter.id
        jobs.enqueue(session, POST, letter_id=str(letter.id))


def locked_cursor(session: Session) -> NoticeCursor:
    return session.scalars(select(NoticeCursor).with_for_update()).one()


def choices_of(session: Session, user: User) -> dict[NoticeKind, Delivery]:
    """How an account is told of each kind that concerns it."""
    made = {one.kind: one.delivery for one in session.scalars(_choices(user.id))}
    return {kind: made.get(kind, USUALLY[kind]) for kind in CONCERNS[user.role]}


def _delivery(session: Session, settings: Settings, user: User, kind: NoticeKind) -> Delivery:
    """Where no mail server is set nothing is kept to be mailed later."""
    return choices_of(session, user)[kind] if settings.smtp_url else Delivery.NONE


def _keep_some(
    session: Session, settings: Settings, what: str, things: Sequence[Thing], done_by: UUID | None
) -> list[Notice]:
    untold = {(user, thing.subject_id, thing.occasion) for thing in things for user in thing.users}
    kept = select(Notice.user_id, Notice.subject_id, Notice.occasion).where(
        Notice.what == what, Notice.subject_id.in_({thing.subject_id for thing in things})
    )
    untold -= {(row.user_id, row.subject_id, row.occasion) for row in session.execute(kept)}
    users = enabled(session, {user for user, _, _ in untold} - {done_by})
    made = [notice for user in users for notice in _of_user(session, settings, what, user, things, untold)]
    session.add_all(made)
    session.flush()
    return made


def _of_user(
    session: Session,
    settings: Settings,
    what: str,
    user: User,
    things: Sequence[Thing],
    untold: set[tuple[UUID, UUID, str]],
) -> list[Notice]:
    rule = RULES[what]
    news = [thing for thing in things if (user.id, thing.subject_id, thing.occasion) in untold]
    if rule.kind not in CONCERNS[user.role]:
        return []
    seen = rule.sight(session, actor_of(user), [thing.subject_id for thing in news])
    mail = _delivery(session, settings, user, rule.kind)
    return [
        Notice(
            user_id=user.id,
            kind=rule.kind,
            what=what,
            subject_id=thing.subject_id,
            occasion=thing.occasion,
            mail=mail,
        )
        for thing in news
        if thing.subject_id in seen
    ]


def _choices(user_id: UUID) -> Select[NoticeChoice]:
    return select(NoticeChoice).where(NoticeChoice.user_id == user_id)
