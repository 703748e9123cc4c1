"""The tables of a Word document: merged cells, tables in cells, insertions, numbers that Word counts itself."""

import io
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from docx import Document
from docx.opc.exceptions import OpcError
from docx.oxml.ns import qn
from lxml import etree

from app.core.errors import Invalid
from app.exchange.tables.grid import Cell, Grid, Line, bounded, tidy

_ROWS = "./w:tr | ./w:sdt/w:sdtContent/w:tr | ./w:ins/w:tr"
_CELLS = "./w:tc | ./w:sdt/w:sdtContent/w:tc"
_MOST_SPAN = 60
_BREAKS = {qn("w:tab"): " ", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}
_GONE = {qn("w:del"), qn("w:moveFrom")}


def read(content: bytes) -> list[Grid]:
    """Return the tables of a .docx. Raises Invalid for a damaged one, or one without a table."""
    try:
        body = Document(io.BytesIO(content)).element.body
    except (OpcError, KeyError, ValueError, AttributeError, zipfile.BadZipFile, etree.XMLSyntaxError):
        raise Invalid("The file is not a Word document that can be read; save it anew as .docx") from None
    counted: defaultdict[tuple[str, str], int] = defaultdict(int)
    tables = body.iter(qn("w:tbl"))
    return bounded([Grid(f"table {n}", _lines(table, counted)) for n, table in enumerate(tables, start=1)])


def _lines(table: Any, counted: defaultdict[tuple[str, str], int]) -> list[Line]:
    lines: list[Line] = []
    above: list[Cell] = []
    for number, row in enumerate(table.xpath(_ROWS), start=1):
        above = list(_cells(row, above, counted))
        lines.append(Line(number, above))
    return lines


def _cells(row: Any, above: list[Cell], counted: defaultdict[tuple[str, str], int]) -> Iterator[Cell]:
    place = 0
    for _ in range(_value(row, "./w:trPr/w:gridBefore")):
        yield Cell("")
        place += 1
    for source in row.xpath(_CELLS):
        merge = source.xpath("./w:tcPr/w:vMerge")
        below = bool(merge) and merge[0].get(qn("w:val"), "continue") == "continue" and place < len(above)
        text = above[place].text if below else tidy(_text(source, counted))
        for n in range(_value(source, "./w:tcPr/w:gridSpan", 1)):
            yield Cell(text, across=n > 0, below=below)
            place += 1


def _value(element: Any, path: str, otherwise: int = 0) -> int:
    found = element.xpath(path)
    written = found[0].get(qn("w:val"), "") if found else ""
    return min(_MOST_SPAN, max(otherwise, int(written))) if written.isdecimal() and len(written) < 6 else otherwise


def _text(cell: Any, counted: defaultdict[tuple[str, str], int]) -> str:
    """The paragraphs of a cell, without those of a table in it, which is read as a table of its own."""
    paragraphs = cell.xpath("./w:p | ./w:sdt/w:sdtContent/w:p")
    texts = ["".join(_runs(paragraph)) for paragraph in paragraphs]
    if not any(text.strip() for text in texts):
        return _counted(paragraphs[0], counted) if paragraphs else ""
    return "\n".join(texts)


def _runs(element: Any) -> Iterator[str]:
    """What is written, with what was inserted and without what was deleted."""
    for child in element:
        if child.tag in _GONE:
            continue
        if child.tag == qn("w:t"):
            yield child.text or ""
        elif child.tag in _BREAKS:
            yield _BREAKS[child.tag]
        elif isinstance(child.tag, str):
            yield from _runs(child)


def _counted(paragraph: Any, counted: defaultdict[tuple[str, str], int]) -> str:
    """The number of an empty paragraph that Word numbers by itself: counted on in each list of the document."""
    lists = paragraph.xpath("./w:pPr/w:numPr/w:numId")
    if not lists:
        return ""
    levels = paragraph.xpath("./w:pPr/w:numPr/w:ilvl")
    key = (lists[0].get(qn("w:val"), ""), levels[0].get(qn("w:val"), "0") if levels else "0")
    counted[key] += 1
    return str(counted[key])
