"""Excel workbooks: the first sheet, every cell as text; a cell whose value is not there makes its row wrong."""

import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, ZipError
from xlsxwriter import Workbook

from app.core.errors import Invalid
from app.exchange.codecs import extent
from app.exchange.codecs.formulas import Unread, unread_cells
from app.exchange.codecs.table import Row, Table, of_cells

LONGEST_CELL = 32_767
_LARGEST = 300_000_000  # bytes unpacked: a small file can unpack to more than there is memory
_NO_WORKBOOK = "The file is not an Excel workbook (.xlsx)"


def read(content: bytes) -> Table:
    """Return the first sheet's cells as text. Raises Invalid for what is no workbook."""
    unread = _unread(content)
    try:
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
        records = sheet.to_python(skip_empty_area=False)
    except (CalamineError, ZipError, IndexError, OSError) as error:
        raise Invalid(f"{_NO_WORKBOOK}: {error}") from None
    table = of_cells(_records(records, unread))
    return Table(table.columns, [_judged(row, unread.get(row.number, ())) for row in table.rows])


def write(
    columns: Sequence[str], rows: Iterable[Mapping[str, Any]], about: Sequence[tuple[str, str]] = ()
) -> bytes:
    """Return a workbook. Text stays text: nothing becomes a formula, a link or a number.

    `about`, where it is given, stands in a second sheet, which is not read.
    """
    target = io.BytesIO()
    workbook = Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = workbook.add_worksheet()
    sheet.freeze_panes(1, 0)
    sheet.write_row(0, 0, columns, workbook.add_format({"bold": True}))
    for number, row in enumerate(rows, start=1):
        for place, name in enumerate(columns):
            _write(sheet, number, place, row.get(name))
    if about:
        _tell(workbook.add_worksheet("About"), about)
    workbook.close()
    return target.getvalue()


def _tell(sheet: Any, about: Sequence[tuple[str, str]]) -> None:
    sheet.set_column(0, 1, 20)
    for number, pair in enumerate(about):
        for place, text in enumerate(pair):
            _write(sheet, number, place, text)


def _write(sheet: Any, number: int, place: int, value: Any) -> None:
    if value is None or value == "":
        return
    if isinstance(value, bool):
        sheet.write_boolean(number, place, value)
    elif isinstance(value, (int, float)) and abs(value) < 1e15:
        sheet.write_number(number, place, value)
    else:
        text = str(value)
        if len(text) > LONGEST_CELL:
            raise Invalid(f"A cell holds {len(text)} characters, more than a workbook can; use csv or jsonl")
        sheet.write_string(number, place, text.encode("utf-8", "replace").decode())


def _unread(content: bytes) -> dict[int, list[Unread]]:
    """By row, the cells whose value is not there. Raises Invalid for what is no workbook, or too large."""
    found: dict[int, list[Unread]] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _LARGEST:
                raise Invalid("The workbook is too large; send it in parts, or as csv")
            extent.check(archive)
            for cell in unread_cells(archive):
                found.setdefault(cell.row, []).append(cell)
    except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, RuntimeError):
        raise Invalid(_NO_WORKBOOK if content else "The file is empty") from None
    return found


def _records(
    records: Sequence[Sequence[Any]], unread: Mapping[int, Sequence[Unread]]
) -> Iterator[tuple[int, list[str]]]:
    """Numbered rows of text. An unread cell says what it holds, so that its row is not taken for blank."""
    for number in [*range(1, len(records) + 1), *sorted(row for row in unread if row > len(records))]:
        cells = [text_of(cell) for cell in records[number - 1]] if number <= len(records) else []
        for one in unread.get(number, ()):
            cells += [""] * (one.column - len(cells))
            cells[one.column - 1] = one.content
        yield number, cells


def _judged(row: Row, unread: Sequence[Unread]) -> Row:
    """A row with such cells is wrong, and says which and what to do."""
    if not unread or row.fault:
        return row
    columns = list(row.cells)
    told = "; ".join(f"The cell {one.address} {one.advice}" for one in unread)
    return replace(row, fault=told, column=columns[min(unread[0].column, len(columns)) - 1])


def text_of(cell: Any) -> str:
    """A cell's value as text: whole numbers without a point, days as JSON writes them."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime) and cell.time() == time(0):
        return cell.date().isoformat()
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    return "" if cell is None or isinstance(cell, timedelta) else str(cell)
