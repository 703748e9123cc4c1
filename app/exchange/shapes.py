"""From a schema's documents to flat cells and back: dotted column names, lists separated by semicolons."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel

_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_M49 = {"region", "regions"}  # spreadsheets take the zeros off 011


@dataclass(frozen=True, slots=True)
class Column:
    """One leaf of a schema: its path, what its cell holds, and what an empty cell means.

    `holds` is text, flag, integer, number, list, pairs (a list of objects of two texts) or json. An empty cell
    is null where the field can be null, no text where it is text, and otherwise as if it were absent.
    """

    path: str
    holds: str
    can_be_null: bool
    is_required: bool
    pair: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2]


@cache
def columns_of(schema: type[BaseModel], mode: str = "validation") -> tuple[Column, ...]:
    """The columns of a file of `schema`'s documents, in the order of its fields."""
    described = schema.model_json_schema(mode="validation" if mode == "validation" else "serialization")
    return tuple(_columns(described, described.get("$defs", {}), ""))


def flat(columns: Sequence[Column], document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document's cells by column."""
    return {column.path: _cell(column, _at(document, column.path)) for column in columns}


def nested(columns: Sequence[Column], cells: Mapping[str, str]) -> dict[str, Any]:
    """Return the document of a row's cells. A cell that is not what its column holds stays as it is written.

    A whole object may stand as JSON under its own name, in place of its dotted columns.
    """
    document: dict[str, Any] = {}
    by_path = {column.path: column for column in columns}
    for path, cell in cells.items():
        column = by_path.get(path)
        value = _from_json(cell) if column is None else _value(column, cell)
        if value is not _ABSENT:
            _put(document, path, value)
    return {name: value for name, value in document.items() if not _is_empty_object(value)}


_ABSENT = object()


def _columns(schema: Mapping[str, Any], defs: Mapping[str, Any], prefix: str) -> Iterator[Column]:
    required = schema.get("required", ())
    for name, described in schema.get("properties", {}).items():
        choices, can_be_null = _choices(described, defs)
        path = f"{prefix}{name}"
        inner = next((choice for choice in choices if choice.get("properties")), None)
        if inner is not None:
            yield from _columns(inner, defs, f"{path}.")
        else:
            holds, pair = _holds(choices, defs)
            yield Column(path, holds, can_be_null, name in required, pair)


def _choices(described: Mapping[str, Any], defs: Mapping[str, Any]) -> tuple[list[Mapping[str, Any]], bool]:
    """The alternatives of a field without null, references followed; and whether null was one of them."""
    if "$ref" in described:
        return _choices(defs[described["$ref"].rpartition("/")[2]], defs)
    if "anyOf" not in described:
        return ([], True) if described.get("type") == "null" else ([described], False)
    found = [_choices(choice, defs) for choice in described["anyOf"]]
    return [choice for choices, _ in found for choice in choices], any(can_be_null for _, can_be_null in found)


def _holds(choices: Sequence[Mapping[str, Any]], defs: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    types = {choice.get("type") for choice in choices}
    if "array" in types:
        return _holds_items(next(choice for choice in choices if choice.get("type") == "array"), defs)
    for kind, holds in (("object", "json"), ("boolean", "flag"), ("number", "number"), ("integer", "integer")):
        if kind in types:
            return holds, ()
    return ("text" if types == {"string"} or types == {None} else "json"), ()


def _holds_items(array: Mapping[str, Any], defs: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    [item, *_], _ = _choices(array.get("items", {}), defs)
    if item.get("type") == "string":
        return "list", ()
    names = tuple(item.get("properties", ()))
    return ("pairs", names) if len(names) == 2 else ("json", ())


def _at(document: Mapping[str, Any], path: str) -> Any:
    value: Any = document
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _put(document: dict[str, Any], path: str, value: Any) -> None:
    *parents, name = path.split(".")
    for parent in parents:
        document = document.setdefault(parent, {})
        if not isinstance(document, dict):
            return
    document[name] = value


def _is_empty_object(value: Any) -> bool:
    """Whether all dotted cells of an object were empty: nothing was said of it."""
    return isinstance(value, dict) and all(item in (None, "", []) for item in value.values())


def _cell(column: Column, value: Any) -> Any:
    if value is None or value == []:
        return None
    if column.holds == "list":
        return _joined(value)
    if column.holds == "pairs":
        first, second = column.pair
        said = [f"{item[first]}:{item[second]}" if item.get(second) else str(item[first]) for item in value]
        unclear = any(":" in str(item[first]) for item in value)
        return json.dumps(value, ensure_ascii=False) if unclear or _is_unclear(said) else "; ".join(said)
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(_said(value), ensure_ascii=False) if isinstance(value, (dict, list)) else value


def _said(value: Any) -> Any:
    """A value without the fields that say nothing, so that a cell stays short."""
    if isinstance(value, list):
        return [_said(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: _said(item) for name, item in value.items() if item not in (None, "")}


def _joined(values: Sequence[str]) -> str:
    return json.dumps(values, ensure_ascii=False) if _is_unclear(values) else "; ".join(values)


def _is_unclear(values: Sequence[str]) -> bool:
    return values[0].startswith("[") or any(
        ";" in value or value != value.strip() or not value for value in values
    )


def _value(column: Column, cell: str) -> Any:
    text = cell.strip()
    if not text:
        return _empty(column)
    if column.holds == "list":
        values = _from_json(text)
        if values is not text:
            return values
        return [_m49(column, item.strip()) for item in text.split(";") if item.strip()]
    if column.holds == "pairs":
        values = _from_json(text)
        return values if values is not text else [_pair(column, item) for item in text.split(";") if item.strip()]
    if column.holds == "flag":
        return _FLAGS.get(text.lower(), text)
    if column.holds in {"integer", "number"}:
        return _number(text)
    return _from_json(text) if column.holds == "json" else _m49(column, cell)


def _empty(column: Column) -> Any:
    if column.can_be_null:
        return None
    if column.holds in {"list", "pairs"}:
        return []
    return "" if column.holds == "text" and column.is_required else _ABSENT


def _pair(column: Column, item: str) -> dict[str, str]:
    first, separator, second = item.strip().partition(":")
    names = column.pair
    return {names[0]: first.strip()} | ({names[1]: second.strip()} if separator else {})


def _number(text: str) -> Any:
    if re.fullmatch(r"-?\d{1,18}", text):
        return int(text)
    return float(text) if re.fullmatch(r"-?\d{1,15}\.\d{1,6}", text) else text


def _m49(column: Column, text: str) -> str:
    return text.zfill(3) if column.name in _M49 and re.fullmatch(r"\d{1,3}", text.strip()) else text


def _from_json(text: str) -> Any:
    """The list or object that a cell spells, or the cell itself."""
    if not text.lstrip().startswith(("[", "{")):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
