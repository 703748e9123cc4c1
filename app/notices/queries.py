"""Every SELECT on notices that somebody reads. An account sees its own, as far as it may be told now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Select, false, select
from sqlalchemy.orm import Session

from app.access.models import User
from app.core.actor import Actor
from app.core.db import utc_now
from app.core.errors import Conflict
from app.core.http import etag_of
from app.core.settings import Settings
from app.notices.models import LetterStatus, Notice, NoticeLetter
from app.notices.reading import choices_of
from app.notices.rules import RULES
from app.notices.schemas import NoticeOut, NoticesOut
from app.notices.sight import Told

SHOWN = timedelta(days=90)
MOST = 200


@dataclass(frozen=True, slots=True)
class Waiting:
    """A notice with what may be told of it now."""

    notice: Notice
    says: str
    told: Told


def visible(actor: Actor) -> Select[Notice]:
    """The notices of the actor's own account; a key has none."""
    return select(Notice).where(Notice.user_id == actor.user_id if actor.user_id else false())


def waiting(session: Session, actor: Actor) -> list[Waiting]:
    """What waits for the actor and was not marked as seen, the newest first."""
    recent = visible(actor).where(Notice.seen_at.is_(None), Notice.made_at > utc_now() - SHOWN)
    newest = session.scalars(recent.order_by(Notice.made_at.desc(), Notice.id).limit(MOST)).all()
    return still_waiting(session, actor, newest)


def still_waiting(session: Session, actor: Actor, notices: Sequence[Notice]) -> list[Waiting]:
    """Those of the notices whose thing the actor still sees and that still waits, in their order."""
    known = [notice for notice in notices if notice.what in RULES]
    told = {
        what: RULES[what].sight(session, actor, {each.subject_id for each in known if each.what == what})
        for what in {notice.what for notice in known}
    }
    return [
        Waiting(notice, RULES[notice.what].says, told[notice.what][notice.subject_id])
        for notice in known
        if notice.subject_id in told[notice.what]
    ]


def overview(session: Session, actor: Actor, settings: Settings) -> NoticesOut:
    """What waits for the actor, and its choices. Raises Conflict for a key."""
    user = account(session, actor)
    choices = choices_of(session, user)
    items = [
        NoticeOut(
            id=one.notice.id,
            kind=one.notice.kind,
            says=one.says,
            ref=one.told.ref,
            path=one.told.path,
            at=one.notice.made_at,
        )
        for one in waiting(session, actor)
    ]
    return NoticesOut(
        etag=etag_of({kind.value: delivery.value for kind, delivery in choices.items()}),
        items=items,
        choices=choices,
        mailed=bool(settings.smtp_url),
        daily_hour=settings.notices_hour,
    )


def account(session: Session, actor: Actor) -> User:
    """The actor's account. Raises Conflict for a key."""
    if actor.user_id is None:
        raise Conflict("Notices belong to an account; an API key has none")
    return session.get_one(User, actor.user_id)


def unsent(session: Session) -> list[tuple[NoticeLetter, str]]:
    """The letters of the last 90 days that were not sent, or may not have been, and to whom: for operators."""
    lost = NoticeLetter.status.in_([LetterStatus.FAILED, LetterStatus.UNCLEAR])
    recent = lost & (NoticeLetter.made_at > utc_now() - SHOWN)
    letters = select(NoticeLetter, User.email).join(User, User.id == NoticeLetter.user_id).where(recent)
    return [(row.NoticeLetter, row.email) for row in session.execute(letters.order_by(NoticeLetter.made_at))]
