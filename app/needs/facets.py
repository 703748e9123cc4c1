"""Counts beside the list: how many of the needs that the caller may see each choice of a filter would leave."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.needs.filters import CODED, FULL_ONLY, Sight
from app.needs.models import Need, NeedCode, NeedRevision
from app.needs.schemas import Facets

_COLUMNS: Mapping[str, InstrumentedAttribute[Any]] = {
    "priority": NeedRevision.priority,
    "status": Need.status,
}


def count(
    session: Session,
    seen: Select[*tuple[Any, ...]],
    sight: Sight,
    given: Mapping[str, ColumnElement[bool]],
) -> Facets:
    """Count choices over the needs in `seen`, each facet under all of `given` but its own filter."""
    facets: Facets = {name: {} for name in (*CODED, *_COLUMNS)}
    for names, where in _rounds(sight, given):
        fields = {CODED[name]: name for name in names}
        for field, code, found in session.execute(_of_codes(seen, where, fields)):
            facets[fields[field]][code] = found
    for name, column in _COLUMNS.items():
        rows = seen.with_only_columns(column, func.count()).where(*_others(given, name)).group_by(column)
        facets[name] = {value.value: found for value, found in session.execute(rows) if value is not None}
    return {name: dict(sorted(counts.items(), key=_most_first)) for name, counts in facets.items()}


def _rounds(
    sight: Sight, given: Mapping[str, ColumnElement[bool]]
) -> Iterable[tuple[list[str], list[ColumnElement[bool]]]]:
    """Facets that are counted under the same conditions, together: those without a choice, and each with one."""
    for restricted in (False, True):
        names = [name for name in CODED if (name in FULL_ONLY) == restricted]
        full = [sight.is_full] if restricted and not sight.actor.is_cted else []
        if unchosen := [name for name in names if name not in given]:
            yield unchosen, [*given.values(), *full]
        for name in names:
            if name in given:
                yield [name], [*_others(given, name), *full]


def _of_codes(
    seen: Select[*tuple[Any, ...]], where: list[ColumnElement[bool]], fields: Iterable[str]
) -> Select[*tuple[Any, ...]]:
    revisions = seen.with_only_columns(NeedRevision.id).where(*where)
    held = and_(NeedCode.field.in_(list(fields)), NeedCode.revision_id.in_(revisions))
    return select(NeedCode.field, NeedCode.code, func.count()).where(held).group_by(NeedCode.field, NeedCode.code)


def _others(given: Mapping[str, ColumnElement[bool]], name: str) -> list[ColumnElement[bool]]:
    return [condition for other, condition in given.items() if other != name]


def _most_first(counted: tuple[str, int]) -> tuple[int, str]:
    return -counted[1], counted[0]
