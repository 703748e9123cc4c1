"""Reads the audit events after a cursor, and once a day the due lists, and puts before each account what waits.

Whoever reads holds the cursor's row, so that several workers take turns and nothing is read twice.
"""

from collections.abc import Iterable
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
from app.notices.models import Delivery, Notice, NoticeChoice, NoticeCursor, NoticeKind, NoticeLetter
from app.notices.recipients import actor_of, enabled
from app.notices.rules import CONCERNS, EVENTS, LOOKS, RULES, USUALLY, Thing

POST = "notices.post"
BATCH = 500
DIGESTED = timedelta(days=14)


def read_events(session: Session, settings: Settings) -> int:
    """Take in the next events, and ask for the letters that are wanted at once; return how many notices came."""
    cursor = locked_cursor(session)
    newest = newest_number(session)
    wanted = select(AuditEvent).where(AuditEvent.number > cursor.number, AuditEvent.action.in_(EVENTS))
    events = session.scalars(wanted.order_by(AuditEvent.number).limit(BATCH)).all()
    made: list[Notice] = []
    for event in events:
        for thing in EVENTS[event.action].things(session, event):
            made += keep(session, settings, event.action, thing, event.actor_user_id)
    cursor.number = events[-1].number if len(events) == BATCH else newest
    ask_for_letters(session, made, is_digest=False)
    return len(made)


def look(session: Session, settings: Settings) -> None:
    """What is done once a day: the due lists, and the digests of what was not told at once."""
    cursor, today = locked_cursor(session), utc_now().date()
    if cursor.looked_on == today:
        return
    found = [(what, thing) for what, rule in LOOKS.items() for thing in rule.things(session, today, settings)]
    made = [notice for what, thing in found for notice in keep(session, settings, what, thing)]
    ask_for_letters(session, made, is_digest=False)
    digested = (Notice.mail == Delivery.DAILY) & (Notice.made_at > utc_now() - DIGESTED)
    untold = select(Notice).where(digested, Notice.letter_id.is_(None), Notice.seen_at.is_(None))
    ask_for_letters(session, session.scalars(untold.order_by(Notice.made_at)).all(), is_digest=True)
    cursor.looked_on = today


def keep(
    session: Session, settings: Settings, what: str, thing: Thing, done_by: UUID | None = None
) -> list[Notice]:
    """Put a thing before those accounts that it concerns, that see it now, and that were not told of it yet."""
    told = select(Notice.user_id).where(
        Notice.what == what, Notice.subject_id == thing.subject_id, Notice.occasion == thing.occasion
    )
    users = set(thing.users) - set(session.scalars(told)) - {done_by}
    concerned = [user for user in enabled(session, users) if _is_told(session, user, what, thing.subject_id)]
    made = [
        Notice(
            user_id=user.id,
            kind=RULES[what].kind,
            what=what,
            subject_id=thing.subject_id,
            occasion=thing.occasion,
            mail=_delivery(session, settings, user, RULES[what].kind),
        )
        for user in concerned
    ]
    session.add_all(made)
    session.flush()
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


def _is_told(session: Session, user: User, what: str, subject_id: UUID) -> bool:
    rule = RULES[what]
    return rule.kind in CONCERNS[user.role] and subject_id in rule.sight(session, actor_of(user), [subject_id])


def _choices(user_id: UUID) -> Select[NoticeChoice]:
    return select(NoticeChoice).where(NoticeChoice.user_id == user_id)
