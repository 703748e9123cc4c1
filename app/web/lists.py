"""Lists with facets: the query of the address is read into a filter, and written back with one choice less."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, get_origin
from urllib.parse import urlencode

from fastapi import Request
from pydantic import BaseModel, ValidationError

from app.core.errors import FieldError, Invalid
from app.core.paging import Found, Paging
from app.web.words import capital

M = TypeVar("M", bound=BaseModel)
PAGE_SIZE = 20
_NO_FILTER = {"cursor", "sort", "limit", "count", "said"}


@dataclass(frozen=True, slots=True)
class Option:
    code: str
    label: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """One group of choices. `options` holds those chosen first, then the most frequent."""

    name: str
    legend: str
    options: Sequence[Option]


@dataclass(frozen=True, slots=True)
class Chip:
    """A choice that is in force, and the address of the same list without it."""

    label: str
    path: str


def asked(request: Request, model: type[M]) -> M:
    """The filter that the address asks for; fields left blank ask for nothing. Raises Invalid."""
    return read_terms({name: request.query_params.getlist(name) for name in request.query_params}, model)


def read_terms(terms: Mapping[str, Sequence[str]], model: type[M]) -> M:
    """The filter that the parameters of an address ask for. Raises Invalid."""
    values: dict[str, str | list[str]] = {}
    for name, every in terms.items():
        given = [value for value in every if value.strip()]
        if given and name in model.model_fields:
            several = get_origin(model.model_fields[name].annotation) is list
            values[name] = given if several else given[-1]
    try:
        return model.model_validate(values)
    except ValidationError as error:
        wrong = [FieldError(".".join(map(str, item["loc"])), str(item["msg"])) for item in error.errors()]
        raise Invalid("This list cannot be filtered so", wrong) from None


def paging_of(request: Request) -> Paging:
    cursor = request.query_params.get("cursor", "")[:2000]
    return Paging(PAGE_SIZE, cursor or None, count=True)


def next_path(request: Request, found: Found) -> str | None:
    """The address of the page after this one, or None on the last."""
    return _path(request, [*_kept(request, {"cursor", "said"}), ("cursor", found.next)]) if found.next else None


def first_path(request: Request) -> str | None:
    """The address of the first page, or None on it."""
    return _path(request, _kept(request, {"cursor", "said"})) if "cursor" in request.query_params else None


def chips(request: Request, names: Iterable[str], label: Callable[[str, str], str]) -> list[Chip]:
    """Every choice in force among `names`, called by `label(name, value)`."""
    pairs = [pair for pair in _kept(request, _NO_FILTER) if pair[0] in set(names)]
    kept = _kept(request, {"cursor", "said"})
    return [Chip(label(*pair), _path(request, [other for other in kept if other != pair])) for pair in pairs]


def facet(
    name: str, legend: str, counts: Mapping[str, int], chosen: Iterable[object], label: Callable[[str], str]
) -> Facet:
    """The choices of one facet: what is counted, and what is chosen even where it counts nothing."""
    picked = [str(value) for value in chosen]
    codes = list(dict.fromkeys([*picked, *counts]))
    return Facet(name, legend, [Option(c, capital(label(c)), counts.get(c, 0), c in picked) for c in codes])


def _kept(request: Request, without: set[str]) -> list[tuple[str, str]]:
    return [(n, v) for n, v in request.query_params.multi_items() if n not in without and v.strip()]


def _path(request: Request, pairs: Sequence[tuple[str, str | None]]) -> str:
    return request.url.path + (f"?{urlencode(pairs)}" if pairs else "")
