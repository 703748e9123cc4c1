"""Simulates officers who judge generated proposals with noise, and prints what learning from them is worth.

    python benchmarks/learning.py [--repetitions 20]

Records come from matching_generator.py; officers judge what today's model ranks best. In one world they weigh the
groups otherwise than the model (WEIGHED), in one half-way, in one exactly as it does. An honest officer accepts
with a chance that rises with the pair's worth, and errs in one decision of twenty besides. AUC is on needs never
judged: the chance that a pair which truly fits scores above one that does not.
"""

# ruff: noqa: T201
import argparse
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.matching_generator import needs, programmes
from matching import Matcher, Model, load_model
from matching.learning import Example, Learned, Measure, auc, learn, scores

WEIGHED = {
    "text": 0.10,
    "concept": 0.25,
    "theme": 0.20,
    "dimension": 0.02,
    "function": 0.02,
    "weapon": 0.08,
    "assistance": 0.25,
    "geography": 0.08,
}
SIZES = (20, 50, 200, 1000)
PROGRAMMES, NEEDS, RANKED, JUDGED = 600, 400, 20, 5
STEEPNESS, ERRS = 25.0, 0.05
OFFICERS = ("Ana", "Bo", "Chi", "Dina", "Eli")

Officer = Callable[[Example, float, random.Random], bool]


def main() -> None:
    """Print the two tables: what learning is worth by number of decisions, and who stands out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=20)
    repetitions = parser.parse_args().repetitions
    model = load_model()
    by_need = pairs(model)
    print(
        "| officers weigh | decisions | AUC before | after | gain | worst | moved |\n|---|---|---|---|---|---|---|"
    )
    half_way = {group: (WEIGHED[group] + weight) / 2 for group, weight in model.weights.items()}
    for world, weighed in (("otherwise", WEIGHED), ("half-way", half_way), ("as the model", dict(model.weights))):
        for size in SIZES:
            print(worth(world, size, [trial(by_need, model, weighed, size, n) for n in range(repetitions)]))
    print("\n| fifth officer | flagged | honest flagged | leaning | surprise |\n|---|---|---|---|---|")
    for name, officer in BIASED.items():
        trials = [trial(by_need, model, WEIGHED, 200, n, officer)[1] for n in range(repetitions)]
        print(visibility(name, trials))


def pairs(model: Model) -> list[list[Example]]:
    """For each need, the pairs with what today's model ranks best."""
    offered = {programme.id: programme for programme in programmes(PROGRAMMES)}
    matcher = Matcher(offered.values(), model)
    measure = Measure(matcher.statistics, model)
    return [
        [measure.example(need, offered[found], "", False) for found, _ in matcher.rank(need, RANKED)]
        for need in needs(NEEDS)
    ]


def trial(
    by_need: Sequence[Sequence[Example]],
    model: Model,
    weighed: Mapping[str, float],
    size: int,
    seed: int,
    fifth: Officer | None = None,
) -> tuple[tuple[float, float], Learned]:
    """One office: `size` decisions on half of the needs, and (before, after) on the other half."""
    rng = random.Random(seed)
    shuffled = rng.sample(by_need, len(by_need))
    own, others = shuffled[: NEEDS // 2], shuffled[NEEDS // 2 :]
    worths = scores([pair for some in own for pair in some], weighed)
    middle = float(np.median(worths))
    queue = [pair for some in own for pair in rng.sample(some, min(JUDGED, len(some)))]
    learned = learn([judged(pair, weighed, middle, rng, fifth) for pair in queue[:size]], model)
    held = [pair for some in others for pair in some]
    fits = [score > middle for score in scores(held, weighed)]
    before, after = (auc(scores(held, weights), fits) for weights in (model.weights, learned.weights))
    return (before, after), learned


def judged(
    pair: Example, weighed: Mapping[str, float], middle: float, rng: random.Random, fifth: Officer | None
) -> Example:
    """The pair as a random officer of five decides on it."""
    name = rng.choice(OFFICERS)
    [worth] = scores([pair], weighed)
    officer = fifth if fifth and name == OFFICERS[-1] else honest
    return replace(pair, officer=name, accepted=officer(pair, worth - middle, rng))


def honest(pair: Example, better: float, rng: random.Random) -> bool:
    """Accept with a chance that rises with the worth, and err in one of twenty."""
    accepts = rng.random() < 1 / (1 + np.exp(-STEEPNESS * better))
    return bool(accepts != (rng.random() < ERRS))


def rejecting(pair: Example, better: float, rng: random.Random) -> bool:
    """Reject four of five whatever they are."""
    return rng.random() < 0.2


def parochial(pair: Example, better: float, rng: random.Random) -> bool:
    """Accept what covers the place, and nothing else."""
    return pair.similarity[-1] >= 1


def contrary(pair: Example, better: float, rng: random.Random) -> bool:
    """Accept what is worse and reject what is better."""
    return better < 0


BIASED: dict[str, Officer] = {
    "honest": honest,
    "rejects four of five": rejecting,
    "looks at geography alone": parochial,
    "judges the wrong way round": contrary,
}


def worth(world: str, size: int, trials: Sequence[tuple[tuple[float, float], Learned]]) -> str:
    """A row of the first table: means over the repetitions, the worst one, and in how many a weight moved."""
    before, after = (fmean(found[n] for found, _ in trials) for n in (0, 1))
    worst = min(late - early for (early, late), _ in trials)
    moved = sum(learned.spread > 0 for _, learned in trials)
    figures = f"{before:.3f} | {after:.3f} | {after - before:+.3f} | {worst:+.3f} | {moved} of {len(trials)}"
    return f"| {world} | {size} | {figures} |"


def visibility(name: str, trials: Sequence[Learned]) -> str:
    """A row of the second table: how often the fifth officer stands out, and how often any other does."""
    fifth = [one for learned in trials for one in learned.officers if one.officer == OFFICERS[-1]]
    rest = [one for learned in trials for one in learned.officers if one.officer != OFFICERS[-1]]
    flagged, falsely = (sum(one.stands_out for one in some) for some in (fifth, rest))
    means = f"{fmean(one.leaning for one in fifth):+.1f} | {fmean(one.surprise for one in fifth):+.1f}"
    return f"| {name} | {flagged} of {len(fifth)} | {falsely} of {len(rest)} | {means} |"


if __name__ == "__main__":
    main()
