"""JSON lines: one document a line, in UTF-8."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.core.errors import Invalid
from app.exchange.codecs.table import Row, Table

DEEPEST = 20
_MOST_DIGITS = 300
_TOKEN = re.compile(r'"(?P<name>\w{1,60})"(?=\s*:)|"(?:[^"\\]|\\.)*"|[\[\]{}]')
# What Python's reader calls a fault, in the words of who writes the file.
_MEANT = {
    "Expecting value": "a value is missing",
    "Expecting ',' delimiter": "a comma is missing",
    "Expecting ':' delimiter": "a colon is missing after the name",
    "Expecting property name enclosed in double quotes": "a name in double quotes is missing",
    "Illegal trailing comma before end of object": "a comma stands before the end of the object",
    "Illegal trailing comma before end of array": "a comma stands before the end of the list",
    "Extra data": "something follows after the end of the object; write one object a line",
    "Unterminated string starting": "a text begins that is not closed; look for a missing quote",
    "Invalid control character": "a line break, tab or control character stands in a text; write it as \\n or \\t",
    "Invalid \\escape": "a backslash stands alone; write it twice",
}


def read(content: bytes) -> Table:
    """Return one row a line. Raises Invalid for an empty file; a line that is no JSON object is a faulty row."""
    rows = [
        _row(number, line)
        for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1)
        if line.strip()
    ]
    if not rows:
        raise Invalid("The file is empty: it needs one JSON object a line")
    return Table((), rows)


def write(_columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Return one document a line; characters that UTF-8 cannot hold are escaped."""
    return b"".join(_line(row) + b"\n" for row in rows)


def _line(row: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(row).encode()


def _row(number: int, line: bytes) -> Row:
    try:
        text = line.decode().strip()
    except UnicodeDecodeError as error:
        shown = line.decode("utf-8", "backslashreplace").strip()
        return _faulty(number, shown, f"The line is not in UTF-8 (byte 0x{line[error.start]:02X})")
    depth, column = _deepest(text)
    if depth > DEEPEST:
        said = (
            f"goes {depth} brackets deep and no field goes deeper than {DEEPEST}; write a text, a number or a list"
        )
        return _faulty(number, text, f"The value {said}" if column else f"The line {said}", column)
    try:
        document = json.loads(text, parse_constant=_refuse, parse_int=_integer)
    except json.JSONDecodeError as error:
        column = _deepest(text[: error.pos])[1]
        said = _MEANT.get(error.msg.removesuffix(" at"), error.msg)
        return _faulty(number, text, f"The line is not JSON: at its character {error.pos + 1} {said}", column)
    except ValueError as error:
        return _faulty(number, text, f"The line is not JSON: {error}")
    if not isinstance(document, dict):
        return _faulty(number, text, "The line is not a JSON object: it begins with { and ends with }")
    return Row(number, document)


def _deepest(text: str) -> tuple[int, str]:
    """How deep brackets stand in each other, and the field in which they do; of none, the last field."""
    depth = deepest = 0
    column = found = ""
    for token in _TOKEN.finditer(text):
        if token["name"] is not None:
            column = token["name"] if depth == 1 else column
        elif token[0] in "[{":
            depth += 1
            deepest, found = (depth, column) if depth > max(deepest, 1) else (max(deepest, depth), found)
        elif token[0] in "]}":
            depth -= 1
    return deepest, found if deepest > DEEPEST else column


def _faulty(number: int, line: str, fault: str, column: str = "") -> Row:
    return Row(number, {"_line": line}, fault, column)


def _integer(digits: str) -> int | str:
    """A number; one that no field can hold stays the text that it is, for its field to refuse."""
    return int(digits) if len(digits) <= _MOST_DIGITS else digits


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number of JSON; leave the field out, or write null")
