"""Every SELECT on clocks. Officers see all of them, nobody else any; a list is merged from the clocks' sources."""

import base64
import binascii
import heapq
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    and_,
    case,
    false,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session

from app.access.models import User
from app.assessments.models import Assessment
from app.clocks.schemas import ClockFilter, ClockOut, Due, DueList, NextStep, Tally, Whose
from app.clocks.sources import Running
from app.clocks.table import CLOCKS, Clock, ClockName, Unit, due_on, last_counted, length
from app.core.actor import Actor, Role
from app.core.db import utc_now
from app.core.errors import Invalid
from app.core.fields import is_storable
from app.core.paging import Paging
from app.core.settings import Settings
from app.needs.models import Need

T = TypeVar("T", Need, Assessment)
_ORDER = {name: place for place, name in enumerate(CLOCKS)}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a page ended: a list goes on after it."""

    due: date
    clock: ClockName
    counted: date
    id: UUID


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question: who asks, for which list, by which settings, at what time."""

    actor: Actor
    wanted: ClockFilter
    settings: Settings
    now: datetime
    owner_id: UUID | None
    whose: Whose | None

    @property
    def today(self) -> date:
        return self.now.date()

    @property
    def clocks(self) -> Sequence[ClockName]:
        return [name for name in CLOCKS if not self.wanted.clock or name in self.wanted.clock]

    def count(self, name: ClockName) -> int:
        return length(CLOCKS[name], self.settings)


def visible(actor: Actor, clock: Clock, now: datetime) -> Running:
    """The running ones of a clock, for CTED alone."""
    running = clock.source(now)
    return running if actor.is_cted else running.where(false())


def due_list(
    session: Session,
    actor: Actor,
    wanted: ClockFilter,
    paging: Paging,
    settings: Settings,
    now: datetime | None = None,
) -> DueList:
    """One page of what is due, longest overdue first. Raises Invalid for an unknown officer or cursor."""
    asked = _asked(session, actor, wanted, settings, now or utc_now())
    after = _read(paging.cursor) if paging.cursor else None
    rows = heapq.merge(
        *(_rows(session, asked, name, after, paging.limit + 1) for name in asked.clocks), key=lambda row: row[:2]
    )
    found = [row for row, _ in zip(rows, range(paging.limit + 1), strict=False)]
    kept = found[: paging.limit]
    counts = counted(session, asked) if paging.count else None
    total = sum(tally.running for tally in counts.values()) if counts is not None else None
    more = _written(kept[-1]) if len(found) > paging.limit else None
    return DueList(items=_shown(session, asked.today, kept), next=more, total=total, counts=counts)


def counted(session: Session, asked: _Asked) -> dict[ClockName, Tally]:
    """How many clocks of each kind are on the list, in one statement; those of which none runs are left out."""
    each = []
    for name in asked.clocks:
        running = _narrowed(asked, name)
        late = running.c.counted_on <= _last(asked, name, asked.today - timedelta(days=1))
        overdue = func.coalesce(func.sum(case((late, 1), else_=0)), 0)
        each.append(select(literal(name.value), func.count(), overdue).select_from(running))
    rows = session.execute(union_all(*each)).all()
    return {ClockName(name): Tally(running=running, overdue=overdue) for name, running, overdue in rows if running}


def table(settings: Settings) -> list[ClockOut]:
    """Every clock with its practice and the number that the settings give it."""
    return [
        ClockOut(
            clock=name,
            title=clock.title,
            practice=clock.practice,
            unit=clock.unit,
            count=length(clock, settings) if clock.setting else None,
            setting=clock.setting,
        )
        for name, clock in CLOCKS.items()
    ]


def _asked(session: Session, actor: Actor, wanted: ClockFilter, settings: Settings, now: datetime) -> _Asked:
    if wanted.officer is not None:
        return _Asked(actor, wanted, settings, now, account_id(session, wanted.officer, "officer"), None)
    whose = wanted.whose or (Whose.MINE if actor.user_id else Whose.ALL)
    return _Asked(actor, wanted, settings, now, actor.user_id, whose)


def account_id(session: Session, email: str, pointer: str) -> UUID:
    """The account of an officer, in service or not. Raises Invalid."""
    officers = User.role.in_([Role.OFFICER, Role.ADMIN])
    named = select(User.id).where(officers, User.email == (email.lower() if is_storable(email) else ""))
    if found := session.scalar(named):
        return found
    raise Invalid.field(pointer, "No officer has this address")


def answered_for(session: Session, actor: Actor, kind: type[T], account: UUID) -> Sequence[T]:
    """The needs or assessments that an officer answers for, or stands in for, by reference."""
    theirs = or_(kind.responsible_id == account, kind.deputy_id == account, false())
    return session.scalars(select(kind).where(theirs, literal(actor.is_cted)).order_by(kind.ref)).all()


def named(session: Session, actor: Actor, refs: Sequence[str]) -> dict[str, Need]:
    """The needs that are called so, by reference."""
    known = [ref for ref in refs if is_storable(ref)]
    found = session.scalars(select(Need).where(Need.ref.in_(known), literal(actor.is_cted)))
    return {need.ref: need for need in found}


def officers(session: Session, actor: Actor) -> list[str]:
    """The addresses of officers in service, and of those who left and still answer for something."""
    answering = [select(of.responsible_id) for of in (Need, Assessment)]
    left = User.id.in_(union_all(*answering))
    kept = User.role.in_([Role.OFFICER, Role.ADMIN]) & or_(User.disabled_at.is_(None), left)
    return list(session.scalars(select(User.email).where(kept, literal(actor.is_cted)).order_by(User.email)))


def _narrowed(asked: _Asked, name: ClockName) -> Subquery:
    """The running ones of a clock that the list asks for, with the columns of its source."""
    running = visible(asked.actor, CLOCKS[name], asked.now).subquery()
    until = asked.wanted.until
    if asked.wanted.overdue:
        until = min(until or date.max, asked.today - timedelta(days=1))
    conditions = [_is_theirs(asked, CLOCKS[name], running)]
    if until is not None:
        conditions.append(running.c.counted_on <= _last(asked, name, until))
    if CLOCKS[name].unit is Unit.AHEAD:
        conditions.append(running.c.counted_on <= asked.today + timedelta(days=asked.count(name)))
    return select(running).where(*conditions).subquery()


def _is_theirs(asked: _Asked, clock: Clock, running: Subquery) -> ColumnElement[bool]:
    if asked.whose is Whose.ALL:
        return true()
    if asked.whose is Whose.UNASSIGNED:
        return and_(running.c.owner_id.is_(None), false() if clock.shared else true())
    if clock.shared:
        return true() if asked.whose is Whose.MINE else false()
    return running.c.owner_id == asked.owner_id


def _last(asked: _Asked, name: ClockName, due: date) -> date:
    return last_counted(CLOCKS[name].unit, asked.count(name), due)


def _rows(session: Session, asked: _Asked, name: ClockName, after: _Place | None, limit: int) -> Iterable[Any]:
    """The first rows of one clock after a place, each behind its day and the clock's place in the order."""
    running = _narrowed(asked, name)
    statement: Select[*tuple[Any, ...]] = select(running)
    if after is not None:
        statement = statement.where(_is_after(asked, name, running, after))
    in_order = statement.order_by(running.c.counted_on, running.c.id).limit(limit)
    unit, count = CLOCKS[name].unit, asked.count(name)
    return [
        (due_on(unit, count, row.counted_on), _ORDER[name], name, row) for row in session.execute(in_order).all()
    ]


def _is_after(asked: _Asked, name: ClockName, running: Subquery, after: _Place) -> ColumnElement[bool]:
    """Due later; or on the same day by a clock further down, or further down the same clock."""
    due_later = running.c.counted_on > _last(asked, name, after.due)
    if _ORDER[name] > _ORDER[after.clock]:
        return running.c.counted_on > _last(asked, name, after.due - timedelta(days=1))
    if name is not after.clock:
        return due_later
    same = and_(running.c.counted_on == after.counted, running.c.id > after.id)
    return or_(running.c.counted_on > after.counted, same)


def _shown(session: Session, today: date, rows: Sequence[Any]) -> list[Due]:
    known = emails(session, {row.owner_id for *_, row in rows})
    return [_due(today, known, *row) for row in rows]


def _due(today: date, known: Mapping[UUID, str], due: date, _order: int, name: ClockName, row: Any) -> Due:
    clock = CLOCKS[name]
    path = clock.path.format(ref=row.ref, place=row.place)
    return Due(
        clock=name,
        title=clock.title,
        id=str(row.id),
        ref=row.ref,
        line=row.n,
        started_on=row.started_on,
        due_on=due,
        days=(due - today).days,
        overdue=due < today,
        responsible=known.get(row.owner_id),
        next=NextStep(do=clock.next_step, path=path),
    )


def emails(session: Session, ids: Iterable[UUID | None]) -> dict[UUID, str]:
    rows = session.execute(select(User.id, User.email).where(User.id.in_([each for each in ids if each]))).all()
    return {identity: email for identity, email in rows}  # noqa: C416


def _written(row: Any) -> str:
    due, _order, name, found = row
    values = [due.isoformat(), name.value, found.counted_on.isoformat(), str(found.id)]
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _read(cursor: str) -> _Place:
    try:
        due, name, counted_on, identity = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        place = _Place(date.fromisoformat(due), ClockName(name), date.fromisoformat(counted_on), UUID(identity))
        if not date(1900, 1, 1) < place.due < date(9990, 1, 1):
            raise ValueError
        return place
    except (ValueError, TypeError, AttributeError, binascii.Error, RecursionError):
        raise Invalid.field("cursor", "This cursor is not from this list; start again without one") from None
