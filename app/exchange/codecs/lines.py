"""JSON lines: one document a line, in UTF-8."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.core.errors import Invalid
from app.exchange.codecs.table import Row, Table


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
        document = json.loads(line.decode(), parse_constant=_refuse)
    except UnicodeDecodeError as error:
        return _faulty(number, line, f"The line is not in UTF-8 (byte 0x{line[error.start]:02X})")
    except (ValueError, RecursionError) as error:
        return _faulty(number, line, f"The line is not JSON: {error}")
    if not isinstance(document, dict):
        return _faulty(number, line, "The line is not a JSON object: it begins with { and ends with }")
    return Row(number, document)


def _faulty(number: int, line: bytes, fault: str) -> Row:
    return Row(number, {"_line": line.decode("utf-8", "backslashreplace").strip()}, fault)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number of JSON")
