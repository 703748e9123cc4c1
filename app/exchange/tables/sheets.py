"""The tables of an Excel workbook: one a sheet that is shown, merged cells filled in."""

import io
import zipfile
import zlib
from collections.abc import Sequence
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetVisibleEnum, ZipError

from app.core.errors import Invalid
from app.exchange.codecs import extent
from app.exchange.codecs.workbook import text_of
from app.exchange.tables.grid import MOST_COLUMNS, MOST_ROWS, Cell, Grid, Line, bounded, tidy


def read(content: bytes) -> list[Grid]:
    """Return the sheets of a workbook. Raises Invalid for what is none, or too large."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            extent.check(archive)
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        return bounded([_grid(workbook, place) for place in _shown(workbook)])
    except (CalamineError, ZipError, IndexError, OSError, zipfile.BadZipFile, zlib.error, ValueError) as error:
        raise Invalid(f"The file is not an Excel workbook that can be read ({error}); save it anew") from None


def _shown(workbook: CalamineWorkbook) -> list[int]:
    metadata = workbook.sheets_metadata
    return [place for place, sheet in enumerate(metadata) if sheet.visible == SheetVisibleEnum.Visible]


def _grid(workbook: CalamineWorkbook, place: int) -> Grid:
    sheet = workbook.get_sheet_by_index(place)
    rows = sheet.to_python(skip_empty_area=False, nrows=10 * MOST_ROWS)
    cells = [[Cell(tidy(text_of(value))) for value in row[: MOST_COLUMNS + 1]] for row in rows]
    _fill(cells, sheet)
    return Grid(sheet.name, [Line(n, _trimmed(row)) for n, row in enumerate(cells, start=1)])


def _fill(cells: list[list[Cell]], sheet: CalamineSheet) -> None:
    """Put the text of each merged cell into all of its places."""
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        if top >= len(cells) or left >= len(cells[top]):
            continue
        text = cells[top][left].text
        for row in range(top, min(bottom + 1, len(cells))):
            for column in range(left, min(right + 1, len(cells[row]))):
                cells[row][column] = Cell(text, across=column > left, below=row > top)


def _trimmed(row: Sequence[Any]) -> list[Cell]:
    """Without the empty cells at its end."""
    filled = [place for place, cell in enumerate(row, start=1) if cell.text]
    return list(row[: filled[-1]]) if filled else []
