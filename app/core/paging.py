"""Keyset paging: a page is found by the last row of the one before, so that it costs the same at any depth."""

import base64
import binascii
import enum
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from fastapi import Depends, Query, Response
from pydantic import BaseModel
from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select
from sqlalchemy.orm import QueryableAttribute, Session

from app.core.errors import Invalid
from app.core.fields import in_calendar, is_storable

T = TypeVar("T")
_PARSERS: dict[type, Any] = {datetime: datetime.fromisoformat, date: date.fromisoformat, UUID: UUID}


@dataclass(frozen=True, slots=True)
class Paging:
    limit: int = 50
    cursor: str | None = None
    count: bool = False


def _paging(
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
    count: bool = False,
) -> Paging:
    return Paging(limit, cursor, count)


PagingDep = Annotated[Paging, Depends(_paging)]


class Page(BaseModel, Generic[T]):
    """A page of a list: `next` is the cursor of the following one, `total` is there when asked for."""

    items: list[T]
    next: str | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """One column of an order. The last key of an order must be unique; none may be NULL."""

    column: ColumnElement[Any] | QueryableAttribute[Any]
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """Rows of one page, as the statement selects them."""

    rows: Sequence[Row[*tuple[Any, ...]]]
    next: str | None
    total: int | None


def paginate(session: Session, statement: Select[*tuple[Any, ...]], order: Sequence[Key], paging: Paging) -> Found:
    """Run `statement` in `order` for one page.

    Raises Invalid when the cursor was not made by this list. `Found.rows` are the statement's own columns.
    """
    total = session.scalar(select(func.count()).select_from(statement.subquery())) if paging.count else None
    page = statement.add_columns(*(key.column.label(f"_key{n}") for n, key in enumerate(order)))
    if paging.cursor:
        page = page.where(_after(order, _decode(paging.cursor, order)))
    page = page.order_by(*(key.column.desc() if key.descending else key.column.asc() for key in order))
    rows = session.execute(page.limit(paging.limit + 1)).unique().all()
    kept = rows[: paging.limit]
    more = len(rows) > paging.limit
    return Found(kept, _encode(kept[-1], order) if more else None, total)


def set_link(response: Response, path: str, found: Found) -> None:
    """Add the Link header that names the next page."""
    if found.next:
        response.headers["Link"] = f'<{path}cursor={found.next}>; rel="next"'


def _after(order: Sequence[Key], values: Sequence[Any]) -> ColumnElement[bool]:
    """(a, b) after (x, y): a past x, or a equal to x and b past y; each key in its own direction."""
    choices = []
    for n, key in enumerate(order):
        past = key.column < values[n] if key.descending else key.column > values[n]
        choices.append(and_(*(order[m].column == values[m] for m in range(n)), past))
    return or_(*choices)


def _encode(row: Row[Any], order: Sequence[Key]) -> str:
    values = [getattr(row, f"_key{n}") for n in range(len(order))]
    return base64.urlsafe_b64encode(json.dumps(values, default=str).encode()).decode().rstrip("=")


def _decode(cursor: str, order: Sequence[Key]) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(values, list) or len(values) != len(order):
            raise ValueError
        return [_typed(value, key.column) for value, key in zip(values, order, strict=True)]
    except (ValueError, TypeError, AttributeError, binascii.Error, RecursionError):
        raise Invalid.field("cursor", "This cursor is not from this list; start again without one") from None


def _typed(value: Any, column: ColumnElement[Any] | QueryableAttribute[Any]) -> Any:
    wanted = column.type.python_type
    parse = wanted if issubclass(wanted, enum.Enum) else _PARSERS.get(wanted)
    parsed = parse(value) if parse else value
    if not isinstance(parsed, (wanted, float if wanted is int else wanted)) or not _is_askable(parsed):
        raise TypeError
    return parsed


def _is_askable(value: Any) -> bool:
    """Whether every database can compare with `value`: a cursor may have been made by hand."""
    if isinstance(value, str):
        return is_storable(value)
    if isinstance(value, (int, float)):
        return not isinstance(value, bool) and -(2**63) <= value < 2**63
    return not isinstance(value, datetime) or in_calendar(value).tzinfo is not None
