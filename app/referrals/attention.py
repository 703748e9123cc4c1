"""What of referrals waits for a person: derived from lines, outcomes and releases, never stored."""

import enum
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, select
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from app.core.actor import Actor
from app.core.db import utc_now
from app.needs.models import Need, NeedStatus, Release, ReleaseFields
from app.needs.sight import best_release, in_force
from app.pairings.models import Pairing, PairingStatus
from app.referrals.models import LIVE, Delivered, LineOutcome, LineStatus, Referral, ReferralLine
from app.referrals.queries import lines

SHORT = (Delivered.PARTLY_DELIVERED, Delivered.NOT_DELIVERED)


class Waits(enum.StrEnum):
    """What a line waits for: the first four of an officer, the last of its organization."""

    QUESTION = "question"
    SIGHT_ENDED = "sight_ended"
    DECLINED = "declined"
    PARTIAL = "partial"
    TO_ANSWER = "to_answer"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits, and since when; the line comes with its referral, organization, need and programme."""

    kind: Waits
    line: ReferralLine
    since: datetime


def attention(session: Session, actor: Actor, referral_ids: Collection[UUID] | None = None) -> list[Waiting]:
    """What waits for the actor, of these referrals or of all that it sees; the longest waiting first."""
    kinds = _OFFICERS if actor.is_cted else _ORGANIZATIONS
    found: list[Waiting] = []
    for kind, condition in kinds.items():
        wanted = _whole(actor, referral_ids).where(condition())
        found += [Waiting(kind, line, _since(kind, line)) for line in session.scalars(wanted)]
    if actor.is_cted:
        blind = without_sight(session, actor, referral_ids)
        found += [Waiting(Waits.SIGHT_ENDED, line, _since(Waits.SIGHT_ENDED, line)) for line in blind]
    return sorted(found, key=lambda one: (one.since, str(one.line.id)))


def without_sight(
    session: Session, actor: Actor, referral_ids: Collection[UUID] | None = None
) -> list[ReferralLine]:
    """The live lines whose organization does not see the need in full now: its release ended or was withdrawn."""
    now = utc_now()
    serving = select(Release.id).where(in_force(now), Release.organization_id.is_not(None))
    live = _whole(actor, referral_ids).where(ReferralLine.status.in_(LIVE))
    doubtful = session.scalars(live.where(ReferralLine.release_id.not_in(serving))).all()
    seen: dict[UUID, set[UUID]] = {}
    for organization_id in {line.referral.organization_id for line in doubtful}:
        ids = [line.need_id for line in doubtful if line.referral.organization_id == organization_id]
        best = best_release(organization_id, now)
        full = select(best.c.need_id).where(best.c.need_id.in_(ids), best.c.fields == ReleaseFields.FULL)
        seen[organization_id] = set(session.scalars(full))
    return [line for line in doubtful if line.need_id not in seen[line.referral.organization_id]]


def _whole(actor: Actor, referral_ids: Collection[UUID] | None) -> Select[ReferralLine]:
    wanted = lines(actor).options(
        joinedload(ReferralLine.referral).joinedload(Referral.organization),
        joinedload(ReferralLine.need),
        joinedload(ReferralLine.release),
        joinedload(ReferralLine.pairing).joinedload(Pairing.programme),
        selectinload(ReferralLine.outcomes),
    )
    return wanted if referral_ids is None else wanted.where(ReferralLine.referral_id.in_(referral_ids))


def _asked() -> ColumnElement[bool]:
    return and_(ReferralLine.status.in_(LIVE), ReferralLine.question_at.is_not(None))


def _declined() -> ColumnElement[bool]:
    """Declined, until its pairing is retracted, the need is referred anew, or closed."""
    later = aliased(ReferralLine)
    referred_anew = exists().where(
        later.need_id == ReferralLine.need_id, later.conveyed_at > ReferralLine.ended_at
    )
    kept = select(Pairing.id).where(Pairing.status == PairingStatus.CONVEYED)
    return and_(
        ReferralLine.status == LineStatus.DECLINED,
        ReferralLine.pairing_id.in_(kept),
        ReferralLine.need_id.in_(_not_closed()),
        ~referred_anew,
    )


def _short() -> ColumnElement[bool]:
    """Delivered in part or not at all by the newest word of either side, until the need is closed."""
    newest = (
        select(LineOutcome.line_id, LineOutcome.side, func.max(LineOutcome.number).label("number"))
        .group_by(LineOutcome.line_id, LineOutcome.side)
        .subquery()
    )
    counts = and_(LineOutcome.line_id == newest.c.line_id, LineOutcome.number == newest.c.number)
    told = select(LineOutcome.line_id).join(newest, counts).where(LineOutcome.outcome.in_(SHORT))
    delivered = ReferralLine.status.in_((LineStatus.IN_DELIVERY, LineStatus.COMPLETED))
    return and_(delivered, ReferralLine.id.in_(told), ReferralLine.need_id.in_(_not_closed()))


def _to_answer() -> ColumnElement[bool]:
    return ReferralLine.status == LineStatus.CONVEYED


def _not_closed() -> Select[UUID]:
    return select(Need.id).where(Need.status != NeedStatus.CLOSED)


_OFFICERS = {Waits.QUESTION: _asked, Waits.DECLINED: _declined, Waits.PARTIAL: _short}
_ORGANIZATIONS = {Waits.TO_ANSWER: _to_answer}


def _since(kind: Waits, line: ReferralLine) -> datetime:
    moments: list[datetime | None] = []
    if kind is Waits.QUESTION:
        moments = [line.question_at]
    elif kind is Waits.DECLINED:
        moments = [line.ended_at]
    elif kind is Waits.PARTIAL:
        moments = [max((one.at for one in line.outcomes if one.outcome in SHORT), default=None)]
    elif kind is Waits.SIGHT_ENDED:
        over = line.release.ends_at if line.release.ends_at and line.release.ends_at <= utc_now() else None
        moments = [line.release.withdrawn_at, over, line.need.shown_at]
    return next((moment for moment in moments if moment), line.conveyed_at)
