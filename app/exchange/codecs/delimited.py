"""CSV with commas, semicolons or tabs and any byte order mark; written so that no spreadsheet computes it."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from app.core.errors import Invalid
from app.exchange.codecs.table import Table, of_cells

_SEPARATORS = (",", ";", "\t")
# A spreadsheet takes a cell that begins so for a formula; quotes before it are kept apart by one more.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")
csv.field_size_limit(100_000_000)  # a cell that is too long is its field's to refuse, with the row's number


def read(content: bytes) -> Table:
    """Return the cells of a CSV file as text. Raises Invalid naming the line that cannot be read."""
    text = _decoded(content)
    separator = _separator(text)
    return of_cells(_records(text, separator))


def write(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Return the rows as CSV in UTF-8 with a byte order mark, by which spreadsheets know it."""
    target = io.StringIO(newline="")
    writer = csv.writer(target)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([guarded(_text(row.get(name))) for name in columns])
    return target.getvalue().encode("utf-8-sig", "replace")


def guarded(cell: str) -> str:
    """Put a quote before what a spreadsheet would compute."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """Take the quote away again."""
    return cell[1:] if _GUARDED.match(cell) else cell


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Invalid("The file is in UTF-16; save it as CSV in UTF-8")
    if content.startswith(b"PK\x03\x04"):
        raise Invalid("The file is a workbook and not CSV; say that its format is xlsx")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        said = f"Line {line} is not in UTF-8 (byte 0x{content[error.start]:02X}); save the file as CSV in UTF-8"
        raise Invalid(said) from None


def _separator(text: str) -> str:
    """The separator that cuts the header into most columns."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    return max(_SEPARATORS, key=lambda separator: len(next(csv.reader([header], delimiter=separator), [])))


def _records(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for number, record in enumerate(reader, start=1):
            yield number, [unguarded(cell) for cell in record]
    except csv.Error as error:
        raise Invalid(f"Line {reader.line_num} is not CSV: {error}; look for a quote that is not closed") from None


def _text(value: Any) -> str:
    return "" if value is None else str(value)
