"""Learns weights of the feature groups from decided pairs. It makes candidate models; it puts none in force."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum

import numpy as np
from scipy.stats import rankdata

from matching.features import Statistics, named, need_values, pack, programme_values, similarities
from matching.geography import Atlas, closeness
from matching.matcher import Matcher
from matching.model import GROUPS, Model
from matching.profiles import need_profile, programme_profile
from matching.regression import (
    Foretold,
    Judged,
    Numbers,
    Table,
    best_spread,
    chances,
    fit,
    held_out,
    scored,
    standard_error,
    surprises,
)
from matching.types import Need, Programme

LEAST_DECISIONS = 10
LEAST_OF_EACH = 3
STANDS_OUT = 3.0
LEAST_OF_AN_OFFICER = 5


class TooFewDecisions(ValueError):
    """There is not enough to learn from; the message says what is there and what is needed."""


@dataclass(frozen=True, slots=True)
class Example:
    """One decided pair: by group, how alike its sides are and how far the need has the group at all."""

    need: str
    officer: str
    accepted: bool
    similarity: tuple[float, ...]
    present: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """How well scores foretell decisions that they were not learnt from.

    `auc`: the chance that an accepted pair scores above a rejected one. `log_loss`: the mean surprise, in nats.
    `precision`: the share accepted in the half that scores highest.
    """

    auc: float
    log_loss: float
    precision: float


@dataclass(frozen=True, slots=True)
class OfficerFigures:
    """One officer's decisions beside what those of the others would lead one to expect.

    `leaning` is how many standard errors more (or, below 0, fewer) pairs are accepted than expected; `surprise`
    how many standard errors less predictable they are than decisions at these chances would be.
    """

    officer: str
    decisions: int
    accepted: int
    expected: float
    leaning: float
    surprise: float

    @property
    def stands_out(self) -> bool:
        return abs(self.leaning) > STANDS_OUT or self.surprise > STANDS_OUT


@dataclass(frozen=True, slots=True)
class Learned:
    """New weights and a floor, with what they rest on. `spread` is how far the prior lets a weight move.

    `gain` is by how much log loss falls on held-out decisions, `gain_error` its standard error. A spread of 0 says
    that the decisions gave no reason to move.
    """

    weights: Mapping[str, float]
    floor: float
    spread: float
    decisions: int
    accepted: int
    present: Figures
    candidate: Figures
    gain: float
    gain_error: float
    officers: tuple[OfficerFigures, ...]


class Measure:
    """Turns pairs into examples: similarities by group, as the explanation of their score adds them up."""

    def __init__(self, known: Statistics, model: Model, extra_countries: Mapping[str, str] | None = None) -> None:
        """`known` is what the matcher in force counted, `extra_countries` what it was given."""
        self._known, self._model = known, model
        self._atlas = Atlas(model.geography, extra_countries)

    def example(self, need: Need, programme: Programme, officer: str, accepted: bool) -> Example:
        """The pair as one decision on it; texts and codes are those of the records given."""
        asked, wanted = pack([need_profile(need, self._model)]), self._atlas.territory(need.recipient)
        offers = pack([programme_profile(programme, self._model)])
        held = named(offers, programme_values(offers, self._known))
        even = dict.fromkeys(GROUPS, 1.0)
        _, present = need_values(asked, self._known, even, np.array([wanted.is_known]))
        alike = similarities(asked, self._known, held)
        if wanted.is_known:
            offered = self._atlas.territory(programme.coverage)
            alike["geography"] = closeness(wanted, offered, frozenset(programme.excluded))[0]
        return Example(need.id, officer, accepted, tuple(alike.values()), tuple(present[0].tolist()))


def learn(examples: Sequence[Example], model: Model) -> Learned:
    """Weights that foretell the decisions, held near those of `model`; how near is chosen by cross-validation.

    Deterministic. Raises TooFewDecisions.
    """
    _refuse_too_few(examples)
    table = _table(examples)
    today = np.array([model.weights[group] for group in GROUPS])
    spread = best_spread(table, today)
    weights = fit(table, today, spread)
    before, after = held_out(table, today)
    gains = before.losses - after.losses
    return Learned(
        weights=dict(zip(GROUPS, weights.tolist(), strict=True)),
        floor=_moved_floor(table, today, weights, model.floor),
        spread=spread,
        decisions=len(examples),
        accepted=int(table.accepted.sum()),
        present=_figures(before, table.accepted),
        candidate=_figures(after, table.accepted),
        gain=float(gains.mean()),
        gain_error=standard_error(gains, table),
        officers=_officers(table, today, spread),
    )


def scores(examples: Sequence[Example], weights: Mapping[str, float]) -> list[float]:
    """What the pairs score under these weights: the sum of the explanation's contributions."""
    table = _table(examples)
    return [float(score) for score in scored(table, np.array([weights[group] for group in GROUPS]))]


def auc(found: Sequence[float] | Numbers, accepted: Sequence[bool] | Judged) -> float:
    """The chance that one that is accepted scores above one that is not, ties counting half; .5 without both."""
    judged = np.asarray(accepted, dtype=bool)
    yes, no = int(judged.sum()), int((~judged).sum())
    if not (yes and no):
        return 0.5
    return float((rankdata(found)[judged].sum() - yes * (yes + 1) / 2) / (yes * no))


def reweighted(matcher: Matcher, model: Model) -> Matcher:
    """The same programmes under a model of the same knowledge, without reading them again: weights are the need's.

    Raises ValueError where the knowledge differs, because then what is known of the programmes does not hold.
    """
    if matcher.model.knowledge_fingerprint != model.knowledge_fingerprint:
        raise ValueError("the models differ in knowledge, not in weights alone: fit a matcher anew")
    other = copy.copy(matcher)  # its state is replaced, never changed: the copy goes its own way
    other.model = model
    return other


def _refuse_too_few(examples: Sequence[Example]) -> None:
    accepted = sum(example.accepted for example in examples)
    rejected = len(examples) - accepted
    if len(examples) < LEAST_DECISIONS or min(accepted, rejected) < LEAST_OF_EACH:
        raise TooFewDecisions(
            f"{accepted} accepted and {rejected} rejected pairs say something about the match; learning needs "
            f"{LEAST_DECISIONS}, with at least {LEAST_OF_EACH} of each"
        )


def _table(examples: Sequence[Example]) -> Table:
    """Needs are numbered in an order drawn once and for all; a fold holds those with one remainder."""
    needs = sorted({example.need for example in examples})
    places = np.random.default_rng(0).permutation(len(needs)).tolist()
    number = dict(zip(needs, places, strict=True))
    return Table(
        np.array([example.similarity for example in examples], dtype=float).reshape(-1, len(GROUPS)),
        np.array([example.present for example in examples], dtype=float).reshape(-1, len(GROUPS)),
        np.array([example.accepted for example in examples], dtype=bool),
        np.array([number[example.need] for example in examples], dtype=np.int64),
        tuple(example.officer for example in examples),
    )


def _figures(foretold: Foretold, accepted: Judged) -> Figures:
    better = np.argsort(-foretold.scores, kind="stable")[: max(1, len(accepted) // 2)]
    return Figures(auc(foretold.scores, accepted), float(foretold.losses.mean()), float(accepted[better].mean()))


def _moved_floor(table: Table, today: Numbers, weights: Numbers, floor: float) -> float:
    """The floor moved by as much as scores near it moved, so that about as many pairs stand above it."""
    before, after = scored(table, today), scored(table, weights)
    nearest = np.argsort(np.abs(before - floor), kind="stable")[: max(LEAST_DECISIONS, len(before) // 4)]
    moved = floor + float((after - before)[nearest].mean())
    return round(min(1.0, max(0.0, moved)), 4)


def _officers(table: Table, today: Numbers, spread: float) -> tuple[OfficerFigures, ...]:
    """Each officer beside the others; nobody where there is nobody to compare with."""
    named = sorted({officer for officer in table.officers if officer})
    return tuple(found for name in named if (found := _officer(table, today, spread, name)))


def _officer(table: Table, today: Numbers, spread: float, name: str) -> OfficerFigures | None:
    own = np.array([officer == name for officer in table.officers])
    asked, others = table.rows(own), table.rows(~own)
    if len(asked.accepted) < LEAST_OF_AN_OFFICER or len(others.accepted) < LEAST_DECISIONS:
        return None
    foreseen = chances(others, asked, fit(others, today, spread))
    return OfficerFigures(
        officer=name,
        decisions=len(foreseen),
        accepted=int(asked.accepted.sum()),
        expected=float(foreseen.sum()),
        leaning=float((asked.accepted.sum() - foreseen.sum()) / np.sqrt((foreseen * (1 - foreseen)).sum())),
        surprise=_excess(foreseen, asked.accepted),
    )


def _excess(foreseen: Numbers, accepted: Judged) -> float:
    """By how many standard errors the surprise exceeds what is expected at these chances."""
    odds = np.log(foreseen / (1 - foreseen))
    expected = -(foreseen * np.log(foreseen) + (1 - foreseen) * np.log(1 - foreseen))
    spread = np.sqrt((foreseen * (1 - foreseen) * odds**2).sum())
    excess = fsum(surprises(foreseen, accepted) - expected)
    return float(excess / spread) if spread > 0 else 0.0
