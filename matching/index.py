"""Programmes as sparse rows of features from 0 to 1, in immutable segments that readers share without locks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from matching.gates import is_open
from matching.geography import Pattern, Patterns, Territory
from matching.types import Programme

if TYPE_CHECKING:
    from matching.kernel import Asked, Postings

FOREVER = date.max.toordinal()
AS_COLUMN = 8
LEAST_ROWS_OF_COLUMNS = 1024
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Found = tuple[NDArray[np.int32], Floats]


class Vocabulary:
    """Column numbers of features; it only grows, under the matcher's lock."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._names: list[str] = []

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, features: Sequence[str]) -> NDArray[np.int32]:
        """The columns of features, new ones for new features."""
        for name in features:
            if name not in self._numbers:
                self._names.append(name)
                self._numbers[name] = len(self._numbers)
        return self.find(features)

    def name(self, number: int) -> str:
        """The feature of a column."""
        return self._names[number]

    def find(self, features: Iterable[str]) -> NDArray[np.int32]:
        """The columns of features, -1 where no programme has had one."""
        return np.array([self._numbers.get(name, -1) for name in features], dtype=np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class Rankable:
    """What ranking looks at: the first `open_count` rows of postings, in runs of one pattern of coverage.

    `order` is one number a row, which decides ties.
    """

    patterns: Patterns
    postings: "Postings"
    order: NDArray[np.int32]
    open_count: int


@dataclass(frozen=True, slots=True, eq=False)
class Segment(Rankable):
    """Programmes in runs of one pattern of coverage, by id within each; `by_row` is rows x features.

    The `open_count` rows whose own facts shut no gate come first: ranking looks at these alone.
    """

    programmes: tuple[Programme, ...]
    ids: tuple[str, ...]
    rows: Mapping[str, int]
    by_row: csr_array
    pattern_of: NDArray[np.int32]
    ends: NDArray[np.int64]


def segment(programmes: Sequence[Programme], by_row: csr_array, patterns: Sequence[Pattern]) -> Segment:
    """Build a segment from programmes, their features (rows x features) and their patterns, in any order."""
    is_shut = [not is_open(programme) for programme in programmes]
    kinds = sorted(zip(is_shut, patterns, strict=True), key=lambda kind: kind[0])
    numbers: dict[tuple[bool, Pattern], int] = {}
    for kind in kinds:
        numbers.setdefault(kind, len(numbers))
    run_of = [numbers[kind] for kind in zip(is_shut, patterns, strict=True)]
    by_id = sorted(range(len(programmes)), key=lambda row: programmes[row].id)
    placed = sorted(by_id, key=run_of.__getitem__)
    order = np.empty(len(placed), dtype=np.int32)
    order[by_id] = np.arange(len(placed))
    listed = tuple(programmes[row] for row in placed)
    sorted_rows, pattern_of = by_row[placed], np.array(run_of, dtype=np.int32)[placed]
    runs = np.searchsorted(pattern_of, np.arange(len(numbers) + 1))
    ends = [programme.ends_on.toordinal() if programme.ends_on else FOREVER for programme in listed]
    return Segment(
        programmes=listed,
        ids=tuple(programme.id for programme in listed),
        rows={programme.id: row for row, programme in enumerate(listed)},
        by_row=sorted_rows,
        patterns=Patterns(pattern for _, pattern in numbers),
        pattern_of=pattern_of,
        postings=postings(sorted_rows, runs),
        order=order[placed],
        open_count=len(listed) - sum(is_shut),
        ends=np.array(ends, dtype=np.int64),
    )


def merged(parts: Sequence[Segment], alive: Sequence[Flags]) -> Segment:
    """One segment of the living rows of several."""
    kept = [np.flatnonzero(mask) for mask in alive]
    width = max(part.by_row.shape[1] for part in parts)
    wide = [csr_array((p.by_row.data, p.by_row.indices, p.by_row.indptr), (len(p.rows), width)) for p in parts]
    by_row = vstack([rows_of[rows] for rows_of, rows in zip(wide, kept, strict=True)], format="csr")
    pairs = [(part, row) for part, rows in zip(parts, kept, strict=True) for row in rows]
    patterns = [part.patterns.listed[part.pattern_of[row]] for part, row in pairs]
    return segment([part.programmes[row] for part, row in pairs], by_row, patterns)


def postings(by_row: csr_array, runs: NDArray[np.int64], common: NDArray[np.int64] | None = None) -> "Postings":
    """The rows by feature: as a column where an eighth of many rows have it, else as a list.

    `common` are the features that are columns, where that was decided over more rows than these: it decides the
    order of sums.
    """
    loops, count, width = kernel(), by_row.shape[0], by_row.shape[1]
    held = np.bincount(by_row.indices, minlength=width)
    if common is None:
        least = count / AS_COLUMN if count >= LEAST_ROWS_OF_COLUMNS else count
        common = np.flatnonzero(held > least)
    place = np.full(width, -1, dtype=np.int32)
    place[common] = np.arange(len(common))
    held[common] = 0
    starts = np.concatenate([[0], np.cumsum(held)])
    tiles = -(-count // loops.TILE)
    made: Postings = loops.Postings(
        place=place,
        columns=np.zeros((tiles, len(common), loops.TILE), dtype=np.float32),
        starts=starts,
        rows=np.empty(starts[-1], dtype=np.int32),
        values=np.empty(starts[-1], dtype=np.float32),
        runs=runs,
    )
    loops.fill(by_row.indptr.astype(np.int64), by_row.indices.astype(np.int32), by_row.data, made)
    return made


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """Needs made ready: rows of features with weights, what covering the place adds in full, and the place."""

    starts: NDArray[np.int64]
    features: NDArray[np.int32]
    weights: Floats
    geography: Floats
    territories: Sequence[Territory]

    def __len__(self) -> int:
        return len(self.territories)

    def some(self, first: int, last: int) -> "Wanted":
        """The needs from `first` to before `last`."""
        held = slice(self.starts[first], self.starts[last])
        return Wanted(
            self.starts[first : last + 1] - self.starts[first],
            self.features[held],
            self.weights[held],
            self.geography[first:last],
            self.territories[first:last],
        )

    def where(self, kept: Flags) -> "Wanted":
        """The same needs with some of their features alone."""
        starts = np.concatenate([[0], np.cumsum(kept)])[self.starts]
        return Wanted(starts, self.features[kept], self.weights[kept], self.geography, self.territories)


def best(part: Rankable, wanted: Wanted, allowed: Flags, limit: int) -> Found:
    """Rows (needs x limit) with the highest scores among those `allowed` and not excluded, and these scores.

    Scores are above 0, and fall; ties of 1e-9 go by id; what is missing is -1.
    """
    scores = np.zeros((len(wanted), limit))
    rows = np.full((len(wanted), limit), -1, dtype=np.int32)
    asked, numbers = _asked(part, wanted)
    levels = np.array([part.patterns.levels(territory) for territory in numbers], dtype=np.float32)
    kernel().best(part.postings, asked, levels, allowed[: part.open_count], part.order, scores, rows)
    return rows, scores


def totals(part: Segment, wanted: Wanted) -> Floats:
    """The score of every row for one need, whatever keeps a row from being eligible."""
    scores = np.zeros(len(part.programmes))
    asked, numbers = _asked(part, wanted)
    levels = np.array([part.patterns.covered(territory) for territory in numbers], dtype=np.float32)
    kernel().totals(part.postings, asked, levels, scores)
    return scores


def _asked(part: Rankable, wanted: Wanted) -> tuple["Asked", Iterable[Territory]]:
    """The needs for the kernel, and their different places in the order that it numbers them."""
    numbers: dict[Territory, int] = {}
    places = np.array([numbers.setdefault(territory, len(numbers)) for territory in wanted.territories])
    known = wanted.where(wanted.features < len(part.postings.place))  # no row has features that came afterwards
    return kernel().Asked(known.starts, known.features, known.weights, known.geography, places), numbers


def eligible(part: Segment, alive: Flags, as_of: date | None) -> Flags:
    """Rows that are there and pass every gate but that of excluded States, which depends on the need."""
    passing = alive.copy() if as_of is None else alive & (part.ends >= as_of.toordinal())
    passing[part.open_count :] = False
    return passing


def is_eligible(part: Segment, row: int, as_of: date | None) -> bool:
    """What `eligible` says of one row that is there."""
    return row < part.open_count and (as_of is None or bool(part.ends[row] >= as_of.toordinal()))


@cache
def kernel() -> ModuleType:
    """The compiled loops; loaded on first use, for numba takes half a second."""
    from matching import kernel as loops  # noqa: PLC0415

    return loops
