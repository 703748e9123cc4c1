"""Programmes that may do the same work twice: compared by the matcher, a portion at a time. Officers alone."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, false
from sqlalchemy.orm import Session, joinedload

from app.core.actor import Actor
from app.core.paging import Found, Key, Paging, paginate
from app.pairings.overlap import OVERLAP, Overlap, overlaps
from app.pairings.ranking import Ranking
from app.portfolio.schemas import OverlapList, OverlapOut, Overlaps, OverlapSide, SharedOut
from app.programmes import queries as programmes
from app.programmes.models import Programme, ProgrammeCode, ProgrammeKind
from app.vocabularies.queries import check_codes


def listed(session: Session, actor: Actor, ranking: Ranking, wanted: OverlapList) -> tuple[Overlaps, Found]:
    """What overlaps with the next programmes of a portion, or with the one that is asked for.

    Each pair is told once, with the newer programme first: a page compares at most `limit` programmes with all.
    Raises NotFound for a programme, Invalid for a theme, that does not exist.
    """
    check_codes(session, "theme", wanted.theme, "theme")
    statement = _programmes(actor, wanted)
    if wanted.programme:
        asked = programmes.get(session, actor, wanted.programme)
        statement = statement.where(Programme.id == asked.id)
    order = [Key(Programme.created_at, descending=True), Key(Programme.id, descending=True)]
    found = paginate(session, statement, order, Paging(wanted.limit, wanted.cursor))
    looked_at = [row.Programme for row in found.rows]
    index = ranking.current(session)
    pairs = overlaps(index, [programme.id for programme in looked_at])
    sides = _sides(session, actor, pairs)
    told = [
        _shown(pair, sides, index.model.name)
        for pair in pairs
        if _is_told(pair, sides, wanted) and (not wanted.theme or set(wanted.theme) & set(pair.themes))
    ]
    return Overlaps(items=told, looked_at=len(looked_at), floor=OVERLAP, next=found.next), found


def _programmes(actor: Actor, wanted: OverlapList) -> Select[Programme]:
    """The live programmes whose pairs are looked for, by theme where one is asked for."""
    day = programmes.today()
    statement = programmes.visible(actor, day).where(programmes.is_live(day), Programme.kind != ProgrammeKind.FUND)
    if not actor.is_cted:
        return statement.where(false())
    themes = (ProgrammeCode.field == "themes") & ProgrammeCode.code.in_(wanted.theme)
    return statement.where(Programme.codes.any(themes)) if wanted.theme else statement


def _sides(session: Session, actor: Actor, pairs: Sequence[Overlap]) -> dict[UUID, Programme]:
    """The programmes of all pairs, in one statement."""
    ids = {key for pair in pairs for key in (pair.one, pair.other)}
    day = programmes.today()
    live = programmes.visible(actor, day).where(Programme.id.in_(ids), programmes.is_live(day))
    return {each.id: each for each in session.scalars(live.options(joinedload(Programme.organization)))}


def _is_told(pair: Overlap, sides: dict[UUID, Programme], wanted: OverlapList) -> bool:
    if pair.one not in sides or pair.other not in sides:
        return False
    one, other = sides[pair.one], sides[pair.other]
    return bool(wanted.programme) or (other.created_at, other.id) < (one.created_at, one.id)


def _shown(pair: Overlap, sides: dict[UUID, Programme], model: str) -> OverlapOut:
    return OverlapOut(
        one=_side(sides[pair.one]),
        other=_side(sides[pair.other]),
        score=pair.score,
        themes=list(pair.themes),
        starts_on=pair.starts_on,
        ends_on=pair.ends_on,
        shared=[SharedOut.model_validate(part) for part in pair.shared],
        model=model,
    )


def _side(programme: Programme) -> OverlapSide:
    return OverlapSide(
        ref=programme.ref,
        title=programme.title,
        language=programme.language,
        organization=programme.organization.ref,
        starts_on=programme.actual_starts_on or programme.starts_on,
        ends_on=programme.actual_ends_on or programme.ends_on,
    )
