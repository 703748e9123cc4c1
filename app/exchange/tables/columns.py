"""Which column says what: recognized by its heading in six languages, or as an officer says."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from app.core.text import folded
from app.exchange.tables.grid import Grid, Line

FIELDS = (
    "source_ref", "title", "description", "provision", "priority", "institution", "existing_efforts", "wanted_by"
)  # fmt: skip
_HEADINGS = Path(__file__).with_name("headings.json")
_HEADER_WITHIN = 15
_NUMBERED = re.compile(r"(?<!\w)(?:no|nos|nr|number|n°|nº|№|numero|num|номер|رقم)(?!\w)|编号|序号")
_LONGEST_HEADING = 120
_A_TEXT = 40
REF = re.compile(r"\W*(?:[^\W\d]{1,5}\W{0,2})?\d{1,4}(?:\W{0,3}\w{1,4})?\W*|\W*[ivxIVX]{1,6}\W*|\W*[A-Za-z]\W*")


@dataclass(frozen=True, slots=True)
class Layout:
    """What each column of a table says: a field for each place, None where it is not taken.

    `header` is the line of the headings, None where the table has none.
    """

    fields: Sequence[str | None]
    header: Line | None = None

    @property
    def is_known(self) -> bool:
        return "description" in self.fields

    def places(self, field: str) -> list[int]:
        return [place for place, name in enumerate(self.fields) if name == field]

    def heading(self, place: int) -> str:
        texts = self.header.texts if self.header else ()
        return texts[place].replace("\n", " ") if place < len(texts) else ""


def guess(grid: Grid, before: Layout | None = None) -> Layout:
    """The layout of a table by its headings; without any, that of the table before it where it goes on from it."""
    candidates = [line for line in grid.lines if not line.is_blank][:_HEADER_WITHIN]
    best, score = Layout([None] * grid.width), 0
    for line in candidates:
        fields = _recognized(line, grid.width)
        count = sum(field is not None for field in fields)
        if "description" in fields and count > score:
            best, score = Layout(fields, line), count
    if score > 1 or (score == 1 and grid.width == 1):
        return best
    if before is not None and before.is_known and len(before.fields) == grid.width:
        return Layout(before.fields)
    return best if score else _without_headings(grid)


def with_fields(grid: Grid, fields: Sequence[str | None], guessed: Layout) -> Layout:
    """The layout that somebody says, with the header that was found."""
    said = [fields[place] if place < len(fields) else None for place in range(grid.width)]
    return Layout(said, guessed.header)


@cache
def known() -> Mapping[str, str]:
    """Field by folded heading."""
    listed = json.loads(_HEADINGS.read_text(encoding="utf-8"))["fields"]
    return {folded(heading): field for field, headings in listed.items() for heading in headings}


@cache
def priorities() -> Mapping[str, str]:
    """Priority by folded word."""
    listed = json.loads(_HEADINGS.read_text(encoding="utf-8"))["priorities"]
    return {folded(word): priority for priority, words in listed.items() for word in words}


def _recognized(line: Line, width: int) -> list[str | None]:
    """A field for each column, each field once: to the column whose heading says it most clearly."""
    found: list[tuple[int, int, str]] = []
    for place, cell in enumerate(line.cells):
        if not cell.across and cell.text and len(cell.text) <= _LONGEST_HEADING:
            found += [(-weight, place, field) for field, weight in _weighed(cell.text).items()]
    fields: list[str | None] = [None] * width
    for _, place, field in sorted(found):
        if field not in fields and fields[place] is None:
            fields[place] = field
    return fields


def _weighed(heading: str) -> dict[str, int]:
    """How clearly a heading says each field: whole, or by the longest phrase in it."""
    text = " ".join(re.sub(r"[().:*/]", " ", folded(heading)).split())
    if field := known().get(text) or known().get(folded(heading)):
        return {field: 1000}
    weights: dict[str, int] = {}
    for phrase, field in known().items():
        if len(phrase) > 1 and _holds(text, phrase):
            weights[field] = max(weights.get(field, 0), len(phrase))
    if _NUMBERED.search(text):
        weights["source_ref"] = 100
    return weights


def _holds(text: str, phrase: str) -> bool:
    if "\u4e00" <= phrase[0] <= "\u9fff":
        return phrase in text
    return re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text) is not None


def _without_headings(grid: Grid) -> Layout:
    """A plain list: the column of long texts, and before it one of numbers."""
    lines = [line.texts for line in grid.lines if not line.is_blank]
    lengths = [sum(len(row[place]) for row in lines if place < len(row)) for place in range(grid.width)]
    longest = lengths.index(max(lengths))
    fields: list[str | None] = [None] * grid.width
    if lengths[longest] < _A_TEXT * len(lines):
        return Layout(fields)
    first = [row[0] for row in lines if row and row[0]]
    if longest > 0 and first and all(REF.fullmatch(text) for text in first):
        fields[0] = "source_ref"
    if longest == 0 and grid.width > 1:
        return Layout(fields)
    if grid.width == 1 or fields[0]:
        fields[longest] = "description"
    return Layout(fields)
