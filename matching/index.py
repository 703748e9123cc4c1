"""Programmes as sparse rows of features from 0 to 1, in immutable segments that readers share without locks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse._sparsetools import csc_matvec

from matching.gates import is_open
from matching.geography import Territory, closeness
from matching.types import Programme

FOREVER = date.max.toordinal()
REMEMBERED = 512
BLOCK = 256
TIE = 1e-9
SMALLEST = np.finfo(np.float64).tiny
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Vocabulary:
    """Column numbers of features; it only grows, under the matcher's lock."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, feature: str) -> int:
        """The column of a feature, a new one for a new feature."""
        return self._numbers.setdefault(feature, len(self._numbers))

    def get(self, feature: str) -> int | None:
        """The column of a feature, or None where no programme has had it."""
        return self._numbers.get(feature)


@dataclass(frozen=True, slots=True)
class Row:
    """One programme ready for a segment: its features, and the States that it serves."""

    programme: Programme
    features: Mapping[str, float]
    territory: Territory


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Rows of programmes in order of id. `by_feature` is features x rows, `by_row` rows x features.

    Programmes that serve the same States share a pattern, so that geography is worked out once for each pattern.
    """

    programmes: tuple[Programme, ...]
    rows: Mapping[str, int]
    by_feature: csr_array
    by_row: csr_array
    patterns: tuple[tuple[Territory, frozenset[str]], ...]
    pattern_of: NDArray[np.intp]
    open_: Flags
    ends: NDArray[np.int64]
    remembered: dict[Territory, tuple[Floats, Flags]] = field(default_factory=dict)


def segment(rows: Iterable[Row], vocabulary: Vocabulary) -> Segment:
    """Build a segment from rows in order of id."""
    listed = list(rows)
    numbered = [[vocabulary.number(feature) for feature in row.features] for row in listed]
    starts = np.cumsum([0, *map(len, numbered)])
    columns = np.fromiter((number for numbers in numbered for number in numbers), dtype=np.int64)
    values = np.fromiter((value for row in listed for value in row.features.values()), dtype=np.float64)
    by_row = csr_array((values, columns, starts), shape=(len(listed), len(vocabulary)))
    patterns: dict[tuple[Territory, frozenset[str]], int] = {}
    pattern_of = [
        patterns.setdefault((row.territory, frozenset(row.programme.excluded)), len(patterns)) for row in listed
    ]
    ends = [row.programme.ends_on.toordinal() if row.programme.ends_on else FOREVER for row in listed]
    return Segment(
        programmes=tuple(row.programme for row in listed),
        rows={row.programme.id: number for number, row in enumerate(listed)},
        by_feature=by_row.T.tocsr(),
        by_row=by_row,
        patterns=tuple(patterns),
        pattern_of=np.array(pattern_of, dtype=np.intp),
        open_=np.array([is_open(row.programme) for row in listed], dtype=np.bool_),
        ends=np.array(ends, dtype=np.int64),
    )


def scores(part: Segment, query: Mapping[int, float]) -> Floats:
    """Sum over the query's features of its weight times the programme's value, for every row of a segment.

    scipy's compiled loop adds one feature's postings at a time into the totals, in place and without copies.
    """
    total, weight_of = np.zeros(len(part.programmes)), np.zeros(1)
    starts, rows, values = part.by_feature.indptr, part.by_feature.indices, part.by_feature.data
    for number, weight in query.items():
        if number + 1 < len(starts):
            weight_of[0] = weight
            csc_matvec(len(total), 1, starts[number : number + 2], rows, values, weight_of, total)
    return total


def places(part: Segment, wanted: Territory) -> tuple[Floats, Flags]:
    """For every row, how far it covers the wanted place (0 to 1) and whether it does not exclude it."""
    found = part.remembered.get(wanted)
    if found is None:
        pairs = [closeness(wanted, offered, excluded) for offered, excluded in part.patterns]
        levels = np.array([covered for covered, _ in pairs], dtype=np.float64)
        admitted = np.array([admits for _, admits in pairs], dtype=np.bool_)
        found = levels[part.pattern_of], admitted[part.pattern_of]
        if len(part.remembered) >= REMEMBERED:
            part.remembered.clear()
        part.remembered[wanted] = found
    return found


def eligible(part: Segment, alive: Flags, admitted: Flags, as_of: date | None) -> Flags:
    """Rows that are there and pass every gate."""
    passing = alive & part.open_ & admitted
    return passing if as_of is None else passing & (part.ends >= as_of.toordinal())


def best(chosen: Flags, total: Floats, limit: int) -> Sequence[int]:
    """Rows among the chosen with the `limit` highest totals above 0, and all that tie with the last of them."""
    held = np.where(chosen, total, 0.0)
    rows = np.flatnonzero(held >= max(_bound(held, limit), SMALLEST))
    if len(rows) > limit > 0:
        least = np.partition(held[rows], len(rows) - limit)[len(rows) - limit]
        rows = rows[held[rows] >= least - TIE]
    return [int(row) for row in rows]


def _bound(held: Floats, limit: int) -> float:
    """A total that the `limit` highest all reach: the one that as many blocks of rows reach with their maximum."""
    blocks = np.arange(0, len(held), BLOCK)
    if not 0 < limit < len(blocks):
        return 0.0
    maxima = np.maximum.reduceat(held, blocks)
    return float(np.partition(maxima, len(maxima) - limit)[len(maxima) - limit]) - TIE
