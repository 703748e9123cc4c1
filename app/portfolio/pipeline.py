"""From draft to completed: how many needs are at each stage, how many got there, and for how long they are."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, func, or_, select
from sqlalchemy.orm import QueryableAttribute, Session

from app.core.actor import Actor
from app.core.db import utc_now
from app.needs.models import Need, NeedStatus, Outcome
from app.needs.queries import visible
from app.pairings.models import Decision, Judgement, Pairing, PairingStatus
from app.pairings.queries import visible as visible_pairings
from app.portfolio.openings import first_opened, opened
from app.portfolio.schemas import Pipeline, Stage
from app.referrals.models import LineStatus, ReferralLine
from app.referrals.queries import lines as visible_lines

STAGES = ("draft", "open", "proposed", "accepted", "conveyed", "taken_up", "in_delivery", "completed")
_PLACE = {name: place for place, name in enumerate(STAGES)}
_LINES = (LineStatus.CONVEYED, LineStatus.TAKEN_UP, LineStatus.IN_DELIVERY, LineStatus.COMPLETED)
_PAIRS = (PairingStatus.PROPOSED, PairingStatus.ACCEPTED)


def pipeline(session: Session, actor: Actor, now: datetime | None = None) -> Pipeline:
    """The stages in order, over every need but those merged or withdrawn by their State. Officers alone.

    A need is at its furthest stage: what an organization is doing counts before what is proposed. On hold it is
    at the stage where it waits. A closed need is at none, unless something was completed for it.
    """
    at, needs = now or utc_now(), _needs(actor).subquery()
    counted = select(needs.c.reached, func.count()).group_by(needs.c.reached)
    reached = {row[0]: row[1] for row in session.execute(counted)}
    ages: dict[int, list[float]] = {place: [] for place in _PLACE.values()}
    present = select(needs.c.now, *(needs.c[name] for name in STAGES)).where(needs.c.now.is_not(None))
    for row in session.execute(present):
        ages[row[0]].append(_days(row[1 + row[0]], at))
    return Pipeline(day=at.date(), needs=sum(reached.values()), stages=list(_stages(reached, ages)))


def _stages(reached: dict[int, int], ages: dict[int, list[float]]) -> Sequence[Stage]:
    found: list[Stage] = []
    for name, place in _PLACE.items():
        so_far = sum(number for other, number in reached.items() if other >= place)
        before = found[-1].reached if found else 0
        found.append(
            Stage(
                stage=name,
                now=len(ages[place]),
                reached=so_far,
                conversion=so_far / before if before else None,
                median_days=median(ages[place]) if ages[place] else None,
            )
        )
    return found


def _needs(actor: Actor) -> Select[*tuple[Any, ...]]:
    """Of each need: its stage now and the furthest ever, as places in STAGES, and since when it is at each."""
    first, since, lines, pairs = first_opened(), opened(), _lines(actor), _pairs(actor)
    closed = Need.status == NeedStatus.CLOSED
    now = _furthest(
        [*(lines.c[f"is_{status.value}"] for status in _LINES)],
        [*(pairs.c[f"is_{status.value}"] for status in _PAIRS)],
        Need.status != NeedStatus.DRAFT,
    )
    alive = case((and_(closed, lines.c.is_completed.is_(None)), None), (closed, _PLACE["completed"]), else_=now)
    reached = _furthest(
        [lines.c.conveyed, lines.c.taken_up, lines.c.in_delivery, lines.c.completed],
        [pairs.c.proposed, pairs.c.accepted],
        first.c.at.is_not(None),
    )
    since_when: tuple[ColumnElement[Any] | QueryableAttribute[Any], ...] = (
        Need.created_at, since.c.at, pairs.c.is_proposed, pairs.c.is_accepted,
        *(lines.c[f"is_{status.value}"] for status in _LINES),
    )  # fmt: skip
    named = [column.label(name) for name, column in zip(STAGES, since_when, strict=True)]
    shown = visible(actor).with_only_columns(alive.label("now"), reached.label("reached"), *named)
    for part in (first, since, lines, pairs):
        shown = shown.outerjoin(part, part.c.need_id == Need.id)
    left_out = (Outcome.DUPLICATE, Outcome.WITHDRAWN)
    return shown.where(or_(Need.outcome.is_(None), Need.outcome.not_in(left_out)))


def _furthest(
    lines: Sequence[ColumnElement[Any]], pairs: Sequence[ColumnElement[Any]], is_open: ColumnElement[bool]
) -> ColumnElement[int]:
    """The place of the furthest stage whose column is not empty."""
    named = zip(STAGES[2:], [*pairs, *lines], strict=True)
    kinds = [(column.is_not(None), _PLACE[name]) for name, column in reversed(list(named))]
    return case(*kinds, (is_open, _PLACE["open"]), else_=_PLACE["draft"])


def _lines(actor: Actor) -> Subquery:
    """Of each need: since when a line is at each status (`is_…`), and when one first got there at all."""
    line = ReferralLine
    entered = {
        LineStatus.CONVEYED: line.conveyed_at,
        LineStatus.TAKEN_UP: line.answered_at,
        LineStatus.IN_DELIVERY: line.started_on,
        LineStatus.COMPLETED: line.ended_at,
    }
    present = [
        func.min(case((line.status == status, column))).label(f"is_{status.value}")
        for status, column in entered.items()
    ]
    ever = [
        func.min(line.conveyed_at).label("conveyed"),
        func.max(case((line.part.is_not(None), 1))).label("taken_up"),
        func.max(case((line.started_on.is_not(None), 1))).label("in_delivery"),
        func.max(case((line.status == LineStatus.COMPLETED, 1))).label("completed"),
    ]
    found = visible_lines(actor).with_only_columns(line.need_id, *present, *ever)
    return found.group_by(line.need_id).subquery("lines")


def _pairs(actor: Actor) -> Subquery:
    """The same of pairings: since when one is proposed or accepted, and whether one ever was."""
    accepted = _accepted()
    joined = (
        visible_pairings(actor)
        .with_only_columns(
            Pairing.need_id,
            func.min(case((Pairing.status == PairingStatus.PROPOSED, Pairing.proposed_at))).label("is_proposed"),
            func.min(
                case((Pairing.status == PairingStatus.ACCEPTED, func.coalesce(accepted.c.at, Pairing.proposed_at)))
            ).label("is_accepted"),
            func.min(Pairing.proposed_at).label("proposed"),
            func.min(accepted.c.at).label("accepted"),
        )
        .outerjoin(accepted, accepted.c.pairing_id == Pairing.id)
    )
    return joined.group_by(Pairing.need_id).subquery("pairs")


def _accepted() -> Subquery:
    newest = select(Decision.pairing_id, func.max(Decision.at).label("at"))
    return newest.where(Decision.judgement == Judgement.ACCEPT).group_by(Decision.pairing_id).subquery("accepted")


def _days(since: datetime | date | None, now: datetime) -> float:
    """Whole days since a time, or since the beginning of a day."""
    if since is None:
        return 0.0
    begun = since if isinstance(since, datetime) else datetime.combine(since, time(), UTC)
    return max(0, int((now - begun).total_seconds() // 86_400))
