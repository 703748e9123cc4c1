"""Hold an act until a second officer decides: it is done anew, with all its checks, when it is cleared."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.access.clearances.models import Act, Clearance
from app.access.clearances.queries import account_of
from app.access.clearances.schemas import ClearanceDecisionIn
from app.access.models import ApiKey, User
from app.audit import service as audit
from app.core.actor import Actor
from app.core.db import utc_now
from app.core.errors import Conflict, Invalid

# What a feature does when its act is cleared: (session, whoever asked, body, the account that clears) → ids made.
Executor = Callable[[Session, Actor, Mapping[str, Any], UUID], list[str]]


def hold(
    session: Session, actor: Actor, act: Act, about: str, body: Mapping[str, Any], do: Callable[[], object]
) -> Clearance:
    """Keep what was asked until a second officer clears it. `do` is tried first, and undone: what it refuses
    is refused now."""
    with session.begin_nested() as trial:
        do()
        trial.rollback()
    clearance = Clearance(
        act=act,
        about=about,
        body=dict(body),
        asked_by_id=account_of(session, actor),
        asked_by_key_id=actor.key_id,
    )
    session.add(clearance)
    session.flush()
    audit.record(session, actor, "clearance.asked", clearance, after={"act": act, "about": about})
    return clearance


def decide(
    session: Session,
    actor: Actor,
    clearance: Clearance,
    wanted: ClearanceDecisionIn,
    executors: Mapping[Act, Executor],
) -> Clearance:
    """Clear a held act, which does it, or refuse it. Whoever asked may take it back and never clear it.

    Raises Conflict for a second decision, for the officer who asked, and what the act itself refuses by now;
    Invalid for a refusal without a reason.
    """
    if clearance.decided_at:
        raise Conflict("This was decided already")
    account = account_of(session, actor)
    if account is None:
        raise Conflict("No account stands behind this key; an officer decides")
    if wanted.cleared:
        if account == clearance.asked_by_id:
            raise Conflict("You asked for this; another officer clears it")
        asker = _asker(session, clearance)
        clearance.made = executors[clearance.act](session, asker, clearance.body, account)
    elif not wanted.note:
        raise Invalid.field("/note", "Say why it is refused")
    clearance.cleared, clearance.note = wanted.cleared, wanted.note
    clearance.decided_by_id, clearance.decided_at = account, utc_now()
    session.flush()
    action = "clearance.cleared" if wanted.cleared else "clearance.refused"
    audit.record(session, actor, action, clearance, after={"note": wanted.note, "made": clearance.made})
    return clearance


def _asker(session: Session, clearance: Clearance) -> Actor:
    """Whoever asked, as they may act now. Raises Conflict where they no longer may."""
    user = session.get(User, clearance.asked_by_id) if clearance.asked_by_id else None
    key = session.get(ApiKey, clearance.asked_by_key_id) if clearance.asked_by_key_id else None
    actor = None
    if user and user.disabled_at is None:
        actor = Actor(user.role, user.organization_id, user_id=user.id)
    elif key and key.revoked_at is None and user is None:
        actor = Actor(key.role, key.organization_id, key_id=key.id, label="key")
    if actor is None or not actor.is_cted:
        raise Conflict("Whoever asked for this may no longer do it; refuse it, and ask anew")
    return actor
