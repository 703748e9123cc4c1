"""Take the rows of a file in, each by itself: the good ones are kept, the wrong ones come back to be mended."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.access.permissions import check
from app.core.actor import Actor
from app.core.errors import FieldError, Invalid
from app.core.rows import Refused, Writer, Written, write_each
from app.exchange import codecs, shapes
from app.exchange.codecs import SURPLUS, Row, Table
from app.exchange.exporting import WHOLE
from app.exchange.models import Format, ImportKind
from app.exchange.schemas import CellError
from app.exchange.shapes import Column
from app.exchange.writers import WRITES, writer_of
from app.programmes.service import Rules

MARKS = ("_row", "_column", "_value", "_reason")
_LONGEST_VALUE = 200


@dataclass(frozen=True, slots=True)
class Wrong:
    """A row that was refused, and why."""

    row: Row
    errors: Sequence[CellError]


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a file's rows."""

    table: Table
    written: Sequence[Written]
    wrong: Sequence[Wrong]

    def count(self, outcome: str) -> int:
        return sum(written.outcome == outcome for written in self.written)

    @property
    def errors(self) -> list[CellError]:
        return [error for wrong in self.wrong for error in wrong.errors]

    def refused_rows(self, form: Format) -> bytes | None:
        """The wrong rows as they came, each with what is wrong; None where none is."""
        if not self.wrong:
            return None
        columns = [name for name in self.table.columns if not name.startswith("_")]
        surplus = dict.fromkeys(
            name for wrong in self.wrong for name in wrong.row.cells if name.startswith(SURPLUS)
        )
        return codecs.write(form, [*columns, *surplus, *MARKS], map(_marked, self.wrong))


def import_file(
    session: Session,
    actor: Actor,
    kind: ImportKind,
    table: Table,
    dry_run: bool = False,
    rules: Rules = Rules(imported=True),
    only_new: bool = False,
) -> Report:
    """Write every row of `table` that is right; with `dry_run` try it and keep nothing.

    Raises NotPermitted for a kind that the actor may not write, Invalid for columns that are missing or unknown.
    """
    check(actor, WRITES[kind])
    writer = writer_of(session, actor, kind, rules, only_new)
    schema: type[BaseModel] = writer.schema
    columns = shapes.columns_of(schema)
    ignored = set(WHOLE[kind].model_fields) - set(schema.model_fields)
    if not table.is_documents:
        _check_columns(table.columns, schema, columns, ignored)
    documents = [_document(row, table, columns, ignored) for row in table.rows]
    savepoint = session.begin_nested()
    outcomes = _write(session, writer, documents, kind)
    if dry_run:
        savepoint.rollback()
    else:
        savepoint.commit()
    return _report(table, outcomes, columns)


def _document(row: Row, table: Table, columns: Sequence[Column], ignored: set[str]) -> dict[str, Any] | Refused:
    if row.fault:
        place = f"/{row.column.replace('.', '/')}"
        return Refused(422, row.fault, [FieldError(place, row.fault)] if row.column else ())
    cells = {name: cell for name, cell in row.cells.items() if not _is_ignored(name, ignored)}
    return cells if table.is_documents else shapes.nested(columns, cells)


def _is_ignored(name: str, ignored: set[str]) -> bool:
    """Marks of an earlier refusal, and what an export says beyond what can be written."""
    return name.startswith("_") or name.partition(".")[0] in ignored


def _check_columns(
    named: Sequence[str], schema: type[BaseModel], columns: Sequence[Column], ignored: set[str]
) -> None:
    known = {column.path for column in columns} | {column.path.partition(".")[0] for column in columns}
    present = {name.partition(".")[0] for name in named}
    errors = [
        FieldError(name, f"There is no column {name[:60]!r}{_nearest(name, known)}")
        for name in named
        if name not in known and not _is_ignored(name, ignored)
    ]
    errors += [
        FieldError(name, f"The column {name!r} is missing{_dotted(name, columns)}")
        for name, field in schema.model_fields.items()
        if field.is_required() and name not in present
    ]
    if errors:
        raise Invalid(errors[0].message, errors)


def _nearest(name: str, known: set[str]) -> str:
    near = get_close_matches(name[:60], known, n=3)
    return f"; the nearest: {', '.join(near)}" if near else ""


def _dotted(name: str, columns: Sequence[Column]) -> str:
    parts = [column.path for column in columns if column.path.startswith(f"{name}.")]
    return f": give one or more of {', '.join(parts)}" if parts else ""


def _write(
    session: Session, writer: Writer[Any], documents: Sequence[Any], kind: ImportKind
) -> list[Written | Refused]:
    """Write in the file's order, but an organization after the one that it belongs to."""
    order = _parents_first(documents) if kind is ImportKind.ORGANIZATIONS else list(range(len(documents)))
    outcomes = write_each(session, writer, [documents[place] for place in order])
    by_place = dict(zip(order, outcomes, strict=True))
    return [by_place[place] for place in range(len(documents))]


def _parents_first(documents: Sequence[Any]) -> list[int]:
    rows = [document if isinstance(document, Mapping) else {} for document in documents]
    place_of = {str(row.get("ref")): place for place, row in enumerate(rows)}
    order: dict[int, None] = {}
    for place in range(len(rows)):
        order.update(dict.fromkeys(reversed(list(_line_up(place, rows, place_of)))))
    return list(order)


def _line_up(place: int, rows: Sequence[Mapping[str, Any]], place_of: Mapping[str, int]) -> Iterator[int]:
    """A row, the row of its parent, and so on; a circle ends where it closes."""
    seen: set[int] = set()
    above: int | None = place
    while above is not None and above not in seen:
        seen.add(above)
        yield above
        above = place_of.get(str(rows[above].get("parent")))


def _report(table: Table, outcomes: Sequence[Written | Refused], columns: Sequence[Column]) -> Report:
    written = [outcome for outcome in outcomes if isinstance(outcome, Written)]
    wrong = [
        Wrong(row, _cell_errors(row, outcome, columns, table))
        for row, outcome in zip(table.rows, outcomes, strict=True)
        if isinstance(outcome, Refused)
    ]
    return Report(table, written, wrong)


def _cell_errors(row: Row, refused: Refused, columns: Sequence[Column], table: Table) -> list[CellError]:
    if not refused.errors:
        return [
            CellError(row=row.number, column="", value=_said(row.cells.get("_line", "")), reason=refused.detail)
        ]
    return [_cell_error(row, error, columns, table) for error in refused.errors]


def _cell_error(row: Row, error: FieldError, columns: Sequence[Column], table: Table) -> CellError:
    path = [part for part in error.pointer.split("/") if part]
    name = _column_at(path, [column.path for column in columns])
    value: Any = row.cells
    for part in [name] if not table.is_documents else path:
        value = _inside(value, part)
    said = _said(value) or _said(row.cells.get("_line", ""))
    return CellError(row=row.number, column=name, value=said, reason=error.message)


def _column_at(path: Sequence[str], names: Sequence[str]) -> str:
    """The column in which a field stands: the longest part of its path that is one."""
    dotted = [".".join(path[: n + 1]) for n in range(len(path))]
    return next((name for name in reversed(dotted) if name in names), dotted[0] if dotted else "")


def _inside(value: Any, part: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(part, "")
    if isinstance(value, list) and part.isdecimal() and int(part) < len(value):
        return value[int(part)]
    return ""


def _said(value: Any) -> str:
    """A value as a short text that can be stored and shown whatever it holds."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    storable = text[:_LONGEST_VALUE].replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode()
    return "" if text in ("null", "{}") else storable


def _marked(wrong: Wrong) -> dict[str, Any]:
    errors = wrong.errors
    marks = {
        "_row": wrong.row.number,
        "_column": "; ".join(dict.fromkeys(error.column for error in errors if error.column)),
        "_value": "; ".join(error.value for error in errors),
        "_reason": "; ".join(error.reason for error in errors),
    }
    return {name: cell for name, cell in wrong.row.cells.items() if _is_kept(name)} | marks


def _is_kept(name: str) -> bool:
    """Whether a cell comes back with its row: marks of an earlier refusal do not."""
    return not name.startswith("_") or name.startswith(SURPLUS)
