"""Bytes to rows and back, for each format. A codec knows nothing of what the rows mean."""

from collections.abc import Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any

from app.exchange.codecs import delimited, lines, workbook
from app.exchange.codecs.table import SURPLUS, Row, Table
from app.exchange.models import Format

__all__ = ["CONTENT_TYPES", "SURPLUS", "Row", "Table", "read", "write"]

_CODECS: Mapping[Format, ModuleType] = {
    Format.CSV: delimited,
    Format.JSONL: lines,
    Format.XLSX: workbook,
}
CONTENT_TYPES = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.JSONL: "application/jsonl",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def read(form: Format, content: bytes) -> Table:
    """Return the rows of a file. Raises Invalid for one that is empty or is not of this format."""
    table: Table = _CODECS[form].read(content)
    return table


def write(
    form: Format,
    columns: Sequence[str],
    rows: Iterable[Mapping[str, Any]],
    about: Sequence[tuple[str, str]] = (),
) -> bytes:
    """Return a file of `rows`: cells of `columns`, or for JSON lines whole documents.

    `about` says what the file is, in the one format that has a place for it: a workbook.
    """
    if form is Format.XLSX:
        return workbook.write(columns, rows, about)
    content: bytes = _CODECS[form].write(columns, rows)
    return content
