"""Needs that nobody supports and needs that too many do: derived on request, never stored. Officers alone."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Subquery, and_, case, false, func, literal, or_, select
from sqlalchemy.orm import Session, selectinload

from app.clocks import sources as clocks
from app.core.actor import Actor
from app.core.db import utc_now
from app.core.paging import Found, Key, Page, Paging, paginate
from app.needs.content import codes_of
from app.needs.filters import Sight, conditions
from app.needs.models import Need, NeedRevision, NeedStatus
from app.needs.queries import visible
from app.needs.schemas import NeedFilter
from app.portfolio.openings import opened
from app.portfolio.schemas import PortfolioFilter, Waiting
from app.referrals.models import LineStatus, ReferralLine
from app.referrals.queries import live_lines

CROWDED = 3
FAILED = (LineStatus.DECLINED, LineStatus.RETRACTED)


def unsupported(
    session: Session, actor: Actor, wanted: PortfolioFilter, days: int, paging: Paging
) -> tuple[Page[Waiting], Found]:
    """Needs open for `days` or more that no referral serves, the longest open first.

    They are those whose clock runs: a line that was declined or retracted serves nobody, and a need that was on
    hold counts from when it was resumed.
    """
    now = utc_now()
    waiting, since = clocks.unsupported(now).subquery(), opened()
    statement = _open_needs(session, actor, wanted).join(waiting, waiting.c.id == Need.id)
    statement = statement.join(since, since.c.need_id == Need.id)
    statement = statement.where(since.c.at <= now - timedelta(days=days))
    statement = statement.add_columns(since.c.at.label("at"), literal(0).label("live"))
    return _page(session, statement, [Key(since.c.at), Key(Need.id)], paging, now)


def crowded(
    session: Session, actor: Actor, wanted: PortfolioFilter, paging: Paging
) -> tuple[Page[Waiting], Found]:
    """Open needs with more than CROWDED live referral lines, the most crowded first."""
    since, live = opened(), _live(actor)
    statement = _open_needs(session, actor, wanted).join(live, live.c.need_id == Need.id)
    statement = statement.join(since, since.c.need_id == Need.id).where(live.c.number > CROWDED)
    statement = statement.add_columns(since.c.at.label("at"), live.c.number.label("live"))
    return _page(session, statement, [Key(live.c.number, descending=True), Key(Need.id)], paging, utc_now())


def _open_needs(session: Session, actor: Actor, wanted: PortfolioFilter) -> Select[*tuple[Any, ...]]:
    """The open needs that `wanted` asks for. Raises Invalid for a code that does not exist."""
    sight = Sight(actor, literal("full"), Need.changed_at.expression)
    asked = NeedFilter(theme=wanted.theme, region=wanted.region)
    shown = visible(actor) if actor.is_cted else visible(actor).where(false())
    given = conditions(session, sight, asked).values()
    return shown.where(Need.status == NeedStatus.OPEN, *given)


def _live(actor: Actor) -> Subquery:
    counted = live_lines(actor).with_only_columns(ReferralLine.need_id, func.count().label("number"))
    return counted.group_by(ReferralLine.need_id).subquery("live")


def _page(
    session: Session, statement: Select[*tuple[Any, ...]], order: Sequence[Key], paging: Paging, now: datetime
) -> tuple[Page[Waiting], Found]:
    found = paginate(session, statement.options(selectinload(NeedRevision.codes)), order, paging)
    ended = _ended(session, {row.Need.id: row.at for row in found.rows})
    items = [
        _shown(row.Need, row.NeedRevision, row.at, row.live, ended.get(row.Need.id, 0), now) for row in found.rows
    ]
    return Page(items=items, next=found.next, total=found.total), found


def _ended(session: Session, since: dict[UUID, datetime]) -> dict[UUID, int]:
    """How many lines of these needs failed since each was opened: one statement for a page."""
    if not since:
        return {}
    begun = and_(ReferralLine.need_id.in_(since), ReferralLine.status.in_(FAILED))
    after = or_(*(and_(ReferralLine.need_id == key, ReferralLine.ended_at >= at) for key, at in since.items()))
    number = func.sum(case((after, 1), else_=0))
    rows = session.execute(select(ReferralLine.need_id, number).where(begun).group_by(ReferralLine.need_id))
    return {row[0]: int(row[1]) for row in rows}


def _shown(need: Need, revision: NeedRevision, at: datetime, live: int, ended: int, now: datetime) -> Waiting:
    codes = codes_of(revision)
    return Waiting(
        ref=need.ref,
        title=revision.title,
        language=revision.language,
        regions=codes.get("regions", []),
        themes=codes.get("themes", []),
        priority=revision.priority,
        opened_at=at,
        days_open=(now - at).days,
        live=live,
        ended=ended,
    )
