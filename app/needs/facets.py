"""Counts beside the list: how many of the needs that the caller may see each choice of a filter would leave."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, case, literal
from sqlalchemy.orm import Session

from app.needs.filters import CODED, FULL_ONLY, Sight
from app.needs.models import Need, NeedRevision
from app.needs.schemas import Facets

FACETS = (*CODED, "priority", "status")
_FACET_OF = {field: name for name, field in CODED.items()}


def count(
    session: Session,
    seen: Select[*tuple[Any, ...]],
    sight: Sight,
    given: Mapping[str, ColumnElement[bool]],
) -> Facets:
    """Count choices over the needs in `seen`, each facet under all of `given` but its own filter.

    One statement: a row that fails a single filter still counts for that filter's own facet.
    """
    chosen = [name for name in given if name in FACETS]
    others = [condition for name, condition in given.items() if name not in FACETS]
    flags = [case((given[name], 1), else_=0) for name in chosen]
    full = literal(True) if sight.actor.is_cted else sight.is_full
    rows = seen.with_only_columns(
        NeedRevision.coded, NeedRevision.priority, Need.status, full, *(flag.label(None) for flag in flags)
    ).where(*others)
    if flags:
        rows = rows.where(sum(flags[1:], flags[0]) >= len(flags) - 1)
    return _sorted(_counted(session.execute(rows).all(), chosen))


def _counted(rows: Sequence[Row[*tuple[Any, ...]]], chosen: Sequence[str]) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {name: Counter() for name in FACETS}
    for alike, number in Counter(tuple(row) for row in rows).items():
        coded, priority, status, full, *flags = alike
        failed = [name for name, flag in zip(chosen, flags, strict=True) if not flag]
        if priority is not None:
            _add(counts, failed, "priority", priority.value, number)
        _add(counts, failed, "status", status.value, number)
        for item in coded.split():
            field, _, code = item.partition("=")
            name = _FACET_OF[field]
            if full or name not in FULL_ONLY:
                _add(counts, failed, name, code, number)
    return counts


def _add(counts: dict[str, Counter[str]], failed: Sequence[str], name: str, code: str, number: int) -> None:
    if not failed or failed == [name]:
        counts[name][code] += number


def _sorted(counts: Mapping[str, Counter[str]]) -> Facets:
    return {
        name: dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))
        for name, counted in counts.items()
    }
