"""A table that was sent as a file: what the file is, by its beginning, and the tables in it."""

import io
import zipfile
import zlib

from app.core.errors import Invalid
from app.exchange.tables import documents, pasted, sheets
from app.exchange.tables.grid import Grid

_MOST_UNPACKED = 100_000_000
_MOST_TEXT = 60_000_000
_MOST_PARTS = 5_000
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_CONTAINERS = {"word/document.xml": documents.read, "xl/workbook.xml": sheets.read}


def read(content: bytes) -> list[Grid]:
    """Return the tables of a .docx, .xlsx or CSV file, or of one of text. Raises Invalid saying what to send."""
    if not content.strip():
        raise Invalid("The file is empty")
    if content.startswith(b"PK"):
        return _packed(content)
    if content.startswith(_OLD_OFFICE):
        raise Invalid("The file is of an old kind of Word or Excel, or has a password; save it as .docx or .xlsx")
    if content.startswith(b"%PDF"):
        raise Invalid("A PDF has no tables that can be read; copy the table out of it and paste it")
    return pasted.read(_decoded(content))


def _packed(content: bytes) -> list[Grid]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = {entry.filename for entry in archive.infolist()}
            _check_size(archive)
    except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, RuntimeError):
        raise Invalid("The file is damaged: it cannot be unpacked; save it anew") from None
    if any(name.endswith(("vbaProject.bin", "vbaData.xml")) for name in names):
        raise Invalid("The file holds macros and is not read; save it as .docx or .xlsx, without macros")
    for part, reader in _CONTAINERS.items():
        if part in names:
            return reader(content)
    raise Invalid("The file is neither a Word document (.docx) nor an Excel workbook (.xlsx)")


def _check_size(archive: zipfile.ZipFile) -> None:
    """Raise Invalid for a small file that unpacks to more than there is memory for."""
    entries = archive.infolist()
    texts = (entry.file_size for entry in entries if entry.filename.endswith((".xml", ".rels")))
    is_large = sum(entry.file_size for entry in entries) > _MOST_UNPACKED or sum(texts) > _MOST_TEXT
    if is_large or len(entries) > _MOST_PARTS:
        raise Invalid("The file is too large when it is unpacked; send the table alone, or paste it")


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Invalid(f"Line {line} of the file is not in UTF-8; save it as CSV in UTF-8, or as .xlsx") from None
