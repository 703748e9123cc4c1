"""Tables written as text and read back: a page carries what was sent until the officer has said what it means."""

import json
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from app.core.errors import Invalid
from app.exchange.tables.grid import Cell, Grid, Line, bounded

_LONGEST = 12_000_000


class _Kept(BaseModel):
    model_config = ConfigDict(strict=True)

    name: str
    lines: list[tuple[int, list[tuple[str, bool, bool]]]]


def write(grids: Sequence[Grid]) -> str:
    """Return tables as text."""
    return json.dumps([_plain(grid) for grid in grids], ensure_ascii=False, separators=(",", ":"))


def read(text: str) -> list[Grid]:
    """Return the tables that `write` wrote. Raises Invalid for anything else."""
    try:
        listed = json.loads(text) if len(text) < _LONGEST else None
        kept = [_Kept.model_validate_json(json.dumps(one)) for one in listed or ()]
    except (ValueError, TypeError, RecursionError, ValidationError):
        raise Invalid("The table was not sent whole; paste it, or choose the file, once more") from None
    return bounded([Grid(one.name, [_line(number, cells) for number, cells in one.lines]) for one in kept])


def _plain(grid: Grid) -> dict[str, Any]:
    lines = [[line.number, [[cell.text, cell.across, cell.below] for cell in line.cells]] for line in grid.lines]
    return {"name": grid.name, "lines": lines}


def _line(number: int, cells: Sequence[tuple[str, bool, bool]]) -> Line:
    return Line(number, [Cell(text, across, below) for text, across, below in cells])
