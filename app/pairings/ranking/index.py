"""The programmes as they were at one audit event, ready to be ranked for any need."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import fsum
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from app.pairings.ranking.rows import Surroundings
from app.programmes.models import ProgrammeKind
from matching import Matcher, Model, Suggestion
from matching import Need as StatedNeed
from matching import Programme as Candidate
from matching.learning import reweighted
from matching.matcher import Ranked

PROPOSED = 10


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """It never changes: an update makes another one, so that who reads it is never disturbed."""

    matcher: Matcher
    candidates: Mapping[UUID, Candidate]
    surroundings: Surroundings
    seen: int
    changed: int = 0
    full: frozenset[UUID] = frozenset()

    @property
    def day(self) -> date:
        return self.surroundings.day

    @property
    def model(self) -> Model:
        return self.matcher.model

    def under(self, model: Model) -> "Index":
        """The same programmes under another model of the same knowledge, without fitting anew."""
        placed = replace(model, geography=self.model.geography)
        return replace(self, matcher=reweighted(self.matcher, placed))

    def suggest(self, need: StatedNeed, limit: int, include_ineligible: bool = False) -> list[Suggestion]:
        """Programmes for a need, best first; with those that a gate shuts out last where they are asked for."""
        found = self.matcher.suggest(need, limit, self.day, include_ineligible)
        return [one for one in found if one.rank or self._kind(UUID(one.programme_id)) != ProgrammeKind.FUND]

    def propose(self, need: StatedNeed, ranked: Ranked | None = None) -> list[Suggestion]:
        """What is proposed for a need: at most ten, eligible and above the floor; `ranked` where known ahead."""
        return self.matcher.propose(need, PROPOSED, self.day, ranked)

    def gaining(self, needs: Iterable[StatedNeed], programme_id: UUID) -> list[StatedNeed]:
        """The needs for which a programme is one of the ten that could be proposed; all are ranked at once."""
        ranked = self.matcher.rank_all(needs, PROPOSED, self.day)
        return [need for need, best in ranked if any(found == str(programme_id) for found, _ in best)]

    def explain(self, need: StatedNeed, programme_id: UUID) -> Suggestion | None:
        """The score of any programme, gated or not, with its reasons; None for one that is not known here."""
        known = programme_id in self.candidates
        return self.matcher.explain(need, str(programme_id), self.day) if known else None

    def scores(self, needs: Sequence[StatedNeed], programme_ids: Sequence[UUID]) -> NDArray[np.float64]:
        """Scores of some programmes for some needs (needs x programmes), 0 where a gate shuts one out."""
        return self.matcher.scores(needs, [str(each) for each in programme_ids], self.day)

    def place(self, need: StatedNeed, programme_id: UUID) -> int:
        """The rank of a programme among all that are eligible; 0 for one that has none."""
        everything = self.matcher.rank(need, len(self.candidates), self.day)
        return next((n for n, (key, _) in enumerate(everything, 1) if key == str(programme_id)), 0)

    def why_not(self, suggestion: Suggestion) -> list[str]:
        """In words, what keeps a programme from being proposed; nothing where it would be."""
        found = [gate.detail for gate in suggestion.gates if not gate.passed]
        elsewhere = fsum(part.weight for part in suggestion.contributions if part.kind != "geography")
        if suggestion.score < self.model.floor:
            found.append(f"its score {suggestion.score:.3f} is below the floor {self.model.floor:g}")
        if elsewhere < self.model.floor_without_geography:
            least = self.model.floor_without_geography
            found.append(f"without geography it scores {elsewhere:.3f}, below the floor {least:g} for that")
        if not (found or suggestion.proposed):
            found.append("it does not cover the recipient")
        if suggestion.rank > PROPOSED:
            found.append(f"it ranks {suggestion.rank}, and at most {PROPOSED} are proposed")
        return found

    def ways_to_pay(self, need: StatedNeed, limit: int) -> list[Suggestion]:
        """Funds that no other gate shuts out, best first: shown apart and never proposed."""
        funds = [key for key in self.candidates if self._kind(key) == ProgrammeKind.FUND]
        explained = [self.matcher.explain(need, str(key), self.day) for key in funds]
        fitting = [
            one
            for one in explained
            if one.score > 0 and all(gate.passed or gate.gate == "fund" for gate in one.gates)
        ]
        return sorted(fitting, key=lambda one: (-one.score, one.programme_id))[:limit]

    def _kind(self, programme_id: UUID) -> str:
        return self.candidates[programme_id].kind
