"""How far a worksheet reaches: one cell in its last corner would be read as billions of empty ones."""

import re
import zipfile

from app.core.errors import Invalid

_PLACE = re.compile(rb"\br\s*=\s*[\"']([A-Za-z]{1,3})([0-9]{1,7})[\"']")
_MOST_CELLS = 5_000_000
_PIECE, _OVERLAP = 1 << 20, 32


def check(archive: zipfile.ZipFile) -> None:
    """Raise Invalid where the outermost cells of a sheet span more than can be read."""
    for name in archive.namelist():
        if name.startswith("xl/worksheets/") and name.endswith(".xml"):
            _check_sheet(archive, name)


def _check_sheet(archive: zipfile.ZipFile, name: str) -> None:
    rows = columns = 1
    before = b""
    with archive.open(name) as sheet:
        while piece := sheet.read(_PIECE):
            for letters, row in _PLACE.findall(before + piece):
                rows, columns = max(rows, int(row)), max(columns, _number(letters))
            if rows * columns > _MOST_CELLS:
                said = f"A sheet reaches to row {rows} and column {columns}"
                raise Invalid(f"{said}; delete what stands so far from the table, and save it anew")
            before = piece[-_OVERLAP:]


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number
