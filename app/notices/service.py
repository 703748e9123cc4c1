"""What an account does with its notices: choose how it is told, and mark what it has seen."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.orm import Session

from app.access.models import User
from app.audit import service as audit
from app.core.actor import Actor
from app.core.db import utc_now
from app.core.errors import Invalid
from app.notices import queries
from app.notices.models import Delivery, Notice, NoticeChoice, NoticeKind
from app.notices.reading import choices_of
from app.notices.rules import CONCERNS
from app.notices.schemas import NoticesPatch


def change(session: Session, actor: Actor, wanted: NoticesPatch) -> None:
    """Choose, and mark as seen. Raises Invalid for a kind that does not concern the role or an unknown notice."""
    user = queries.account(session, actor)
    sent = {NoticeKind(name): getattr(wanted.choices, name) for name in wanted.choices.model_fields_set}
    choose(session, actor, user, sent)
    mark_seen(session, actor, wanted.seen)


def choose(session: Session, actor: Actor, user: User, wanted: dict[NoticeKind, Delivery | None]) -> None:
    """Set how an account is told of some kinds; None is the usual way."""
    for kind in wanted:
        if kind not in CONCERNS[user.role]:
            known = ", ".join(CONCERNS[user.role])
            raise Invalid.field(f"/choices/{kind}", f"As {user.role} you are told of {known}")
    before = choices_of(session, user)
    for kind, delivery in wanted.items():
        _set(session, user, kind, delivery)
    session.flush()
    after = choices_of(session, user)
    changed = [kind for kind in after if after[kind] is not before[kind]]
    if changed:
        told = {kind.value: after[kind] for kind in changed}
        audit.record(session, actor, "notice.chosen", user, {kind.value: before[kind] for kind in changed}, told)


def mark_seen(session: Session, actor: Actor, ids: Collection[UUID]) -> None:
    """Let notices of the actor's own wait no longer. Raises Invalid for one that it does not have."""
    found = {one.id: one for one in session.scalars(queries.visible(actor).where(Notice.id.in_(ids)))}
    for place, notice_id in enumerate(ids):
        if notice_id not in found:
            raise Invalid.field(f"/seen/{place}", "You have no such notice")
    for notice in found.values():
        notice.seen_at = notice.seen_at or utc_now()


def _set(session: Session, user: User, kind: NoticeKind, delivery: Delivery | None) -> None:
    made = session.get(NoticeChoice, (user.id, kind))
    if delivery is None:
        if made is not None:
            session.delete(made)
    elif made is None:
        session.add(NoticeChoice(user_id=user.id, kind=kind, delivery=delivery))
    else:
        made.delivery = delivery
