"""Ranks programmes for needs under a model, explains any pair, and takes changes without a refit."""

import math
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from matching.explanation import Sides, contributions
from matching.gates import gates, passes
from matching.geography import COVERED, PARTLY, Atlas, Territory, level, share
from matching.index import (
    MERGE_AT,
    Segment,
    Statistics,
    Vocabulary,
    need_features,
    need_weights,
    programme_features,
    scores,
    segment,
    statistics,
)
from matching.model import Model
from matching.profiles import need_profile, programme_profile
from matching.types import Need, Programme, Suggestion

BLOCK = 256


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """One consistent view of the programmes; a change swaps in another, so a reader never sees half of one."""

    segments: tuple[Segment, ...]
    alive: tuple[NDArray[np.bool_], ...]
    programmes: Mapping[str, Programme]
    territories: Mapping[str, Territory]


@dataclass(frozen=True, slots=True, eq=False)
class _Query:
    """A need made ready: the weight of each feature, of geography, and where it is."""

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
        self._vocabulary = Vocabulary()
        self._lock = threading.Lock()
        listed = sorted(programmes, key=lambda programme: programme.id)
        _refuse_duplicates(listed)
        profiles = [programme_profile(programme, model) for programme in listed]
        self._statistics = statistics(profiles)
        rows = ((profile.id, programme_features(profile, self._statistics)) for profile in profiles)
        whole = segment(rows, self._vocabulary)
        self._state = _State(
            (whole,),
            (np.ones(len(listed), dtype=np.bool_),),
            {programme.id: programme for programme in listed},
            {programme.id: self._atlas.territory(programme.coverage) for programme in listed},
        )

    @property
    def statistics(self) -> Statistics:
        """What the fit counted; records changed since are scored by it until the next fit."""
        return self._statistics

    def suggest(
        self, need: Need, limit: int = 10, as_of: date | None = None, include_ineligible: bool = False
    ) -> list[Suggestion]:
        """At most `limit` programmes that score above 0, best first, ties by id, with reasons.

        Gated programmes are left out unless `include_ineligible`; they then come last with rank 0.
        """
        state, query = self._state, self._query(need)
        ranked = self._ranked(state, query)
        open_: list[str] = []
        shut: list[str] = []
        for programme_id, _ in ranked:
            eligible = passes(state.programmes[programme_id], query.territory, as_of)
            (open_ if eligible else shut).append(programme_id)
            if len(open_) >= limit and not include_ineligible:
                break
        found = [self._suggestion(state, need, query, p, rank, as_of) for rank, p in enumerate(open_[:limit], 1)]
        if include_ineligible:
            found += [self._suggestion(state, need, query, p, 0, as_of) for p in shut[:limit]]
        return found

    def explain(self, need: Need, programme_id: str, as_of: date | None = None) -> Suggestion:
        """The score of any programme for a need, gated or not; KeyError for an unknown id. Rank is 0."""
        state = self._state
        if programme_id not in state.programmes:
            raise KeyError(programme_id)
        return self._suggestion(state, need, self._query(need), programme_id, 0, as_of)

    def rank(self, need: Need, limit: int = 100, as_of: date | None = None) -> list[tuple[str, float]]:
        """(programme id, score) of what is eligible and scores above 0, best first, ties by id."""
        state, query = self._state, self._query(need)
        found: list[tuple[str, float]] = []
        for programme_id, score in self._ranked(state, query):
            if len(found) == limit:
                break
            if passes(state.programmes[programme_id], query.territory, as_of):
                found.append((programme_id, score))
        return found

    def propose_all(
        self, needs: Iterable[Need], limit: int = 10, as_of: date | None = None
    ) -> Iterator[tuple[str, list[Suggestion]]]:
        """(need id, its proposals) for each need in turn; the list is empty where nothing is proposed."""
        for need in needs:
            yield need.id, self.propose(need, limit, as_of)

    def propose(self, need: Need, limit: int = 10, as_of: date | None = None) -> list[Suggestion]:
        """The suggestions that the matcher proposes: eligible, at or above the floor, covering the place."""
        return [suggestion for suggestion in self.suggest(need, limit, as_of) if suggestion.proposed]

    def upsert(self, programme: Programme) -> None:
        """Add or replace one programme under the present statistics, without a refit."""
        features = programme_features(programme_profile(programme, self.model), self._statistics)
        territory = self._atlas.territory(programme.coverage)
        with self._lock:
            state = self._without(self._state, programme.id)
            added = segment([(programme.id, features)], self._vocabulary)
            self._state = self._merged(
                _State(
                    (*state.segments, added),
                    (*state.alive, np.ones(1, dtype=np.bool_)),
                    {**state.programmes, programme.id: programme},
                    {**state.territories, programme.id: territory},
                )
            )

    def remove(self, programme_id: str) -> None:
        """Take a programme out; nothing happens where it is not there."""
        with self._lock:
            state = self._without(self._state, programme_id)
            programmes = {key: value for key, value in state.programmes.items() if key != programme_id}
            territories = {key: value for key, value in state.territories.items() if key != programme_id}
            self._state = _State(state.segments, state.alive, programmes, territories)

    def _without(self, state: _State, programme_id: str) -> _State:
        alive = tuple(
            _switched_off(mask, part.rows[programme_id]) if programme_id in part.rows else mask
            for part, mask in zip(state.segments, state.alive, strict=True)
        )
        return _State(state.segments, alive, state.programmes, state.territories)

    def _merged(self, state: _State) -> _State:
        """Many one-row segments become one, so that ranking does not slow down with each change."""
        if len(state.segments) < MERGE_AT:
            return state
        kept = [
            programme_id
            for part, mask in zip(state.segments[1:], state.alive[1:], strict=True)
            for programme_id, live in zip(part.ids, mask, strict=True)
            if live
        ]
        rows = (
            (p, programme_features(programme_profile(state.programmes[p], self.model), self._statistics))
            for p in kept
        )
        joined = segment(rows, self._vocabulary)
        return _State(
            (state.segments[0], joined),
            (state.alive[0], np.ones(len(kept), dtype=np.bool_)),
            state.programmes,
            state.territories,
        )

    def _query(self, need: Need) -> _Query:
        profile = need_profile(need, self.model)
        territory = self._atlas.territory(need.recipient)
        weights = need_weights(profile, self._statistics, self.model.weights, territory.is_known)
        return _Query(need_features(profile, self._statistics, weights), weights["geography"], territory)

    def _ranked(self, state: _State, query: _Query) -> list[tuple[str, float]]:
        numbers = {self._vocabulary.get(feature): weight for feature, weight in query.features.items()}
        known = {number: weight for number, weight in numbers.items() if number is not None}
        found: list[tuple[str, float]] = []
        for part, mask in zip(state.segments, state.alive, strict=True):
            total = scores(part, known)
            if query.geography:
                total = total + query.geography * self._levels(state, part, query.territory)
            chosen = np.flatnonzero(mask & (total > 0))
            found.extend((part.ids[row], float(total[row])) for row in chosen)
        return sorted(found, key=lambda pair: (-round(pair[1], 12), pair[0]))

    def _levels(self, state: _State, part: Segment, territory: Territory) -> NDArray[np.float64]:
        return np.array(
            [
                self._level(state, programme_id, territory) if programme_id in state.programmes else 0.0
                for programme_id in part.ids
            ]
        )

    def _level(self, state: _State, programme_id: str, territory: Territory) -> float:
        """Geography from 0 to 1; a half where the programme does not say where it works."""
        offered = state.territories[programme_id]
        if not offered.is_known:
            return PARTLY
        return min(COVERED, level(share(territory, offered, state.programmes[programme_id].excluded)))

    def _suggestion(
        self, state: _State, need: Need, query: _Query, programme_id: str, rank: int, as_of: date | None
    ) -> Suggestion:
        programme = state.programmes[programme_id]
        held = programme_features(programme_profile(programme, self.model), self._statistics)
        covered = self._level(state, programme_id, query.territory)
        sides = Sides(need, programme, query.territory, state.territories[programme_id])
        parts = {f: weight * held[f] for f, weight in query.features.items() if f in held}
        found = contributions(sides, parts, query.geography * covered, covered, self.model, self._atlas)
        checks = gates(programme, query.territory, as_of)
        score = min(1.0, math.fsum(part.weight for part in found))
        proposed = all(gate.passed for gate in checks) and self._reaches_floor(score, query, covered)
        return Suggestion(programme_id, rank, score, proposed, found, checks, self.model.name)

    def _reaches_floor(self, score: float, query: _Query, covered: float) -> bool:
        """The score reaches the floor, and without geography its own floor; a known place must be covered."""
        if query.geography and not covered:
            return False
        rest = score - query.geography * covered
        return score >= self.model.floor and rest >= self.model.floor_without_geography


def _refuse_duplicates(listed: list[Programme]) -> None:
    for one, other in pairwise(listed):
        if one.id == other.id:
            raise ValueError(f"two programmes have the id {one.id!r}; ids must differ")


def _switched_off(mask: NDArray[np.bool_], row: int) -> NDArray[np.bool_]:
    changed = mask.copy()
    changed[row] = False
    return changed
