"""Learns weights of the feature groups from decided pairs. It makes candidate models; it puts none in force.

Logistic regression on what each group of the explanation adds, with a Gaussian prior at today's weights and none
below 0. scikit-learn's penalty pulls towards zero, without offset or bounds: hence a small fit of its own.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import rankdata, t

from matching.features import Statistics, need_features, need_weights, programme_features
from matching.geography import Atlas, closeness
from matching.matcher import Matcher
from matching.model import GROUPS, Model
from matching.profiles import need_profile, programme_profile
from matching.types import Need, Programme

LEAST_DECISIONS = 10
LEAST_OF_EACH = 3
SPREADS = (0.0, 0.02, 0.05, 0.1)
FOLDS = 5
SURE = 0.995
STEEPNESS, STEEPNESS_SPREAD, LEAST_STEEPNESS = 10.0, 5.0, 2.0
LEVEL_SPREAD = 5.0
STANDS_OUT = 3.0
LEAST_OF_AN_OFFICER = 5

Numbers = npt.NDArray[np.float64]
Judged = npt.NDArray[np.bool_]


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
        profile, wanted = need_profile(need, self._model), self._atlas.territory(need.recipient)
        even = dict.fromkeys(GROUPS, 1.0)
        present = need_weights(profile, self._known, even, wanted.is_known)
        held = programme_features(programme_profile(programme, self._model), self._known)
        alike = dict.fromkeys(GROUPS, 0.0)
        for feature, weight in need_features(profile, self._known, even).items():
            kind = feature.partition(":")[0]
            alike["text" if kind == "term" else kind] += weight * held.get(feature, 0.0)
        if wanted.is_known:
            offered = self._atlas.territory(programme.coverage)
            alike["geography"] = closeness(wanted, offered, frozenset(programme.excluded))[0]
        values = (tuple(of[group] for group in GROUPS) for of in (alike, present))
        return Example(need.id, officer, accepted, *values)


def learn(examples: Sequence[Example], model: Model) -> Learned:
    """Weights that foretell the decisions, held near those of `model`; how near is chosen by cross-validation.

    Deterministic. Raises TooFewDecisions.
    """
    _refuse_too_few(examples)
    table = _table(examples)
    today = np.array([model.weights[group] for group in GROUPS])
    spread = _best_spread(table, today)
    weights = _fit(table, today, spread)
    before, after = _held_out(table, today)
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
        gain_error=_error(gains, table),
        officers=_officers(table, today, spread),
    )


def scores(examples: Sequence[Example], weights: Mapping[str, float]) -> list[float]:
    """What the pairs score under these weights: the sum of the explanation's contributions."""
    table = _table(examples)
    return [float(score) for score in _scores(table, np.array([weights[group] for group in GROUPS]))]


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


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """Examples as arrays, a row each; groups in the order of GROUPS."""

    similarity: Numbers
    present: Numbers
    accepted: Judged
    need: npt.NDArray[np.int64]
    officers: tuple[str, ...]

    def rows(self, chosen: Judged) -> "_Table":
        officers = tuple(o for o, kept in zip(self.officers, chosen.tolist(), strict=True) if kept)
        return _Table(
            self.similarity[chosen], self.present[chosen], self.accepted[chosen], self.need[chosen], officers
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Foretold:
    """What a model said of pairs that it had not seen judged: scores, and the surprise at each judgement."""

    scores: Numbers
    losses: Numbers


def _refuse_too_few(examples: Sequence[Example]) -> None:
    accepted = sum(example.accepted for example in examples)
    rejected = len(examples) - accepted
    if len(examples) < LEAST_DECISIONS or min(accepted, rejected) < LEAST_OF_EACH:
        raise TooFewDecisions(
            f"{accepted} accepted and {rejected} rejected pairs say something about the match; learning needs "
            f"{LEAST_DECISIONS}, with at least {LEAST_OF_EACH} of each"
        )


def _table(examples: Sequence[Example]) -> _Table:
    """Needs are numbered in an order drawn once and for all; a fold holds those with one remainder."""
    needs = sorted({example.need for example in examples})
    places = np.random.default_rng(0).permutation(len(needs)).tolist()
    number = dict(zip(needs, places, strict=True))
    return _Table(
        np.array([example.similarity for example in examples], dtype=float).reshape(-1, len(GROUPS)),
        np.array([example.present for example in examples], dtype=float).reshape(-1, len(GROUPS)),
        np.array([example.accepted for example in examples], dtype=bool),
        np.array([number[example.need] for example in examples], dtype=np.int64),
        tuple(example.officer for example in examples),
    )


def _scores(table: _Table, weights: Numbers) -> Numbers:
    """The score's own definition: similarities weighted, the weights rescaled to the groups that the need has."""
    shares = table.present * weights
    total = shares.sum(axis=1)
    found: Numbers = (shares * table.similarity).sum(axis=1) / np.where(total > 0, total, 1.0)
    return found


def _fit(table: _Table, today: Numbers, spread: float) -> Numbers:
    """The most plausible weights given the decisions and a Gaussian prior of this spread around today's.

    Coefficients stay at or above 0 by bounds, so that none is learnt that clipping would undo, and are rescaled.
    """
    if spread == 0 or not len(table.accepted):
        return today
    level, steepness = _calibrated(_scores(table, today), table.accepted)
    total = (table.present * today).sum(axis=1, keepdims=True)
    added = table.present * table.similarity / np.where(total > 0, total, 1.0)
    design = np.hstack([np.ones((len(added), 1)), added])
    centre = np.concatenate([[level], steepness * today])
    widths = np.concatenate([[LEVEL_SPREAD], np.full(len(today), steepness * spread)])
    found = _most_plausible(design, table.accepted, centre, widths, [None, *[0.0] * len(today)])[1:]
    return _rounded(found / found.sum()) if found.sum() > 0 else today


def _rounded(weights: Numbers) -> Numbers:
    """To four places, for checking by hand; what rounding leaves over goes to the largest."""
    rounded: Numbers = weights.round(4)
    rounded[rounded.argmax()] += 1 - rounded.sum()
    return rounded.round(4)


def _calibrated(found: Numbers, accepted: Judged) -> tuple[float, float]:
    """Level and steepness of the chance of acceptance as a logistic function of a score."""
    design = np.column_stack([np.ones(len(found)), found])
    middle = float(found.mean()) if len(found) else 0.0
    centre = np.array([-STEEPNESS * middle, STEEPNESS])
    widths = np.array([LEVEL_SPREAD, STEEPNESS_SPREAD])
    level, steepness = _most_plausible(design, accepted, centre, widths, [None, LEAST_STEEPNESS])
    return float(level), float(steepness)


def _most_plausible(
    design: Numbers, accepted: Judged, centre: Numbers, widths: Numbers, least: list[float | None]
) -> Numbers:
    """The maximum of likelihood times prior; convex, so that there is one. Steps count in the prior's widths."""
    sign = np.where(accepted, 1.0, -1.0)
    steps, start = sign[:, None] * design * widths, sign * (design @ centre)

    def worth(tried: Numbers) -> tuple[float, Numbers]:
        margin = start + steps @ tried
        return float(np.logaddexp(0.0, -margin).sum() + 0.5 * tried @ tried), tried - expit(-margin) @ steps

    bounds = [
        (None if low is None else (low - c) / w, None) for low, c, w in zip(least, centre, widths, strict=True)
    ]
    solved = minimize(worth, np.zeros(len(centre)), jac=True, method="L-BFGS-B", bounds=bounds)
    found: Numbers = centre + widths * solved.x
    return found


def _best_spread(table: _Table, today: Numbers) -> float:
    """0 unless weights that moved foretell held-out decisions surely better (one-sided t test over needs).

    Of the spreads that do, the smallest within one standard error of the best.
    """
    losses = [_cross_validated(table, today, _fixed(spread)).losses for spread in SPREADS]
    best, needs = int(np.array(losses).mean(axis=1).argmin()), len(set(table.need.tolist()))
    errors = [_error(each - losses[best], table) for each in losses]
    if needs < FOLDS or _gain(losses[0], losses[best]) <= float(t.ppf(SURE, needs - 1)) * errors[0]:
        return 0.0
    near = (n for n in range(1, best) if _gain(losses[n], losses[best]) <= errors[n])
    return SPREADS[next(near, best)]


def _gain(before: Numbers, after: Numbers) -> float:
    return float((before - after).mean())


def _held_out(table: _Table, today: Numbers) -> tuple[_Foretold, _Foretold]:
    """What today's model and a learnt one foretell, the spread chosen anew inside each fold's learning part."""
    return _cross_validated(table, today, _fixed(0.0)), _cross_validated(table, today, _best_spread)


_Choice = Callable[[_Table, Numbers], float]


def _fixed(spread: float) -> _Choice:
    return lambda table, today: spread


def _cross_validated(table: _Table, today: Numbers, choose: _Choice) -> _Foretold:
    found, losses = np.zeros(len(table.accepted)), np.zeros(len(table.accepted))
    for fold in range(FOLDS):
        held = table.need % FOLDS == fold
        if held.any():
            learnt_from = table.rows(~held)
            weights = _fit(learnt_from, today, choose(learnt_from, today))
            found[held] = _scores(table.rows(held), weights)
            losses[held] = _surprises(_chances(learnt_from, table.rows(held), weights), table.accepted[held])
    return _Foretold(found, losses)


def _chances(learnt_from: _Table, asked: _Table, weights: Numbers) -> Numbers:
    level, steepness = _calibrated(_scores(learnt_from, weights), learnt_from.accepted)
    chances: Numbers = expit(level + steepness * _scores(asked, weights)).clip(1e-6, 1 - 1e-6)
    return chances


def _surprises(chances: Numbers, accepted: Judged) -> Numbers:
    surprises: Numbers = -np.log(np.where(accepted, chances, 1 - chances))
    return surprises


def _error(values: Numbers, table: _Table) -> float:
    """The standard error of a mean over decisions, those on one need counted as one draw."""
    off = np.array([(values - values.mean())[table.need == need].sum() for need in set(table.need.tolist())])
    return float(np.sqrt((off**2).sum() * len(off) / (len(off) - 1)) / len(values)) if len(off) > 1 else np.inf


def _figures(foretold: _Foretold, accepted: Judged) -> Figures:
    better = np.argsort(-foretold.scores, kind="stable")[: max(1, len(accepted) // 2)]
    return Figures(auc(foretold.scores, accepted), float(foretold.losses.mean()), float(accepted[better].mean()))


def _moved_floor(table: _Table, today: Numbers, weights: Numbers, floor: float) -> float:
    """The floor moved by as much as scores near it moved, so that about as many pairs stand above it."""
    before, after = _scores(table, today), _scores(table, weights)
    nearest = np.argsort(np.abs(before - floor), kind="stable")[: max(LEAST_DECISIONS, len(before) // 4)]
    moved = floor + float((after - before)[nearest].mean())
    return round(min(1.0, max(0.0, moved)), 4)


def _officers(table: _Table, today: Numbers, spread: float) -> tuple[OfficerFigures, ...]:
    """Each officer beside the others; nobody where there is nobody to compare with."""
    named = sorted({officer for officer in table.officers if officer})
    return tuple(found for name in named if (found := _officer(table, today, spread, name)))


def _officer(table: _Table, today: Numbers, spread: float, name: str) -> OfficerFigures | None:
    own = np.array([officer == name for officer in table.officers])
    asked, others = table.rows(own), table.rows(~own)
    if len(asked.accepted) < LEAST_OF_AN_OFFICER or len(others.accepted) < LEAST_DECISIONS:
        return None
    chances = _chances(others, asked, _fit(others, today, spread))
    return OfficerFigures(
        officer=name,
        decisions=len(chances),
        accepted=int(asked.accepted.sum()),
        expected=float(chances.sum()),
        leaning=float((asked.accepted.sum() - chances.sum()) / np.sqrt((chances * (1 - chances)).sum())),
        surprise=_excess(chances, asked.accepted),
    )


def _excess(chances: Numbers, accepted: Judged) -> float:
    """By how many standard errors the surprise exceeds what is expected at these chances."""
    odds = np.log(chances / (1 - chances))
    expected = -(chances * np.log(chances) + (1 - chances) * np.log(1 - chances))
    spread = np.sqrt((chances * (1 - chances) * odds**2).sum())
    excess = fsum(_surprises(chances, accepted) - expected)
    return float(excess / spread) if spread > 0 else 0.0
