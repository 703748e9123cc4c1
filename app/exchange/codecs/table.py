"""What every codec reads: rows with the number under which their author finds them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from app.core.errors import Invalid

SURPLUS = "_extra_"  # names the cells of a row beyond its header, so that none is lost when it comes back


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `fault` says why it could not be read, and `column` where; `cells` then holds what could."""

    number: int
    cells: dict[str, Any]
    fault: str = ""
    column: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A file's rows. `columns` is empty for JSON lines, whose rows are documents, not cells of text."""

    columns: Sequence[str]
    rows: Sequence[Row]

    @property
    def is_documents(self) -> bool:
        return not self.columns


def of_cells(records: Iterable[tuple[int, Sequence[str]]]) -> Table:
    """Make a table of numbered records, whose first is the header. Blank records are left out.

    Raises Invalid without a header or rows, or when the header repeats a column.
    """
    filled = ((number, record) for number, record in records if any(cell.strip() for cell in record))
    _, header = next(filled, (0, ()))
    columns = [name.strip() for name in header]
    while columns and not columns[-1]:
        columns.pop()
    if not columns:
        raise Invalid("The file is empty: it needs a header row and below it one row a record")
    _check_header(columns)
    rows = [_row(number, columns, record) for number, record in filled]
    if not rows:
        raise Invalid("The file has a header and no rows")
    return Table(columns, rows)


def _check_header(columns: Sequence[str]) -> None:
    if "" in columns:
        raise Invalid(f"Column {columns.index('') + 1} of the header has no name")
    for place, name in enumerate(columns):
        if name in columns[:place]:
            raise Invalid(f"The header names the column {name[:60]!r} twice")


def _row(number: int, columns: Sequence[str], record: Sequence[str]) -> Row:
    """The cells by column. Those beyond the header get columns of their own, which make the row wrong."""
    cells = dict(zip(columns, record, strict=False))
    begun = 1 + sum(name.startswith(SURPLUS) for name in columns)
    surplus = enumerate(_up_to_last_filled(record[len(columns) :]), start=begun)
    cells |= {f"{SURPLUS}{n}": cell for n, cell in surplus}
    beyond = [name for name in cells if name.startswith(SURPLUS) and cells[name].strip()]
    if beyond:
        counted = f"The row has more cells than the header names ({', '.join(beyond)})"
        return Row(number, cells, f"{counted}: put quotes around text that holds the separator")
    if len(record) < len(columns):
        counted = f"The row has {len(record)} cells and the header {len(columns)}"
        return Row(number, cells, f"{counted}: put quotes around text that holds the separator")
    return Row(number, cells)


def _up_to_last_filled(cells: Sequence[str]) -> Sequence[str]:
    """A spreadsheet ends its rows with separators that say nothing."""
    filled = [place for place, cell in enumerate(cells, start=1) if cell.strip()]
    return cells[: filled[-1]] if filled else ()
