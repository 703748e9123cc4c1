"""A table that was pasted as text: HTML, cells between tabs or bars, CSV, or a list with one item a line."""

import csv
import io
import re
from collections.abc import Iterator, Sequence

from lxml import etree, html

from app.core.errors import Invalid
from app.exchange.tables.grid import Cell, Grid, Line, bounded, of_texts, tidy

_TABLE = re.compile(r"<table[\s>]", re.IGNORECASE)
_RULE = re.compile(r"[\s|:+=-]+")
_NUMBER = re.compile(r"\W*(?:\w{1,4}\.?\s*)?\d{1,4}\b.{0,8}")
_MOST_SPAN = 60
_LONGEST = 2_500_000
_SEPARATORS = (",", ";")


def read(text: str) -> list[Grid]:
    """Return the tables of a pasted text. Raises Invalid for one that has none, or is too long."""
    if len(text) > _LONGEST:
        raise Invalid(f"The text has more than {_LONGEST} characters; paste the table alone, or in parts")
    if _TABLE.search(text):
        return bounded(list(_html(text)))
    return bounded([of_texts("", _rows(text))])


def _html(text: str) -> Iterator[Grid]:
    try:
        document = html.fromstring(text, parser=html.HTMLParser(no_network=True, recover=True))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        raise Invalid("The HTML cannot be read; paste the table as text") from None
    for number, table in enumerate(document.iter("table"), start=1):
        yield Grid(f"table {number}", _html_lines(table))


def _html_lines(table: html.HtmlElement) -> list[Line]:
    """The rows with spans filled in: a cell that goes on to the right or below stands in each place."""
    lines: list[Line] = []
    pending: dict[int, tuple[int, Cell]] = {}
    rows = table.xpath("./tr | ./thead/tr | ./tbody/tr | ./tfoot/tr")
    for number, row in enumerate(rows, start=1):
        cells: list[Cell] = []
        for source in row.xpath("./td | ./th"):
            _take_from_above(cells, pending)
            across, down = _span(source, "colspan"), _span(source, "rowspan")
            text = tidy("\n".join(source.itertext()) if _has_blocks(source) else source.text_content())
            for place in range(across):
                if down > 1:
                    pending[len(cells)] = (down - 1, Cell(text, across=place > 0, below=True))
                cells.append(Cell(text, across=place > 0))
        _take_from_above(cells, pending)
        lines.append(Line(number, cells))
    return lines


def _take_from_above(cells: list[Cell], pending: dict[int, tuple[int, Cell]]) -> None:
    while (place := len(cells)) in pending:
        left, cell = pending.pop(place)
        cells.append(cell)
        if left > 1:
            pending[place] = (left - 1, cell)


def _span(cell: html.HtmlElement, name: str) -> int:
    written = cell.get(name, "1").strip()
    return min(_MOST_SPAN, max(1, int(written))) if written.isdecimal() and len(written) < 6 else 1


def _has_blocks(cell: html.HtmlElement) -> bool:
    return next(cell.iter("p", "br", "div", "li"), None) is not None


def _rows(text: str) -> list[list[str]]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if any("\t" in line for line in lines):
        return _tabbed(text)
    barred = [line for line in lines if line.count("|") > 1 or (line.strip().startswith("|"))]
    if len(barred) > 1:
        return [_between_bars(line) for line in lines if line.strip() and not _RULE.fullmatch(line)]
    return _separated(text) or [[line] for line in lines if line.strip()]


def _between_bars(line: str) -> list[str]:
    cells = re.split(r"(?<!\\)\|", line.strip())
    cells = cells[1:] if cells and not cells[0].strip() and line.strip().startswith("|") else cells
    cells = cells[:-1] if cells and not cells[-1].strip() and line.strip().endswith("|") else cells
    return [cell.replace("\\|", "|").replace("<br>", "\n") for cell in cells]


def _separated(text: str) -> list[list[str]]:
    """The records where a comma or semicolon cuts every one into as many cells as the first; else none."""
    for separator in _SEPARATORS:
        try:
            records = [
                row for row in csv.reader(io.StringIO(text.strip()), delimiter=separator, strict=True) if row
            ]
        except csv.Error:
            continue
        if len(records) > 1 and len(records[0]) > 1 and len({len(record) for record in records}) == 1:
            return records
    return []


def _tabbed(text: str) -> list[list[str]]:
    """Rows of cells between tabs. A spreadsheet quotes a cell of several lines; Word does not, so that a cell's
    further lines look like rows of their own: they are put back into the cell that they belong to."""
    try:
        records = list(csv.reader(io.StringIO(text, newline=""), delimiter="\t", strict=True))
    except csv.Error:
        records = [line.split("\t") for line in text.splitlines()]
    width = max(len(record) for record in records)
    joined: list[list[str]] = []
    for record in records:
        if joined and _goes_on(joined[-1], record, width):
            last = joined[-1]
            joined[-1] = [*last[:-1], f"{last[-1]}\n{record[0]}", *record[1:]]
        else:
            joined.append(list(record))
    return [record for record in joined if any(cell.strip() for cell in record)]


def _goes_on(last: Sequence[str], record: Sequence[str], width: int) -> bool:
    """Whether `record` is the rest of the row above: that one is too short, and both make no more than a row."""
    if len(last) >= width or not record or len(last) + len(record) - 1 > width:
        return False
    return bool(record[0].strip()) and not _NUMBER.fullmatch(record[0].strip())
