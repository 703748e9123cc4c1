"""Ranks programmes for needs under a model, explains any pair, and takes changes without a refit."""

import math
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np

from matching.explanation import Explainer, Sides
from matching.features import Statistics, need_features, need_weights, programme_features, statistics
from matching.gates import gates
from matching.geography import Atlas, Territory, closeness
from matching.index import Flags, Row, Segment, Vocabulary, best, eligible, places, scores, segment
from matching.model import Model
from matching.profiles import Profile, need_profile, programme_profile
from matching.types import Need, Programme, Suggestion

MERGE_AT = 64


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """One consistent view of the programmes; a change swaps in another, so a reader never sees half of one."""

    segments: tuple[Segment, ...]
    alive: tuple[Flags, ...]

    def find(self, programme_id: str) -> tuple[Segment, int]:
        """Where a programme is; KeyError where it is not."""
        for part, mask in zip(reversed(self.segments), reversed(self.alive), strict=True):
            row = part.rows.get(programme_id)
            if row is not None and mask[row]:
                return part, row
        raise KeyError(programme_id)


@dataclass(frozen=True, slots=True, eq=False)
class _Query:
    """A need made ready: the weight of each feature, of geography, and where it is."""

    need: Need
    features: Mapping[str, float]
    geography: float
    territory: Territory


class Matcher:
    """Fitted once on programmes; ranks any number of needs. Readers may run beside one writer."""

    def __init__(
        self, programmes: Iterable[Programme], model: Model, extra_countries: Mapping[str, str] | None = None
    ) -> None:
        """`extra_countries`: user-assigned code to M49 subregion. Raises ValueError for a repeated id."""
        self.model = model
        self._atlas = Atlas(model.geography, extra_countries)
        self._explainer = Explainer(model, self._atlas)
        self._vocabulary = Vocabulary()
        self._lock = threading.Lock()
        listed = sorted(programmes, key=lambda programme: programme.id)
        _refuse_duplicates(listed)
        profiles = [programme_profile(programme, model) for programme in listed]
        self._statistics = statistics(profiles)
        rows = (self._row(programme, profile) for programme, profile in zip(listed, profiles, strict=True))
        self._state = _State((segment(rows, self._vocabulary),), (np.ones(len(listed), dtype=np.bool_),))

    @property
    def statistics(self) -> Statistics:
        """What the fit counted; records changed since are scored by it until the next fit."""
        return self._statistics

    def suggest(
        self, need: Need, limit: int = 10, as_of: date | None = None, include_ineligible: bool = False
    ) -> list[Suggestion]:
        """At most `limit` programmes that score above 0, best first, ties by id, with reasons.

        Gated programmes are left out unless `include_ineligible`; at most `limit` of them then come last, with
        rank 0.
        """
        state, query = self._state, self._query(need)
        found = [
            self._suggestion(state, query, programme_id, rank, as_of)
            for rank, (programme_id, _) in enumerate(self._ranked(state, query, limit, as_of, True), 1)
        ]
        if include_ineligible:
            shut = self._ranked(state, query, limit, as_of, False)
            found += [self._suggestion(state, query, programme_id, 0, as_of) for programme_id, _ in shut]
        return found

    def explain(self, need: Need, programme_id: str, as_of: date | None = None) -> Suggestion:
        """The score of any programme for a need, gated or not; KeyError for an unknown id. Rank is 0."""
        return self._suggestion(self._state, self._query(need), programme_id, 0, as_of)

    def rank(self, need: Need, limit: int = 100, as_of: date | None = None) -> list[tuple[str, float]]:
        """(programme id, score) of what is eligible and scores above 0, best first, ties by id."""
        return self._ranked(self._state, self._query(need), limit, as_of, True)

    def propose(self, need: Need, limit: int = 10, as_of: date | None = None) -> list[Suggestion]:
        """The suggestions that the matcher proposes: eligible, at or above the floors, covering the place."""
        return [suggestion for suggestion in self.suggest(need, limit, as_of) if suggestion.proposed]

    def propose_all(
        self, needs: Iterable[Need], limit: int = 10, as_of: date | None = None
    ) -> Iterator[tuple[str, list[Suggestion]]]:
        """(need id, its proposals) for each need in turn; the list is empty where nothing is proposed."""
        for need in needs:
            yield need.id, self.propose(need, limit, as_of)

    def multiply_adds(self, need: Need) -> int:
        """How many products the score of one need over all programmes takes: a measure for benchmarks."""
        numbers = (self._vocabulary.get(feature) for feature in self._query(need).features)
        known = [number for number in numbers if number is not None]
        return sum(
            int(np.diff(part.by_feature.indptr)[[n for n in known if n + 1 < len(part.by_feature.indptr)]].sum())
            for part in self._state.segments
        )

    def upsert(self, programme: Programme) -> None:
        """Add or replace one programme under the present statistics, without a refit."""
        row = self._row(programme, programme_profile(programme, self.model))
        with self._lock:
            kept = _without(self._state, programme.id)
            added = segment([row], self._vocabulary)
            self._state = self._merged(_State((*kept.segments, added), (*kept.alive, np.ones(1, dtype=np.bool_))))

    def remove(self, programme_id: str) -> None:
        """Take a programme out; nothing happens where it is not there."""
        with self._lock:
            self._state = _without(self._state, programme_id)

    def _row(self, programme: Programme, profile: Profile) -> Row:
        features = programme_features(profile, self._statistics)
        return Row(programme, features, self._atlas.territory(programme.coverage))

    def _merged(self, state: _State) -> _State:
        """Many one-row segments become one, so that ranking does not slow down with each change."""
        if len(state.segments) < MERGE_AT:
            return state
        kept = [
            programme
            for part, mask in zip(state.segments[1:], state.alive[1:], strict=True)
            for programme, live in zip(part.programmes, mask, strict=True)
            if live
        ]
        kept.sort(key=lambda programme: programme.id)
        rows = (self._row(programme, programme_profile(programme, self.model)) for programme in kept)
        joined = segment(rows, self._vocabulary)
        return _State((state.segments[0], joined), (state.alive[0], np.ones(len(kept), dtype=np.bool_)))

    def _query(self, need: Need) -> _Query:
        profile = need_profile(need, self.model)
        territory = self._atlas.territory(need.recipient)
        weights = need_weights(profile, self._statistics, self.model.weights, territory.is_known)
        features = need_features(profile, self._statistics, weights)
        return _Query(need, features, weights["geography"], territory)

    def _ranked(
        self, state: _State, query: _Query, limit: int, as_of: date | None, open_: bool
    ) -> list[tuple[str, float]]:
        """(id, score) of the eligible (or, if not `open_`, of the gated) that score above 0."""
        numbers = ((self._vocabulary.get(feature), weight) for feature, weight in query.features.items())
        known = {number: weight for number, weight in numbers if number is not None}
        found: list[tuple[str, float]] = []
        for part, alive in zip(state.segments, state.alive, strict=True):
            levels, admitted = places(part, query.territory)
            total = scores(part, known)
            if query.geography:
                total += query.geography * levels
            passing = eligible(part, alive, admitted, as_of)
            chosen = passing if open_ else alive & ~passing
            found.extend((part.programmes[row].id, float(total[row])) for row in best(chosen, total, limit))
        return sorted(found, key=lambda pair: (-round(pair[1], 9), pair[0]))[:limit]

    def _suggestion(
        self, state: _State, query: _Query, programme_id: str, rank: int, as_of: date | None
    ) -> Suggestion:
        part, row = state.find(programme_id)
        programme = part.programmes[row]
        offered, excluded = part.patterns[part.pattern_of[row]]
        covered, _ = closeness(query.territory, offered, excluded)
        sides = Sides(query.need, programme, query.territory, offered)
        parts = self._parts(part, row, query)
        found = self._explainer.contributions(sides, parts, query.geography * covered, covered)
        checks = gates(programme, query.territory, as_of)
        score = min(1.0, math.fsum(one.weight for one in found))
        proposed = all(gate.passed for gate in checks) and self._reaches_floor(score, query, covered)
        return Suggestion(programme_id, rank, score, proposed, found, checks, self.model.name)

    def _parts(self, part: Segment, row: int, query: _Query) -> dict[str, float]:
        """What each feature of the need adds for one programme."""
        held = slice(part.by_row.indptr[row], part.by_row.indptr[row + 1])
        values = dict(zip(part.by_row.indices[held].tolist(), part.by_row.data[held].tolist(), strict=True))
        numbers = ((feature, self._vocabulary.get(feature), w) for feature, w in query.features.items())
        return {feature: w * values[n] for feature, n, w in numbers if n is not None and n in values}

    def _reaches_floor(self, score: float, query: _Query, covered: float) -> bool:
        """The score reaches the floor, and without geography its own floor; a known place must be covered."""
        if query.geography and not covered:
            return False
        rest = score - query.geography * covered
        return score >= self.model.floor and rest >= self.model.floor_without_geography


def _without(state: _State, programme_id: str) -> _State:
    alive = tuple(
        _switched_off(mask, part.rows[programme_id]) if programme_id in part.rows else mask
        for part, mask in zip(state.segments, state.alive, strict=True)
    )
    return _State(state.segments, alive)


def _switched_off(mask: Flags, row: int) -> Flags:
    changed = mask.copy()
    changed[row] = False
    return changed


def _refuse_duplicates(listed: list[Programme]) -> None:
    for one, other in pairwise(listed):
        if one.id == other.id:
            raise ValueError(f"two programmes have the id {one.id!r}; ids must differ")
