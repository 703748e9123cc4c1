"""Ranks programmes for needs under a model, explains any pair, and takes changes without a refit."""

import math
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from itertools import islice, pairwise

import numpy as np
from scipy.sparse import csr_array

from matching.explanation import Explainer, Sides
from matching.features import Profiles, Statistics, need_values, programme_values, statistics
from matching.gates import gates
from matching.geography import Atlas, Pattern, closeness
from matching.index import Flags, Floats, Segment, Vocabulary, Wanted, best, eligible, is_eligible, segment, totals
from matching.model import GROUPS, Model
from matching.readers import Readers
from matching.state import State, fitted
from matching.types import TIE, Need, Programme, Suggestion

BLOCK = 256
PORTION = 16_384
MANY = 1_000
GEOGRAPHY = GROUPS.index("geography")
Ranked = list[tuple[str, float]]


class Matcher:
    """Fitted once on programmes; ranks any number of needs. Readers may run beside one writer."""

    def __init__(
        self,
        programmes: Iterable[Programme],
        model: Model,
        extra_countries: Mapping[str, str] | None = None,
        readers: Readers | None = None,
    ) -> None:
        """`extra_countries`: user-assigned code to M49 subregion; `readers`: processes that read the texts.

        Raises ValueError for a repeated id.
        """
        self.model = model
        self._atlas = Atlas(model.geography, extra_countries)
        self._explainer = Explainer(model, self._atlas)
        self._vocabulary = Vocabulary()
        self._lock = threading.Lock()
        listed = sorted(programmes, key=lambda programme: programme.id)
        _refuse_duplicates(listed)
        profiles = (readers or Readers(model)).programmes(listed)
        self._statistics = statistics(profiles)
        self._state = fitted(self._segment(listed, profiles))

    @property
    def statistics(self) -> Statistics:
        """What the fit counted; records changed since are scored by it until the next fit."""
        return self._statistics

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The programmes as they are scored: the first segment is the fit's, the others are of changes since."""
        return self._state.segments

    def feature(self, column: int) -> str:
        """The feature in a column of the segments."""
        return self._vocabulary.name(column)

    def suggest(
        self, need: Need, limit: int = 10, as_of: date | None = None, include_ineligible: bool = False
    ) -> list[Suggestion]:
        """At most `limit` programmes that score above 0, best first, ties by id, with reasons.

        Gated programmes are left out unless `include_ineligible`; at most `limit` of them then come last, with
        rank 0.
        """
        state, asked = self._state, self.asked([need])
        open_ = self._best(state, asked, limit, as_of)[0]
        places = [(rank, one) for rank, (one, _) in enumerate(open_, 1)]
        if include_ineligible:
            places += [(0, one) for one, _ in self._sorted(state, asked, limit, as_of, is_open=False)]
        return list(self._suggestions(state, need, asked, places, as_of))

    def explain(self, need: Need, programme_id: str, as_of: date | None = None) -> Suggestion:
        """The score of any programme for a need, gated or not; KeyError for an unknown id. Rank is 0."""
        return self._suggestion(self._state, need, self.asked([need]), programme_id, 0, as_of)

    def scores(self, needs: Sequence[Need], programme_ids: Sequence[str], as_of: date | None = None) -> Floats:
        """Scores of some programmes for some needs (needs x programmes), 0 where a gate shuts one out.

        Raises KeyError for an unknown id.
        """
        state, asked = self._state, self.asked(needs)
        shape = len(needs), len(self._vocabulary)
        wanted = csr_array((asked.weights, asked.features, asked.starts), shape)
        found = np.empty((len(needs), len(programme_ids)))
        for n, programme_id in enumerate(programme_ids):
            part, row = state.find(programme_id)
            held = slice(part.by_row.indptr[row], part.by_row.indptr[row + 1])
            values = np.zeros(shape[1])
            values[part.by_row.indices[held]] = part.by_row.data[held]
            pattern, is_open = part.pattern_of[row], is_eligible(part, row, as_of)
            levels = np.array([part.patterns.levels(territory)[pattern] for territory in asked.territories])
            passing = (levels >= 0) & is_open
            found[:, n] = np.where(passing, np.minimum(wanted @ values + asked.geography * levels, 1.0), 0.0)
        return found

    def rank(self, need: Need, limit: int = 100, as_of: date | None = None) -> Ranked:
        """(programme id, score) of what is eligible and scores above 0, best first, ties by id."""
        return self._best(self._state, self.asked([need]), limit, as_of)[0]

    def rank_all(
        self,
        needs: Iterable[Need],
        limit: int = 10,
        as_of: date | None = None,
        threads: int = 1,
        readers: Readers | None = None,
    ) -> Iterator[tuple[Need, Ranked]]:
        """(need, what `rank` gives for it) for each need in turn; many are read and scored at once."""
        state = self._state
        for some in portions(needs, PORTION):
            asked = self.asked(some, readers)
            blocks = [asked.some(first, min(first + BLOCK, len(some))) for first in range(0, len(some), BLOCK)]
            with ThreadPoolExecutor(threads) as pool:
                for first, found in enumerate(
                    pool.map(lambda block: self._best(state, block, limit, as_of), blocks)
                ):
                    yield from zip(some[first * BLOCK :], found, strict=False)

    def propose(
        self, need: Need, limit: int = 10, as_of: date | None = None, ranked: Ranked | None = None
    ) -> list[Suggestion]:
        """The suggestions that the matcher proposes: eligible, at or above the floors, covering the place.

        `ranked` is what `rank` gave for the need and limit, where it is known already; programmes that were taken
        out since are left out.
        """
        state, asked = self._state, self.asked([need])
        found = self._best(state, asked, limit, as_of)[0] if ranked is None else ranked
        likely = [
            (rank, one)
            for rank, (one, score) in enumerate(found, 1)
            if score >= self.model.floor - TIE and state.holds(one)
        ]
        explained = self._suggestions(state, need, asked, likely, as_of)
        return [suggestion for suggestion in explained if suggestion.proposed]

    def asked(self, needs: Sequence[Need], readers: Readers | None = None) -> Wanted:
        """Needs as rows of weighted features; those that no programme has ever had are left out."""
        profiles = (readers or Readers(self.model)).needs(needs)
        territories = [self._atlas.territory(need.recipient) for need in needs]
        placed = np.array([territory.is_known for territory in territories], dtype=np.bool_)
        weights, groups = need_values(profiles, self._statistics, self.model.weights, placed)
        columns = self._vocabulary.find(profiles.names)[profiles.columns]
        wanted = Wanted(profiles.starts, columns, weights, groups[:, GEOGRAPHY], territories)
        return wanted.where(columns >= 0)

    def offered(self, as_of: date | None = None) -> list[tuple[Segment, Flags]]:
        """The programmes at this moment in segments, with the rows that are there and pass their own gates."""
        state = self._state
        return [
            (part, eligible(part, alive, as_of)) for part, alive in zip(state.segments, state.alive, strict=True)
        ]

    def upsert(self, programme: Programme) -> None:
        """Add or replace one programme under the present statistics, without a refit."""
        profiles = Readers(self.model).programmes([programme])
        with self._lock:
            self._state = self._state.without(programme.id).beside(self._segment([programme], profiles))

    def remove(self, programme_id: str) -> None:
        """Take a programme out; nothing happens where it is not there."""
        with self._lock:
            self._state = self._state.without(programme_id)

    def _segment(self, listed: Sequence[Programme], profiles: Profiles) -> Segment:
        columns = self._vocabulary.number(profiles.names)[profiles.columns]
        values = programme_values(profiles, self._statistics)
        shape = len(listed), len(self._vocabulary)
        return segment(
            listed,
            csr_array((values, columns, profiles.starts.astype(np.int32)), shape),
            [*map(self._pattern, listed)],
        )

    def _pattern(self, programme: Programme) -> Pattern:
        return self._atlas.territory(programme.coverage), frozenset(programme.excluded)

    def _best(self, state: State, asked: Wanted, limit: int, as_of: date | None) -> list[Ranked]:
        """For each need (id, score) of the eligible that score above 0, best first, ties by id."""
        if not 0 < limit <= MANY:
            return [self._sorted(state, asked.some(n, n + 1), limit, as_of) for n in range(len(asked))]
        found: list[Ranked] = [[] for _ in asked.territories]
        for part, alive in zip(state.segments, state.alive, strict=True):
            rows, scores = best(part, asked, eligible(part, alive, as_of), limit)
            ids = part.ids
            for ranked, of, at in zip(found, rows.tolist(), scores.tolist(), strict=True):
                count = limit if of[-1] >= 0 else of.index(-1)
                ranked += zip([ids[row] for row in of[:count]], at, strict=False)
        return found if len(state.segments) == 1 else [sorted(ranked, key=_place)[:limit] for ranked in found]

    def _sorted(self, state: State, asked: Wanted, limit: int, as_of: date | None, is_open: bool = True) -> Ranked:
        """(id, score) of all eligible (or, if not `is_open`, of the gated) for one need that score above 0."""
        found: Ranked = []
        for part, alive in zip(state.segments, state.alive, strict=True):
            admitted = part.patterns.levels(asked.territories[0])[part.pattern_of] >= 0
            passing = eligible(part, alive, as_of) & admitted
            scores = totals(part, asked)
            rows = np.flatnonzero((passing if is_open else alive & ~passing) & (scores > 0))
            found += [(part.ids[row], float(scores[row])) for row in rows]
        return sorted(found, key=_place)[:limit]

    def _suggestions(
        self, state: State, need: Need, asked: Wanted, places: Iterable[tuple[int, str]], as_of: date | None
    ) -> Iterator[Suggestion]:
        """The programmes at some places, explained; the need is gone through once for all of them."""
        self._explainer.hear(need, map(self._vocabulary.name, asked.features.tolist()))
        return (self._suggestion(state, need, asked, one, rank, as_of) for rank, one in places)

    def _suggestion(
        self, state: State, need: Need, asked: Wanted, programme_id: str, rank: int, as_of: date | None
    ) -> Suggestion:
        part, row = state.find(programme_id)
        programme, territory, geography = part.programmes[row], asked.territories[0], float(asked.geography[0])
        offered, excluded = part.patterns.listed[part.pattern_of[row]]
        covered, _ = closeness(territory, offered, excluded)
        sides = Sides(need, programme, territory, offered)
        parts = self._parts(part, row, asked)
        found = self._explainer.contributions(sides, parts, geography * covered, covered)
        checks = gates(programme, territory, as_of)
        score = min(1.0, math.fsum(one.weight for one in found))
        proposed = all(gate.passed for gate in checks) and self._reaches_floor(score, geography, covered)
        return Suggestion(programme_id, rank, score, proposed, found, checks, self.model.name)

    def _parts(self, part: Segment, row: int, asked: Wanted) -> dict[str, float]:
        """What each feature of the need adds for one programme."""
        rows, weights = part.by_row, dict(zip(asked.features.tolist(), asked.weights.tolist(), strict=True))
        held = slice(rows.indptr[row], rows.indptr[row + 1])
        values = zip(rows.indices[held].tolist(), rows.data[held].tolist(), strict=True)
        return {self._vocabulary.name(n): weights[n] * value for n, value in values if n in weights}

    def _reaches_floor(self, score: float, geography: float, covered: float) -> bool:
        """The score reaches the floor, and without geography its own floor; a known place must be covered."""
        if geography and not covered:
            return False
        rest = score - geography * covered
        return score >= self.model.floor and rest >= self.model.floor_without_geography


def _place(ranked: tuple[str, float]) -> tuple[float, str]:
    """Best first; scores that differ by less than the limit of a tie are a tie, which goes by id."""
    return -np.rint(ranked[1] / TIE), ranked[0]


def portions(needs: Iterable[Need], size: int) -> Iterator[list[Need]]:
    """Needs in lists of `size`, the last one shorter; they are taken when asked for."""
    every = iter(needs)
    while some := list(islice(every, size)):
        yield some


def _refuse_duplicates(listed: list[Programme]) -> None:
    for one, other in pairwise(listed):
        if one.id == other.id:
            raise ValueError(f"two programmes have the id {one.id!r}; ids must differ")
