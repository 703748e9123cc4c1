"""Counts beside the list: how many of the needs that the caller may see each choice of a filter would leave."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, String, case, func, literal, type_coerce
from sqlalchemy.orm import Session

from app.needs.filters import CODED, FULL_ONLY, Sight
from app.needs.models import Need, NeedRevision
from app.needs.schemas import Facets

FACETS = (*CODED, "priority", "status")
_FACET_OF = {**{field: name for name, field in CODED.items()}, "priority": "priority", "status": "status"}


def count(
    session: Session,
    seen: Select[*tuple[Any, ...]],
    sight: Sight,
    given: Mapping[str, ColumnElement[bool]],
) -> tuple[Facets, int]:
    """Count choices over the needs in `seen`, each facet under all of `given` but its own filter; and the needs.

    One statement: a row that fails a single filter still counts for that filter's own facet.
    """
    chosen = [name for name in given if name in FACETS]
    others = [condition for name, condition in given.items() if name not in FACETS]
    flags = [case((given[name], 1), else_=0) for name in chosen]
    full = literal(1) if sight.actor.is_cted else case((sight.is_full, 1), else_=0)
    rows = seen.with_only_columns(_said(), full, *(flag.label(None) for flag in flags)).where(*others)
    if flags:
        rows = rows.where(sum(flags[1:], flags[0]) >= len(flags) - 1)
    # Rows of plain text, straight from the database: 100,000 of them made into objects would take a second.
    return _counted(session.connection().execute(rows).all(), chosen)


def _said() -> ColumnElement[str]:
    """All that is counted of a need, in one line."""
    priority = func.coalesce(type_coerce(NeedRevision.priority, String), "")
    return NeedRevision.coded + " priority=" + priority + " status=" + type_coerce(Need.status, String)


def _counted(rows: Sequence[Row[*tuple[Any, ...]]], chosen: Sequence[str]) -> tuple[Facets, int]:
    counts: dict[str, Counter[str]] = {name: Counter() for name in FACETS}
    total = 0
    for (said, full, *flags), number in Counter(map(tuple, rows)).items():
        failed = [name for name, flag in zip(chosen, flags, strict=True) if not flag]
        total += 0 if failed else number
        for item in said.split():
            field, _, code = item.partition("=")
            name = _FACET_OF[field]
            if code and (full or name not in FULL_ONLY) and (not failed or failed == [name]):
                counts[name][code] += number
    return _sorted(counts), total


def _sorted(counts: Mapping[str, Counter[str]]) -> Facets:
    return {
        name: dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))
        for name, counted in counts.items()
    }
