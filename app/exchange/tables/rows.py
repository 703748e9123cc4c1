"""Rows of a table as recommendations: continued rows joined, headings left out, numbers found."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from app.exchange.tables.columns import REF, Layout
from app.exchange.tables.grid import Grid, Line

_SUB = re.compile(r"\s*[(（]?([a-zа-яأ-ي]|[ivx]{1,4}|[一二三四五六七八九十])[)）.]\s+(?=\S)", re.IGNORECASE)
_AT_START = re.compile(
    r"\s*(?:(?:recommendation|recommandation|recomendación|рекомендация|التوصية|建议|rec\.?|no\.?|n°|№)\s*)?"
    r"(\d{1,4}(?:\.\d{1,3})*(?:\s?[(（]?[a-z][)）]|\s?\([ivx]{1,4}\))?)[.)、:：\-–]*\s+(?=\S)",
    re.IGNORECASE,
)
_PREFIX = re.compile(
    r"^(?:recommendation|recommandation|recomendación|рекомендация|التوصية|建议|rec|no|nr|n°|nº|№|#)[.\s]*(?=\d)",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands: the table, counted from 1, its name, and the row as the document counts."""

    table: int
    row: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """What one column says of a row, under its heading."""

    heading: str
    text: str


@dataclass(slots=True)
class Recommendation:
    """One row. `number` is empty where the table gives it none."""

    place: Place
    number: str
    parts: dict[str, list[Part]] = field(default_factory=dict)
    headings: dict[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        return "\n".join(part.text for part in self.parts.get(name, ()) if part.text)

    def heading(self, name: str) -> str:
        """The heading of the column that says `name`, whether or not this row says it."""
        return self.headings.get(name, "")


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that is no recommendation, and why."""

    place: Place
    text: str
    reason: str


def recommendations(grid: Grid, table: int, layout: Layout) -> tuple[list[Recommendation], list[Skipped]]:
    """The recommendations of a table under a layout, and what was left out of it."""
    found: list[Recommendation] = []
    skipped: list[Skipped] = []
    for line in _below(grid, layout):
        place = Place(table, line.number, grid.name)
        if reason := _no_row(line, layout):
            skipped.append(Skipped(place, " ".join(dict.fromkeys(filter(None, line.texts)))[:200], reason))
            continue
        one = _read(line, place, layout)
        if _goes_on(one, line, layout, found):
            _join(found[-1], one)
        else:
            found.append(_numbered(one, line, layout, found))
    return found, skipped


def number_in_order(rows: Sequence[Recommendation]) -> list[Recommendation]:
    """Where no row has a number, the rows numbered from 1 in their order; else the rows as they are."""
    if any(row.number for row in rows):
        return list(rows)
    return [replace(row, number=str(n)) for n, row in enumerate(rows, start=1)]


def _below(grid: Grid, layout: Layout) -> Iterator[Line]:
    first = layout.header.number if layout.header else 0
    return (line for line in grid.lines if line.number > first and not line.is_blank)


def _no_row(line: Line, layout: Layout) -> str:
    """Why a line is no recommendation; empty where it is one."""
    if layout.header and _same(line.texts, layout.header.texts):
        return "the header again"
    said = {text for text in line.texts if text}
    spans = (
        len(line.cells) > 2 and len(said) == 1 and sum(cell.across for cell in line.cells) >= len(line.cells) - 1
    )
    numbers = layout.places("source_ref")
    only = [place for place, text in enumerate(line.texts) if text]
    alone = len(only) == 1 and only[0] in numbers and not REF.fullmatch(line.texts[only[0]])
    return "a heading" if spans or alone else ""


def _same(texts: Sequence[str], header: Sequence[str]) -> bool:
    return [text.casefold() for text in texts if text] == [text.casefold() for text in header if text]


def _read(line: Line, place: Place, layout: Layout) -> Recommendation:
    parts: dict[str, list[Part]] = {}
    for at, name in enumerate(layout.fields):
        if name and at < len(line.cells) and not line.cells[at].across and line.cells[at].text:
            parts.setdefault(name, []).append(Part(layout.heading(at), line.cells[at].text))
    headings = {name: layout.heading(layout.places(name)[0]) for name in layout.fields if name}
    one = Recommendation(place, "", parts, headings)
    one.number = _tidy(one.text("source_ref"))
    return one


def _tidy(number: str) -> str:
    """A number as it is cited: "Rec. 12(a)." is "12 (a)"."""
    text = _PREFIX.sub("", " ".join(number.split())).strip(" .:;,-–")
    if text.endswith(")") and "(" not in text:
        text = text.rstrip(")")
    return re.sub(r"(?<=\d)\s*\(", " (", text)


def _goes_on(one: Recommendation, line: Line, layout: Layout, found: Sequence[Recommendation]) -> bool:
    """Whether a row is the rest of the one above: its text is merged with that one's, or it has no number."""
    if not found:
        return False
    if _is_below(line, layout.places("description")):
        one.parts = {name: parts for name, parts in one.parts.items() if not _is_below(line, layout.places(name))}
        return True
    if one.number or not layout.places("source_ref"):
        return False
    text = one.text("description")
    return found[-1].number != "" and not _SUB.match(text) and not _AT_START.match(text)


def _is_below(line: Line, places: Sequence[int]) -> bool:
    return any(at < len(line.cells) and line.cells[at].below for at in places)


def _join(above: Recommendation, rest: Recommendation) -> None:
    for name, parts in rest.parts.items():
        above.parts.setdefault(name, []).extend(parts)


def _numbered(one: Recommendation, line: Line, layout: Layout, found: Sequence[Recommendation]) -> Recommendation:
    """The row with its number: its own, that at the beginning of its text, or a letter under the number above."""
    text = one.text("description")
    if not one.number and (start := _AT_START.match(text)):
        one.number = _tidy(start[1])
        return _without_start(one, start.end())
    above = _base(found[-1].number) if found else ""
    if letter := _SUB.match(text):
        base = one.number or above
        one.number = f"{base} ({letter[1].lower()})" if base else f"({letter[1].lower()})"
        return _without_start(one, letter.end())
    if one.number and _is_below(line, layout.places("source_ref")):
        same = sum(row.number == one.number or row.number.startswith(f"{one.number} [") for row in found)
        one.number = f"{one.number} [{same + 1}]" if same else one.number
    return one


def _base(number: str) -> str:
    """12 of 12 (a)."""
    return re.sub(r"\s*\([^()]*\)$", "", number)


def _without_start(one: Recommendation, length: int) -> Recommendation:
    first, *rest = one.parts["description"]
    one.parts["description"] = [Part(first.heading, first.text[length:].lstrip()), *rest]
    return one
