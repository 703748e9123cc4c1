"""Programmes cut into shards that one worker ranks at a time, with the result of all of them at once.

A shard is made of whole tiles, and of columns that were decided on over all rows, so that each score is added up
in the same order as in one piece: to the last bit the same.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from matching.geography import Pattern, Patterns
from matching.index import Flags, Floats, Found, Rankable, Segment, Wanted, best, kernel, postings
from matching.types import TIE

Offered = Sequence[tuple[Segment, Flags]]


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Rows of one segment as they travel: features, those that are columns, runs of coverage.

    `places` are the rows' places among all programmes by id, `allowed` those that may be ranked.
    """

    by_row: csr_array
    common: NDArray[np.int64]
    patterns: tuple[Pattern, ...]
    runs: NDArray[np.int64]
    places: NDArray[np.int32]
    allowed: Flags

    @property
    def nbytes(self) -> int:
        arrays = (self.by_row.data, self.by_row.indices, self.by_row.indptr, self.places, self.allowed)
        return sum(array.nbytes for array in arrays)


@dataclass(frozen=True, slots=True, eq=False)
class Shard:
    """Pieces made ready for the kernel, each with the rows that may be ranked."""

    parts: tuple[tuple[Rankable, Flags], ...]

    @property
    def nbytes(self) -> int:
        return sum(array.nbytes for part, _ in self.parts for array in part.postings)


def placed(offered: Offered) -> tuple[list[str], list[NDArray[np.int32]]]:
    """The ids of programmes in order, and for each segment the places of its open rows in that order."""
    ids = [programme.id for part, _ in offered for programme in part.programmes[: part.open_count]]
    by_id = sorted(range(len(ids)), key=ids.__getitem__)
    places = np.empty(len(ids), dtype=np.int32)
    places[by_id] = np.arange(len(ids), dtype=np.int32)
    ends = list(accumulate(part.open_count for part, _ in offered))
    return [ids[row] for row in by_id], np.split(places, ends[:-1])


def cut(offered: Offered, places: Sequence[NDArray[np.int32]], size: int) -> Iterator[list[Piece]]:
    """Pieces for one shard at a time, of at most `size` rows together (or one tile); small segments share one."""
    gathered: list[Piece] = []
    for (part, allowed), of in zip(offered, places, strict=True):
        for piece in _pieces(part, allowed, of, size):
            if gathered and sum(len(one.places) for one in gathered) + len(piece.places) > size:
                yield gathered
                gathered = []
            gathered.append(piece)
    if gathered:
        yield gathered


def shard(pieces: Iterable[Piece]) -> Shard:
    """Make pieces ready to be ranked."""
    return Shard(tuple((_rankable(piece), piece.allowed) for piece in pieces))


def best_of_shard(made: Shard, wanted: Wanted, limit: int) -> Found:
    """Places (needs x limit) of the best programmes of a shard and their scores; what is missing is -1."""
    found = []
    for part, allowed in made.parts:
        rows, scores = best(part, wanted, allowed, limit)
        found.append((np.where(rows >= 0, part.order[rows], np.int32(-1)), scores))
    return best_of(found, limit)


def best_of(found: Sequence[Found], limit: int) -> Found:
    """The best of several: scores fall, and ties go by place."""
    if len(found) == 1:
        return found[0]
    places = np.hstack([some for some, _ in found])
    scores: Floats = np.hstack([some for _, some in found])
    falling = np.where(places >= 0, -np.rint(scores / TIE), np.inf)
    chosen = np.lexsort((places, falling), axis=1)[:, :limit]
    return np.take_along_axis(places, chosen, axis=1), np.take_along_axis(scores, chosen, axis=1)


def _pieces(part: Segment, allowed: Flags, places: NDArray[np.int32], size: int) -> Iterator[Piece]:
    """Only open rows are ranked, so that only these travel, and of them none where a whole piece is shut."""
    tile = kernel().TILE
    step = max(1, size // tile) * tile
    for low in range(0, part.open_count, step):
        high = min(low + step, part.open_count)
        if allowed[low:high].any():
            yield _piece(part, allowed, places, low, high)


def _piece(part: Segment, allowed: Flags, places: NDArray[np.int32], low: int, high: int) -> Piece:
    runs, width = part.postings.runs, len(part.postings.place)
    first, last = part.pattern_of[low], part.pattern_of[high - 1] + 1
    rows = part.by_row[low:high]
    held = rows.indices.astype(np.int32), rows.indptr.astype(np.int32)
    return Piece(
        by_row=csr_array((rows.data, *held), (high - low, width)),
        common=np.flatnonzero(part.postings.place >= 0),
        patterns=part.patterns.listed[first:last],
        runs=np.clip(runs[first : last + 1] - low, 0, high - low),
        places=places[low:high],
        allowed=allowed[low:high],
    )


def _rankable(piece: Piece) -> Rankable:
    return Rankable(
        patterns=Patterns(piece.patterns),
        postings=postings(piece.by_row, piece.runs, piece.common),
        order=piece.places,
        open_count=len(piece.places),
    )
