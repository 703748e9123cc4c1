"""The rows that meeting files are made of: needs of a State, lines of referrals, releases. Each read at once."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from app.core.actor import Actor
from app.core.calendar import add_months
from app.needs import queries as needs
from app.needs import release_queries
from app.needs.models import (
    Need,
    NeedCode,
    NeedRevision,
    NeedStatus,
    Outcome,
    RecipientKind,
    Release,
    ReleaseException,
)
from app.pairings.models import Pairing
from app.portfolio.files.parts import PRIORITIES
from app.programmes.models import Programme
from app.referrals import queries as referrals
from app.referrals.models import LIVE, LineStatus, Referral, ReferralLine

Stated = tuple[Need, NeedRevision]


def needs_of(session: Session, actor: Actor, country: str, alone: bool = False) -> list[Stated]:
    """The needs of a State with what they say now, those under way first and then by priority.

    With `alone`, those that have no other State. Needs that were merged into another are left out.
    """
    named = needs.visible(actor).where(_names(NeedRevision.id, country), _is_kept())
    if alone:
        named = named.where(~_names_others(NeedRevision.id, country))
    found = [(row.Need, row.NeedRevision) for row in session.execute(named)]
    return sorted(found, key=_order)


def states_with_needs(session: Session, actor: Actor) -> dict[str, int]:
    """How many needs each State has, for whoever chooses a file."""
    seen = needs.visible(actor).where(_is_kept(), NeedRevision.recipient_kind == RecipientKind.COUNTRIES)
    counted = seen.join(NeedCode, NeedCode.revision_id == NeedRevision.id).where(NeedCode.field == "countries")
    rows = session.execute(counted.with_only_columns(NeedCode.code, func.count()).group_by(NeedCode.code))
    return {row[0]: row[1] for row in rows}


def lines_of(session: Session, actor: Actor, need_ids: Collection[UUID]) -> list[ReferralLine]:
    """The lines of these needs that were not retracted: those under way first, the newest first."""
    own = referrals.lines(actor).where(
        ReferralLine.need_id.in_(need_ids), ReferralLine.status != LineStatus.RETRACTED
    )
    return _in_order(session, own)


def lines_to(session: Session, actor: Actor, organization_id: UUID) -> list[ReferralLine]:
    """The same of one organization's letters."""
    own = referrals.lines(actor).join(Referral, Referral.id == ReferralLine.referral_id)
    kept = ReferralLine.status != LineStatus.RETRACTED
    return _in_order(session, own.where(Referral.organization_id == organization_id, kept))


def releases_of(session: Session, actor: Actor, need_ids: Collection[UUID]) -> Sequence[Release]:
    """Every release of these needs, the newest first."""
    own = release_queries.visible(actor).where(Release.need_id.in_(need_ids)).options(*_AUDIENCE)
    return session.scalars(own.order_by(Release.recorded_at.desc(), Release.id)).all()


def consented_alone(session: Session, actor: Actor, releases: Iterable[Release], country: str) -> list[Release]:
    """Of these, the ones whose released text has no other State: another's consent is not for this one to read."""
    ids = [release.id for release in releases]
    joined = release_queries.visible(actor).with_only_columns(Release.id)
    of_text = (NeedRevision.need_id == Release.need_id) & (NeedRevision.number == Release.revision)
    own = joined.join(NeedRevision, of_text).where(Release.id.in_(ids), _names(NeedRevision.id, country))
    kept = set(session.scalars(own.where(~_names_others(NeedRevision.id, country))))
    return [release for release in releases if release.id in kept]


def is_live(line: ReferralLine) -> bool:
    return line.status in LIVE


def answer_due(line: ReferralLine, months: int) -> date | None:
    """Until when its organization is to answer; None where it has answered."""
    waits = line.status is LineStatus.CONVEYED and line.answered_at is None
    return add_months(line.conveyed_at.date(), months) if waits else None


def audience(release: Release) -> str:
    """To whom a release is: a group, without those it leaves out, or one organization."""
    if release.organization:
        return release.organization.ref
    left_out = ", ".join(sorted(one.organization.ref for one in release.exceptions))
    name = release.group.name if release.group else ""
    return f"{name} but {left_out}" if left_out else name


def is_in_force(release: Release, at: datetime) -> bool:
    """As `needs.sight.in_force` has it, of a release that was read."""
    begun = [release.starts_at, release.recorded_at, release.complete_at]
    ends = [release.ends_at, release.superseded_at, release.withdrawn_at]
    return all(one is not None and one <= at for one in begun) and all(one is None or one > at for one in ends)


def gives_sight(release: Release, need: Need, at: datetime) -> bool:
    """Whether it gives sight now: to groups while the need is open, to one organization unless it is a draft."""
    shown = need.status is NeedStatus.OPEN if release.group_id else need.status is not NeedStatus.DRAFT
    return shown and is_in_force(release, at)


_AUDIENCE = (
    joinedload(Release.group),
    joinedload(Release.organization),
    selectinload(Release.exceptions).joinedload(ReleaseException.organization),
)
_RUNS = {NeedStatus.OPEN: 0, NeedStatus.ON_HOLD: 1, NeedStatus.DRAFT: 2, NeedStatus.CLOSED: 3}
_FURTHEST = {LineStatus.IN_DELIVERY: 0, LineStatus.TAKEN_UP: 1, LineStatus.CONVEYED: 2, LineStatus.COMPLETED: 3}


def _order(stated: Stated) -> tuple[int, int, str]:
    need, revision = stated
    priority = PRIORITIES[revision.priority] if revision.priority else len(PRIORITIES)
    return int(need.status is NeedStatus.CLOSED), priority * 10 + _RUNS[need.status], need.ref


def _in_order(session: Session, statement: Select[ReferralLine]) -> list[ReferralLine]:
    whole = statement.options(
        joinedload(ReferralLine.referral).joinedload(Referral.organization),
        joinedload(ReferralLine.pairing).joinedload(Pairing.programme).joinedload(Programme.organization),
        joinedload(ReferralLine.need),
        selectinload(ReferralLine.outcomes),
    )
    found = session.scalars(whole.order_by(ReferralLine.conveyed_at.desc(), ReferralLine.id)).unique().all()
    return sorted(found, key=lambda line: _FURTHEST.get(line.status, len(_FURTHEST)))


def _is_kept() -> Any:
    return func.coalesce(Need.outcome, "") != Outcome.DUPLICATE.value


def _names(revision_id: Any, country: str) -> Any:
    code = aliased(NeedCode)
    return exists(
        select(code.code).where(code.revision_id == revision_id, code.field == "countries", code.code == country)
    )


def _names_others(revision_id: Any, country: str) -> Any:
    code = aliased(NeedCode)
    return exists(
        select(code.code).where(code.revision_id == revision_id, code.field == "countries", code.code != country)
    )


def by_need(lines: Iterable[ReferralLine]) -> Mapping[UUID, list[ReferralLine]]:
    """Lines by their need."""
    found: dict[UUID, list[ReferralLine]] = {}
    for line in lines:
        found.setdefault(line.need_id, []).append(line)
    return found
