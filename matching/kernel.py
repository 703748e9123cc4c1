"""The loops over pairs, compiled: the only place that knows numba. Without it they are the same plain Python.

Programmes stand in rows, in runs of one coverage; a tile of rows is added up in the processor's cache. A feature
that an eighth of the rows have is a column of numbers for every row, added up by vector instructions; the others
are lists of the rows that have them. Decision 0013 says what was measured.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

from matching.types import TIE

TILE = 4096
BLOCK = 64
SMALLEST = float(np.finfo(np.float64).tiny)
FUSED = {"contract"}  # a product and a sum in one step; the order of sums stays, so that every run gives the same
UNORDERED = {"nnan", "nsz"}  # for the largest of many, none of which is NaN
Loop = TypeVar("Loop", bound=Callable[..., Any])


class Postings(NamedTuple):
    """Rows by feature. `place` is a feature's number among the columns, or -1; `runs` are the first rows of runs.

    `columns` is tiles x columns x TILE. Feature f has `values[starts[f]:starts[f + 1]]` in `rows` of those slots.
    """

    place: NDArray[np.int32]
    columns: NDArray[np.float32]
    starts: NDArray[np.int64]
    rows: NDArray[np.int32]
    values: NDArray[np.float32]
    runs: NDArray[np.int64]


class Asked(NamedTuple):
    """Needs by row: need i has `features[starts[i]:starts[i + 1]]` with `weights` in those slots.

    `geography` is what covering the place of the need adds in full, `places` the row of that place in the levels.
    """

    starts: NDArray[np.int64]
    features: NDArray[np.int32]
    weights: NDArray[np.float64]
    geography: NDArray[np.float64]
    places: NDArray[np.int64]


def _compiled(**options: Any) -> Callable[[Loop], Loop]:
    """Compile on first use, without the interpreter's lock, kept on disk where a folder can be written."""

    def wrap(function: Loop) -> Loop:
        try:
            compiled: Loop = numba.njit(nogil=True, cache=True, **options)(function)
        except RuntimeError:  # no folder for the compiled code: each process compiles its own
            compiled = numba.njit(nogil=True, **options)(function)
        return compiled

    return wrap


@_compiled()
def fill(
    indptr: NDArray[np.int64], indices: NDArray[np.int32], values: NDArray[np.float32], into: Postings
) -> None:
    """Write rows of features (as in a CSR matrix) into empty postings whose `place` and `starts` are known."""
    at = into.starts[:-1].copy()
    for row in range(len(indptr) - 1):
        for slot in range(indptr[row], indptr[row + 1]):
            feature = indices[slot]
            place = into.place[feature]
            if place >= 0:
                into.columns[row // TILE, place, row % TILE] = values[slot]
            else:
                into.rows[at[feature]] = row
                into.values[at[feature]] = values[slot]
                at[feature] += 1


@_compiled(fastmath=FUSED)
def _add_one(total: Any, weight: Any, column: Any) -> None:
    for i in range(len(total)):
        total[i] += weight * column[i]


@_compiled(fastmath=FUSED)
def _add_four(total: Any, weights: Any, a: Any, b: Any, c: Any, d: Any) -> None:
    w, x, y, z = weights[0], weights[1], weights[2], weights[3]
    for i in range(len(total)):
        total[i] += w * a[i] + x * b[i] + y * c[i] + z * d[i]


@_compiled(fastmath=UNORDERED)
def _largest(total: Any) -> Any:
    found = total[0]
    for i in range(len(total)):
        found = max(found, total[i])
    return found


@_compiled()
def _add_columns(total: Any, columns: Any, places: Any, weights: Any) -> None:
    """Set `total` to the sum of the weighted columns of a tile."""
    total[:] = 0.0
    size, count = len(total), len(places)
    whole = count - count % 4
    for i in range(0, whole, 4):
        _add_four(
            total,
            weights[i : i + 4],
            columns[places[i], :size],
            columns[places[i + 1], :size],
            columns[places[i + 2], :size],
            columns[places[i + 3], :size],
        )
    for i in range(whole, count):
        _add_one(total, weights[i], columns[places[i], :size])


@_compiled()
def _add_listed(total: Any, low: int, part: Postings, at: Any, ends: Any, weights: Any) -> None:
    """Add the listed rows of a tile that begins at `low`; `at` moves on to where the next tile begins."""
    high = low + len(total)
    for i in range(len(at)):
        slot, end, weight = at[i], ends[i], weights[i]
        while slot < end and part.rows[slot] < low:
            slot += 1
        while slot < end and part.rows[slot] < high:
            total[part.rows[slot] - low] += weight * part.values[slot]
            slot += 1
        at[i] = slot


@_compiled()
def _split(part: Postings, asked: Asked) -> Any:
    """The needs' features as columns (number, weight) and as lists (from, to, weight), and where they begin."""
    size, count = len(asked.features), len(asked.starts) - 1
    places, heavy = np.empty(size, np.int32), np.empty(size, np.float64)
    at, ends, light = np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.float64)
    dense, listed = np.zeros(count + 1, np.int64), np.zeros(count + 1, np.int64)
    n, m = 0, 0
    for need in range(count):
        for slot in range(asked.starts[need], asked.starts[need + 1]):
            feature = asked.features[slot]
            place = part.place[feature]
            if place >= 0:
                places[n], heavy[n] = place, asked.weights[slot]
                n += 1
            else:
                at[m], ends[m], light[m] = part.starts[feature], part.starts[feature + 1], asked.weights[slot]
                m += 1
        dense[need + 1], listed[need + 1] = n, m
    return places, heavy, dense, at, ends, light, listed


@_compiled()
def _insert(scores: Any, rows: Any, order: Any, score: float, row: int) -> None:
    """Put a row into the best, which fall by score; scores of one TIE are a tie, which goes by `order`."""
    key = np.rint(score / TIE)
    low, high = 0, len(scores)
    while low < high:
        middle = (low + high) // 2
        kept = np.rint(scores[middle] / TIE)
        if rows[middle] >= 0 and (kept > key or (kept == key and order[rows[middle]] < order[row])):
            low = middle + 1
        else:
            high = middle
    for i in range(len(scores) - 1, low, -1):
        scores[i], rows[i] = scores[i - 1], rows[i - 1]
    if low < len(scores):
        scores[low], rows[low] = score, row


@_compiled()
def best(
    part: Postings,
    asked: Asked,
    levels: NDArray[np.float32],
    allowed: NDArray[np.bool_],
    order: NDArray[np.int32],
    scores: NDArray[np.float64],
    rows: NDArray[np.int32],
) -> None:
    """Write the best rows of each need and their scores into `rows` and `scores` (needs x limit).

    `levels` (places x runs) say how far each run covers each place; a run below 0 is left out. The first
    `len(allowed)` rows are looked at: they must be allowed and score above 0; `order` (one number a row) decides
    ties. Where there are fewer than asked for, rows stay -1.
    """
    places, heavy, dense, at, ends, light, listed = _split(part, asked)
    tile_total = np.empty(TILE)
    first_run = 0
    for low in range(0, len(allowed), TILE):
        high = min(low + TILE, len(allowed))
        total = tile_total[: high - low]
        while part.runs[first_run + 1] <= low:
            first_run += 1
        for need in range(len(scores)):
            used = slice(dense[need], dense[need + 1])
            _add_columns(total, part.columns[low // TILE], places[used], heavy[used])
            used = slice(listed[need], listed[need + 1])
            _add_listed(total, low, part, at[used], ends[used], light[used])
            _add_runs(total, low, part.runs, first_run, levels[asked.places[need]], asked.geography[need])
            _keep(total, low, allowed, order, scores[need], rows[need])


@_compiled(fastmath=FUSED)
def _add_runs(total: Any, low: int, runs: Any, run: int, levels: Any, geography: float) -> None:
    """Add to each row of a tile what its run adds, from the run that the tile begins in; below 0 shuts it out."""
    high = low + len(total)
    while run < len(levels) and runs[run] < high:
        begin, end = max(runs[run] - low, 0), min(runs[run + 1] - low, len(total))
        more = geography * levels[run] if levels[run] >= 0 else -np.inf
        if more:
            for row in range(begin, end):
                total[row] += more
        run += 1


@_compiled()
def _keep(total: Any, low: int, allowed: Any, order: Any, scores: Any, rows: Any) -> None:
    """Take the rows of a tile that are among the best so far; blocks below the last of them are passed by."""
    bar = _bar(scores, rows)
    for begin in range(0, len(total), BLOCK):
        block = total[begin : begin + BLOCK]
        if _largest(block) < bar:
            continue
        for row in range(low + begin, low + begin + len(block)):
            score = total[row - low]
            if score >= bar and allowed[row]:
                _insert(scores, rows, order, score, row)
                bar = _bar(scores, rows)


@_compiled()
def _bar(scores: Any, rows: Any) -> float:
    """What a score must reach to be looked at: a TIE below the last of the best, for it may tie."""
    return SMALLEST if rows[-1] < 0 else max(SMALLEST, scores[-1] - TIE)


@_compiled()
def totals(part: Postings, asked: Asked, levels: NDArray[np.float32], scores: NDArray[np.float64]) -> None:
    """Write the score of every row for the first need into `scores`, whatever keeps a row from being eligible."""
    places, heavy, dense, at, ends, light, listed = _split(part, asked)
    columns, lists = slice(0, dense[1]), slice(0, listed[1])
    for low in range(0, len(scores), TILE):
        total = scores[low : low + TILE]
        _add_columns(total, part.columns[low // TILE], places[columns], heavy[columns])
        _add_listed(total, low, part, at[lists], ends[lists], light[lists])
    _add_runs(scores, 0, part.runs, 0, levels[asked.places[0]], asked.geography[0])
