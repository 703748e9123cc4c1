"""A table as it stands in a document: rows of cells, where a merged cell's text is in each of its places."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.core.errors import Invalid

MOST_ROWS = 2_000
MOST_COLUMNS = 60
MOST_TABLES = 100
MOST_CHARACTERS = 3_000_000


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell's text; `across` and `below` say that it only repeats the cell to its left, or above it."""

    text: str
    across: bool = False
    below: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One row, with the number under which its author finds it in the table."""

    number: int
    cells: Sequence[Cell]

    @property
    def texts(self) -> list[str]:
        return [cell.text for cell in self.cells]

    @property
    def is_blank(self) -> bool:
        return not any(text for text in self.texts)


@dataclass(frozen=True, slots=True)
class Grid:
    """One table. `name` says which, where its document has names for them (the sheet)."""

    name: str
    lines: Sequence[Line]

    @property
    def width(self) -> int:
        return max((len(line.cells) for line in self.lines), default=0)


def of_texts(name: str, rows: Iterable[Sequence[str]]) -> Grid:
    """A grid of plain texts, numbered from 1."""
    return Grid(name, [Line(n, [Cell(tidy(text)) for text in row]) for n, row in enumerate(rows, start=1)])


def tidy(text: str) -> str:
    """A cell's text with plain spaces, and without blank lines."""
    lines = (" ".join(line.replace("\u00a0", " ").split()) for line in text.replace("\r", "\n").split("\n"))
    return "\n".join(line for line in lines if line)


def bounded(grids: Sequence[Grid]) -> list[Grid]:
    """The tables that have anything in them. Raises Invalid where there is none, or more than can be taken."""
    filled = [grid for grid in grids if any(not line.is_blank for line in grid.lines)]
    if not filled:
        raise Invalid("There is no table in it: send a table with one recommendation a row")
    if len(filled) > MOST_TABLES:
        raise Invalid(f"There are {len(filled)} tables; send at most {MOST_TABLES} at a time")
    if sum(not line.is_blank for grid in filled for line in grid.lines) > MOST_ROWS:
        raise Invalid(f"There are more than {MOST_ROWS} rows; send the table in parts")
    if max(grid.width for grid in filled) > MOST_COLUMNS:
        raise Invalid(f"A table has more than {MOST_COLUMNS} columns; send the columns that are about the needs")
    if sum(len(text) for grid in filled for line in grid.lines for text in line.texts) > MOST_CHARACTERS:
        raise Invalid("There is more text than can be taken at once; send the table in parts")
    return filled
