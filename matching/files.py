"""Reads needs, programmes and judgements from files; a malformed line is an error naming file, line and field."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from matching.text import LANGUAGES
from matching.types import Need, Place, Programme

GRADE = re.compile(r"-?[0-9]{1,2}")
_NEED_TEXTS = ("description", "text", "summary")
_PROGRAMME_TEXTS = ("summary", "description", "text")


class LineError(ValueError):
    """A line of an input file is malformed; the message names file, line and field."""


def read_needs(path: Path) -> list[Need]:
    """Needs from a JSONL file. Raises LineError for a malformed line or a repeated id."""
    return [_need(row, where) for row, where in _records(path)]


def read_programmes(path: Path) -> list[Programme]:
    """Programmes from a JSONL file. Raises LineError for a malformed line or a repeated id."""
    return [_programme(row, where) for row, where in _records(path)]


def read_judgements(path: Path) -> dict[str, dict[str, int]]:
    """Grades by need and programme from a tab-separated file, header optional."""
    grades: dict[str, dict[str, int]] = {}
    for number, line in enumerate(_lines(path), start=1):
        cells = line.split("\t")
        if not line.strip() or (number == 1 and len(cells) == 3 and cells[2].strip().isidentifier()):
            continue
        if len(cells) != 3:
            raise LineError(
                f"{path.name}, line {number}: must be need_id, programme_id and grade, separated by tabs"
            )
        if not GRADE.fullmatch(cells[2].strip()):
            raise LineError(f"{path.name}, line {number}, field grade: {cells[2]!r} is not a whole number to 99")
        if cells[1] in grades.setdefault(cells[0], {}):
            raise LineError(f"{path.name}, line {number}: {cells[0]} and {cells[1]} are judged twice")
        grades[cells[0]][cells[1]] = int(cells[2])
    return grades


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        raise LineError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise LineError(f"{path.name}: is not UTF-8 (byte {error.start})") from error


def _records(path: Path) -> Iterator[tuple[dict[str, Any], str]]:
    seen: set[str] = set()
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        where = f"{path.name}, line {number}"
        row = _parsed(line, where)
        if row["id"] in seen:
            raise LineError(f"{where}, field id: {row['id']!r} is there twice")
        seen.add(row["id"])
        yield row, where


def _parsed(line: str, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise LineError(f"{where}: is not JSON ({error})") from error
    if not isinstance(row, dict):
        raise LineError(f"{where}: must be a JSON object")
    if isinstance(row.get("id"), int) and not isinstance(row["id"], bool):
        row["id"] = str(row["id"])
    identity = row.get("id")
    if not isinstance(identity, str) or not identity or " " in identity or not identity.isprintable():
        raise LineError(f"{where}, field id: must be a text without spaces or control characters")
    return row


def _need(row: dict[str, Any], where: str) -> Need:
    return Need(
        id=row["id"],
        title=_text(row, "title", where),
        text=_first_text(row, _NEED_TEXTS, where),
        language=_language(row, where),
        translations=_translations(row, where),
        themes=_list(row, "themes", where),
        dimensions=_list(row, "dimensions", where),
        functions=_list(row, "functions", where),
        weapons=_list(row, "weapons", where),
        assistance_types=_list(row, "assistance_types", where),
        recipient=_place(row, "recipient", where),
    )


def _programme(row: dict[str, Any], where: str) -> Programme:
    return Programme(
        id=row["id"],
        title=_text(row, "title", where),
        summary=_first_text(row, _PROGRAMME_TEXTS, where),
        activities=_list(row, "activities", where),
        language=_language(row, where),
        themes=_list(row, "themes", where),
        dimensions=_list(row, "dimensions", where),
        functions=_list(row, "functions", where),
        weapons=_list(row, "weapons", where),
        assistance_types=_list(row, "assistance_types", where),
        coverage=_place(row, "coverage", where),
        excluded=_list(row, "excluded", where),
        kind=_text(row, "kind", where) or "assistance",
        status=_text(row, "status", where) or "active",
        starts_on=_day(row, "starts_on", where),
        ends_on=_day(row, "ends_on", where),
        stale=_flag(row, "stale", where),
        overdue=_flag(row, "overdue", where),
        full=_flag(row, "full", where),
    )


def _first_text(row: dict[str, Any], fields: tuple[str, ...], where: str) -> str:
    if not any(field in row for field in ("title", *fields)):
        raise LineError(f"{where}, field {fields[0]}: no text; give title, {' or '.join(fields)}")
    return next((_text(row, field, where) for field in fields if row.get(field)), "")


def _text(row: Mapping[str, Any], field: str, where: str) -> str:
    value = row.get(field)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise LineError(f"{where}, field {field}: must be a text, not {_named(value)}")
    return value


def _list(row: Mapping[str, Any], field: str, where: str) -> tuple[str, ...]:
    value = row.get(field)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
        raise LineError(f"{where}, field {field}: must be a list of texts")
    return tuple(value)


def _flag(row: Mapping[str, Any], field: str, where: str) -> bool:
    value = row.get(field)
    if value is not None and not isinstance(value, bool):
        raise LineError(f"{where}, field {field}: must be true or false")
    return bool(value)


def _language(row: Mapping[str, Any], where: str) -> str | None:
    code = _text(row, "language", where)
    return code if code in LANGUAGES else None


def _translations(row: Mapping[str, Any], where: str) -> tuple[tuple[str, str, str], ...]:
    value = row.get("translations") or {}
    if not isinstance(value, dict) or not all(isinstance(part, dict) for part in value.values()):
        raise LineError(f"{where}, field translations: must be an object of objects by language")
    return tuple(
        (
            language,
            _text(part, "title", where),
            _text(part, "description", where) or _text(part, "text", where),
        )
        for language, part in value.items()
    )


def _place(row: Mapping[str, Any], field: str, where: str) -> Place | None:
    value = row.get(field)
    if value is None:
        return None
    if not isinstance(value, dict):
        raise LineError(f'{where}, field {field}: must be an object such as {{"region": "011"}}')
    inside = f"{where}, field {field}"
    regions = _list(value, "regions", inside) + tuple(filter(None, (_text(value, "region", inside),)))
    return Place(
        _list(value, "countries", inside),
        regions,
        _bodies(value, inside),
        _flag(value, "global", inside),
        _text(value, "context", inside),
    )


def _bodies(value: Mapping[str, Any], where: str) -> tuple[str, ...]:
    named = value.get("members_of")
    return (named,) if isinstance(named, str) else _list(value, "members_of", where)


def _day(row: Mapping[str, Any], field: str, where: str) -> date | None:
    value = _text(row, field, where)
    try:
        return date.fromisoformat(value) if value else None
    except ValueError as error:
        raise LineError(f"{where}, field {field}: {value!r} is not a date such as 2026-05-31") from error


def _named(value: object) -> str:
    return {dict: "an object", list: "a list", bool: "true or false"}.get(type(value), "a number")
