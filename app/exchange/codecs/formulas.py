"""Cells of a workbook that show nothing to be read: formulas that were never computed, and errors."""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO
from xml.etree.ElementTree import Element, ParseError, iterparse

from app.core.errors import Invalid

_SUSPECT = re.compile(rb"<(?:\w+:)?f[\s/>]|t=[\"']e[\"']")
_PLACE = re.compile("([A-Z]{1,3})([0-9]{1,7})")
_OVERLAP = 64  # what stands across the end of a piece is looked at with the next one
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Unread:
    """A cell without a value: its address, its row and column (from 1), what it holds, and what to do."""

    address: str
    row: int
    column: int
    content: str
    advice: str


def unread_cells(archive: zipfile.ZipFile) -> list[Unread]:
    """The unread cells of the workbook's first sheet. Raises Invalid for a sheet that is no XML."""
    name = _first_sheet(archive)
    if name is None or not _has_suspects(archive, name):
        return []
    try:
        with archive.open(name) as sheet:
            return [found for cell in _cells(sheet) if (found := _unread(cell))]
    except ParseError as error:
        raise Invalid(f"The workbook's first sheet cannot be read: {error}") from None


def _first_sheet(archive: zipfile.ZipFile) -> str | None:
    """The part that holds the first sheet, by the workbook's own relationships."""
    try:
        with archive.open("xl/workbook.xml") as workbook:
            sheet = next((one for _, one in iterparse(workbook) if _tag(one) == "sheet"), None)
        with archive.open("xl/_rels/workbook.xml.rels") as relations:
            targets = {one.get("Id"): one.get("Target", "") for _, one in iterparse(relations)}
    except (KeyError, ParseError):
        return None
    wanted = next(
        (text for name, text in (sheet.items() if sheet is not None else ()) if name.endswith("}id")), ""
    )
    target = targets.get(wanted, "")
    name = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
    return name if name in archive.namelist() else None


def _has_suspects(archive: zipfile.ZipFile, name: str) -> bool:
    """Whether it is worth to read the sheet as XML: most hold neither a formula nor an error."""
    with archive.open(name) as sheet:
        before = b""
        while piece := sheet.read(_PIECE):
            if _SUSPECT.search(before + piece):
                return True
            before = piece[-_OVERLAP:]
    return False


def _cells(sheet: IO[bytes]) -> Iterator[Element]:
    for _, element in iterparse(sheet):
        if _tag(element) == "c":
            yield element
        if _tag(element) == "row":
            element.clear()


def _unread(cell: Element) -> Unread | None:
    parts = {_tag(part): part.text or "" for part in cell}
    kind, place = cell.get("t"), _PLACE.fullmatch(cell.get("r", ""))
    if place is None:
        return None
    where = place[0], int(place[2]), _number(place[1])
    if kind == "e":
        return Unread(*where, parts.get("v", ""), f"holds the error {parts.get('v', '')}; enter the value itself")
    if "f" in parts and not parts.get("v") and kind != "str":
        said = "holds a formula whose value is not in the file; save the workbook with a spreadsheet program first"
        return Unread(*where, f"={parts['f']}", f"{said}, or enter the value itself")
    return None


def _number(letters: str) -> int:
    """The column that letters name: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]
