"""Fits weights to judged pairs, held near those of today, and says how well they foretell what they did not see.

Logistic regression with a Gaussian prior at today's weights and no weight below 0. scikit-learn's penalty pulls
towards zero, without offset or bounds: hence a small fit of its own, by SciPy's bounded minimizer.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import t

SPREADS = (0.0, 0.02, 0.05, 0.1)
FOLDS = 5
SURE = 0.995
STEEPNESS, STEEPNESS_SPREAD, LEAST_STEEPNESS = 10.0, 5.0, 2.0
LEVEL_SPREAD = 5.0

Numbers = npt.NDArray[np.float64]
Judged = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Examples as arrays, a row each; groups in the order of GROUPS."""

    similarity: Numbers
    present: Numbers
    accepted: Judged
    need: npt.NDArray[np.int64]
    officers: tuple[str, ...]

    def rows(self, chosen: Judged) -> "Table":
        officers = tuple(o for o, kept in zip(self.officers, chosen.tolist(), strict=True) if kept)
        return Table(
            self.similarity[chosen], self.present[chosen], self.accepted[chosen], self.need[chosen], officers
        )


@dataclass(frozen=True, slots=True, eq=False)
class Foretold:
    """What a model said of pairs that it had not seen judged: scores, and the surprise at each judgement."""

    scores: Numbers
    losses: Numbers


def held_out(table: Table, today: Numbers) -> tuple[Foretold, Foretold]:
    """What today's model and a learnt one foretell, the spread chosen anew inside each fold's learning part."""
    return _cross_validated(table, today, _fixed(0.0)), _cross_validated(table, today, best_spread)


def best_spread(table: Table, today: Numbers) -> float:
    """0 unless weights that moved foretell held-out decisions surely better (one-sided t test over needs).

    Of the spreads that do, the smallest within one standard error of the best. Too few needs can prove nothing.
    """
    needs = len(set(table.need.tolist()))
    if needs < FOLDS:
        return 0.0
    losses = [_cross_validated(table, today, _fixed(spread)).losses for spread in SPREADS]
    best = int(np.array(losses).mean(axis=1).argmin())
    errors = [standard_error(each - losses[best], table) for each in losses]
    if _gain(losses[0], losses[best]) <= float(t.ppf(SURE, needs - 1)) * errors[0]:
        return 0.0
    near = (n for n in range(1, best) if _gain(losses[n], losses[best]) <= errors[n])
    return SPREADS[next(near, best)]


def fit(table: Table, today: Numbers, spread: float) -> Numbers:
    """The most plausible weights given the decisions and a Gaussian prior of this spread around today's.

    Coefficients stay at or above 0 by bounds, so that none is learnt that clipping would undo, and are rescaled.
    """
    if spread == 0 or not len(table.accepted):
        return today
    level, steepness = _calibrated(scored(table, today), table.accepted)
    total = (table.present * today).sum(axis=1, keepdims=True)
    added = table.present * table.similarity / np.where(total > 0, total, 1.0)
    design = np.hstack([np.ones((len(added), 1)), added])
    centre = np.concatenate([[level], steepness * today])
    widths = np.concatenate([[LEVEL_SPREAD], np.full(len(today), steepness * spread)])
    found = _most_plausible(design, table.accepted, centre, widths, [None, *[0.0] * len(today)])[1:]
    return _rounded(found / found.sum()) if found.sum() > 0 else today


def scored(table: Table, weights: Numbers) -> Numbers:
    """The score's own definition: similarities weighted, the weights rescaled to the groups that the need has."""
    shares = table.present * weights
    total = shares.sum(axis=1)
    found: Numbers = (shares * table.similarity).sum(axis=1) / np.where(total > 0, total, 1.0)
    return found


def chances(learnt_from: Table, asked: Table, weights: Numbers) -> Numbers:
    """How likely each pair asked about is to be accepted, going by the scores of those learnt from."""
    level, steepness = _calibrated(scored(learnt_from, weights), learnt_from.accepted)
    found: Numbers = expit(level + steepness * scored(asked, weights)).clip(1e-6, 1 - 1e-6)
    return found


def surprises(foreseen: Numbers, accepted: Judged) -> Numbers:
    """The log loss, in nats, at each judgement."""
    found: Numbers = -np.log(np.where(accepted, foreseen, 1 - foreseen))
    return found


def standard_error(values: Numbers, table: Table) -> float:
    """The standard error of a mean over decisions, those on one need counted as one draw; 0 for one need alone."""
    off = np.array([(values - values.mean())[table.need == need].sum() for need in set(table.need.tolist())])
    return float(np.sqrt((off**2).sum() * len(off) / (len(off) - 1)) / len(values)) if len(off) > 1 else 0.0


_Choice = Callable[[Table, Numbers], float]


def _fixed(spread: float) -> _Choice:
    return lambda table, today: spread


def _cross_validated(table: Table, today: Numbers, choose: _Choice) -> Foretold:
    found, losses = np.zeros(len(table.accepted)), np.zeros(len(table.accepted))
    for fold in range(FOLDS):
        held = table.need % FOLDS == fold
        if held.any():
            learnt_from = table.rows(~held)
            weights = fit(learnt_from, today, choose(learnt_from, today))
            found[held] = scored(table.rows(held), weights)
            losses[held] = surprises(chances(learnt_from, table.rows(held), weights), table.accepted[held])
    return Foretold(found, losses)


def _gain(before: Numbers, after: Numbers) -> float:
    return float((before - after).mean())


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
