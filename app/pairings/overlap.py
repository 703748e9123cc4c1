"""Programmes that may do the same: how alike two of them are, by the ranking's own score in both directions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from math import fsum
from uuid import UUID

from app.pairings.ranking import Index, StatedNeed
from matching import Contribution, Place
from matching import Programme as Candidate
from matching.geography import Atlas, share

# Both directions reach it. On the seed data, pairs above it work on the same subject; below 0.35 few do.
OVERLAP = 0.4
NEAREST = 200


@dataclass(frozen=True, slots=True)
class Shared:
    """One feature of both programmes. `adds` of all of them sum to the similarity."""

    kind: str
    feature: str
    label: str
    one: Sequence[str]
    other: Sequence[str]
    adds: float
    declared: bool


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two programmes that share a place, a theme and a time, and why they are alike."""

    one: UUID
    other: UUID
    score: float
    shared: Sequence[Shared]
    themes: Sequence[str]
    starts_on: date | None
    ends_on: date | None


def overlaps(index: Index, programmes: Iterable[UUID]) -> list[Overlap]:
    """For each of `programmes` that the index knows, the open ones like it: the most alike first.

    Each is asked for as if it were a need, at once with the others, and of the NEAREST answers those are kept
    that share place, theme and time, and that reach OVERLAP in both directions.
    """
    atlas = Atlas(index.model.geography, index.surroundings.invented)
    asked = [_as_need(index.candidates[key]) for key in programmes if key in index.candidates]
    found: list[Overlap] = []
    for need, ranked in index.matcher.rank_all(asked, NEAREST, index.day):
        near = [UUID(key) for key, score in ranked if score >= OVERLAP and key != need.id]
        pairs = [_compared(index, atlas, UUID(need.id), other) for other in near]
        found += sorted((pair for pair in pairs if pair), key=lambda pair: (-pair.score, pair.other))
    return found


def similarity(index: Index, one: UUID, other: UUID) -> tuple[float, list[Shared]]:
    """How alike two programmes are: the mean of the scores of each for the other, and what it is the sum of."""
    there, back = _directions(index, one, other)
    shared = _merged(there, back)
    return fsum(part.adds for part in shared), shared


def _compared(index: Index, atlas: Atlas, one: UUID, other: UUID) -> Overlap | None:
    ours, theirs = index.candidates[one], index.candidates[other]
    themes = [theme for theme in ours.themes if theme in theirs.themes]
    starts_on = max((day for day in (ours.starts_on, theirs.starts_on) if day), default=None)
    ends_on = min((day for day in (ours.ends_on, theirs.ends_on) if day), default=None)
    at_once = starts_on is None or ends_on is None or starts_on <= ends_on
    if not (themes and at_once and _share_a_place(atlas, ours, theirs)):
        return None
    there, back = _directions(index, one, other)
    if min(_score(there), _score(back)) < OVERLAP:
        return None
    shared = _merged(there, back)
    return Overlap(one, other, fsum(part.adds for part in shared), shared, themes, starts_on, ends_on)


def _share_a_place(atlas: Atlas, ours: Candidate, theirs: Candidate) -> bool:
    excluded = {*ours.excluded, *theirs.excluded}
    return share(atlas.territory(ours.coverage), atlas.territory(theirs.coverage), excluded) > 0


def _directions(index: Index, one: UUID, other: UUID) -> tuple[Sequence[Contribution], Sequence[Contribution]]:
    ours, theirs = _as_need(index.candidates[one]), _as_need(index.candidates[other])
    there = index.matcher.explain(ours, str(other), index.day)
    back = index.matcher.explain(theirs, str(one), index.day)
    return there.contributions, back.contributions


def _score(contributions: Iterable[Contribution]) -> float:
    return fsum(part.weight for part in contributions)


def _merged(there: Sequence[Contribution], back: Sequence[Contribution]) -> list[Shared]:
    """Half of what each feature adds in each direction, the largest first; what adds nothing is left out."""
    ours, theirs = {part.feature: part for part in there}, {part.feature: part for part in back}
    found = [_both(ours.get(name), theirs.get(name)) for name in {**ours, **theirs}]
    return sorted((part for part in found if part.adds > 0), key=lambda part: (-part.adds, part.feature))


def _both(there: Contribution | None, back: Contribution | None) -> Shared:
    known = [part for part in (there, back) if part]
    one = [*(there.need if there else ()), *(back.programme if back else ())]
    other = [*(there.programme if there else ()), *(back.need if back else ())]
    return Shared(
        kind=known[0].kind,
        feature=known[0].feature,
        label=known[0].label,
        one=tuple(dict.fromkeys(one)),
        other=tuple(dict.fromkeys(other)),
        adds=fsum(part.weight for part in known) / 2,
        declared=any(part.declared for part in known),
    )


def _as_need(programme: Candidate) -> StatedNeed:
    """A need that says what a programme says, so that the ranking's own formula compares the two."""
    return StatedNeed(
        id=programme.id,
        title=programme.title,
        text="\n".join((programme.summary, *programme.activities)),
        language=programme.language,
        themes=programme.themes,
        dimensions=programme.dimensions,
        functions=programme.functions,
        weapons=programme.weapons,
        assistance_types=programme.assistance_types,
        recipient=programme.coverage or Place(),
    )
