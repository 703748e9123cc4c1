"""Letters that may wait for a second officer, and what a clearance does: every act that the house may hold."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.clearances import service as clearances
from app.access.clearances.models import Act, Clearance
from app.access.models import User
from app.core.actor import Actor
from app.core.errors import Conflict
from app.needs import held
from app.needs.models import Need
from app.pairings.models import Pairing
from app.referrals import conveying
from app.referrals.models import Referral
from app.referrals.schemas import ReferralIn


def convey(session: Session, actor: Actor, wanted: ReferralIn, rules: held.Rules) -> Referral | Clearance:
    """Convey as `conveying.convey` does, or hold the letter until a second officer clears it, with its texts."""
    if not rules.clearance:
        return conveying.convey(session, actor, wanted)
    body = {
        "asked": wanted.model_dump(mode="json", by_alias=True, exclude_unset=True),
        "texts": _texts(session, wanted),
    }
    return clearances.hold(
        session,
        actor,
        Act.REFERRAL,
        wanted.organization,
        body,
        lambda: conveying.convey(session, actor, wanted),
    )


def _convey(session: Session, asker: Actor, body: Mapping[str, Any], cleared_by_id: UUID) -> list[str]:
    wanted = ReferralIn.model_validate(body["asked"])
    now = _texts(session, wanted)
    if changed := sorted(ref for ref, revision in body["texts"].items() if now.get(ref) != revision):
        raise Conflict(f"The text of {', '.join(changed)} changed since this was asked; refuse it, and ask anew")
    return [str(conveying.convey(session, asker, wanted, cleared_by=_officer(session, cleared_by_id)).id)]


def _texts(session: Session, wanted: ReferralIn) -> dict[str, int]:
    """The revision of each need that the letter is about."""
    of_pairings = select(Need.ref, Need.revision).join(Pairing, Pairing.need_id == Need.id)
    rows = session.execute(of_pairings.where(Pairing.id.in_(wanted.pairings))).all()
    return {row.ref: row.revision for row in rows}


def _officer(session: Session, account_id: UUID) -> Actor:
    user = session.get_one(User, account_id)
    return Actor(user.role, user.organization_id, user_id=user.id)


EXECUTORS: Mapping[Act, clearances.Executor] = {**held.EXECUTORS, Act.REFERRAL: _convey}
