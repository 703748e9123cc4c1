"""Measures what each part of the matcher is worth, and cross-validates its weights; prints Markdown tables.

    python benchmarks/matching_quality.py --domain FOLDER [--collections FOLDER] [--weights]

FOLDER holds programmes.jsonl, dev/needs.jsonl and dev/qrels.tsv; the collections are cranfield/ and cisi/.
"""

# ruff: noqa: T201
import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from matching import Matcher, Model, Need, Programme, knowledge, load_model
from matching.evaluation import ndcg, rankings, report, without_codes
from matching.features import joined, named, need_values, pack, programme_values, similarities, statistics
from matching.files import read_judgements, read_needs, read_programmes
from matching.geography import Atlas, closeness
from matching.model import GROUPS, build
from matching.profiles import need_profile, programme_profile

LANGUAGES = ("all", "en", "fr", "es", "ar+ru+zh")
ROUNDS, FOLDS = 300, 5


def main() -> None:
    """Print the ablation, or with --weights the cross-validation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--domain", type=Path, required=True)
    parser.add_argument("--collections", type=Path)
    parser.add_argument("--weights", action="store_true")
    chosen = parser.parse_args()
    needs, grades = read_needs(chosen.domain / "dev/needs.jsonl"), read_judgements(chosen.domain / "dev/qrels.tsv")
    programmes = read_programmes(chosen.domain / "programmes.jsonl")
    if chosen.weights:
        cross_validate(needs, programmes, grades)
    else:
        ablate(needs, programmes, grades, chosen.collections)


def ablate(
    needs: list[Need],
    programmes: list[Programme],
    grades: Mapping[str, Mapping[str, int]],
    collections: Path | None,
) -> None:
    """One row for each variant: nDCG@10 with the needs' codes and without, by language, and on the collections."""
    named = ["variant", *(f"{name}, codes" for name in LANGUAGES), *(f"{name}, bare" for name in LANGUAGES)]
    others = [*sorted(path.name for path in collections.iterdir() if path.is_dir())] if collections else []
    print("| " + " | ".join([*named, *others]) + " |\n|" + "---|" * (len(named) + len(others)))
    for name, model, stripped in variants(load_model()):
        offered = [_bare_programme(one) for one in programmes] if stripped else programmes
        cells = []
        for asked in (needs, [without_codes(need) for need in needs]):
            told = report(rankings(Matcher(offered, model), asked), grades)["quality"]
            cells += [f"{told[language]['ndcg@10']:.3f}" for language in LANGUAGES]  # type: ignore[index]
        cells += [f"{_collection(collections / other, model):.3f}" for other in others if collections]
        print("| " + " | ".join([name, *cells]) + " |", flush=True)


def variants(model: Model) -> Iterator[tuple[str, Model, bool]]:
    """The model in force, then each part left out, then text and geography alone."""
    yield "all", model, False
    for group in GROUPS:
        yield f"without {group}", model.with_weights("x", {**model.weights, group: 0.0}), False
    yield "without the lexicon's second file", build(cues=knowledge.cues()[: _lexicon_size()]), False
    yield "without cues (codes only where declared)", build(cues=()), False
    yield "without the glossary", build(glossary=()), False
    yield "programmes without codes", model, True
    bare = {group: model.weights[group] if group in ("text", "geography") else 0.0 for group in GROUPS}
    yield "text and geography alone", model.with_weights("x", bare), False
    yield "text alone", model.with_weights("x", {"text": 1.0}), False


def _lexicon_size() -> int:
    return len(knowledge.read_lexicon(knowledge.DATA / "lexicon.tsv", knowledge.taxonomy()))


def _bare_programme(one: Programme) -> Programme:
    return replace(one, themes=(), dimensions=(), functions=(), weapons=(), assistance_types=())


def _collection(folder: Path, model: Model) -> float:
    """nDCG@10 with the grade as gain, as the collections' published figures are."""
    matcher, grades = Matcher(read_programmes(folder / "docs.jsonl"), model), read_judgements(folder / "qrels.tsv")
    asked = [need for need in read_needs(folder / "queries.jsonl") if need.id in grades]
    found = [ndcg([p for p, _ in matcher.rank(need, 10)], grades[need.id], linear=True) for need in asked]
    return float(np.mean(found))


def cross_validate(
    needs: list[Need], programmes: list[Programme], grades: Mapping[str, Mapping[str, int]]
) -> None:
    """Tune the weights on four fifths and measure on the rest, three times over; print both figures."""
    model = load_model()
    judged = [need for need in needs if max(grades.get(need.id, {}).values(), default=0) > 0]
    sets = [_similarities(asked, programmes, model) for asked in (judged, [without_codes(n) for n in judged])]
    ids = sorted(programme.id for programme in programmes)
    gains = [[grades[need.id].get(programme, 0) for programme in ids] for need in judged]
    start = np.array([model.weights[group] for group in GROUPS])
    everything = np.arange(len(judged))
    print("in force      ", _measure(sets, gains, ids, start, everything))
    tuned = _search(sets, gains, ids, start, everything)
    print(
        "tuned on all  ",
        _measure(sets, gains, ids, tuned, everything),
        dict(zip(GROUPS, tuned.round(3), strict=True)),
    )
    held = np.zeros(2)
    for seed in range(3):
        for fold in np.array_split(np.random.default_rng(seed).permutation(everything), FOLDS):
            weights = _search(sets, gains, ids, start, np.setdiff1d(everything, fold))
            held += np.array(_measure(sets, gains, ids, weights, fold)) * len(fold) / len(judged) / 3
    print("held out      ", tuple(held.round(4)))


def _similarities(
    needs: Sequence[Need], programmes: Sequence[Programme], model: Model
) -> tuple[np.ndarray, np.ndarray]:
    """(needs x programmes x groups) similarities, and (needs x groups) how far each group is present."""
    listed = sorted(programmes, key=lambda one: one.id)
    packed = [pack([programme_profile(one, model)]) for one in listed]
    known, atlas = statistics(joined(packed)), Atlas(model.geography)
    held = [named(one, programme_values(one, known)) for one in packed]
    even = dict.fromkeys(GROUPS, 1.0)
    found, present = np.zeros((len(needs), len(listed), len(GROUPS))), np.zeros((len(needs), len(GROUPS)))
    for i, need in enumerate(needs):
        asked, place = pack([need_profile(need, model)]), atlas.territory(need.recipient)
        present[i] = need_values(asked, known, even, np.array([place.is_known]))[1]
        for j, one in enumerate(listed):
            found[i, j] = list(similarities(asked, known, held[j]).values())
            found[i, j, -1] = closeness(place, atlas.territory(one.coverage), frozenset(one.excluded))[0]
    return found, present


def _measure(
    sets: Sequence, gains: Sequence, ids: Sequence[str], weights: np.ndarray, rows: np.ndarray
) -> list[float]:
    figures = []
    for found, present in sets:
        shares = present[rows] * weights
        shares = shares / shares.sum(axis=1, keepdims=True)
        totals = np.einsum("ijk,ik->ij", found[rows], shares)
        ranked = np.argsort(-totals.round(9), axis=1, kind="stable")[:, :10]
        values = [
            ndcg([ids[j] for j in order], dict(zip(ids, gains[row], strict=True)))
            for order, row in zip(ranked, rows, strict=True)
        ]
        figures.append(round(float(np.mean(values)), 4))
    return figures


def _search(
    sets: Sequence, gains: Sequence, ids: Sequence[str], start: np.ndarray, rows: np.ndarray
) -> np.ndarray:
    """Random steps from the weights in force, kept where they help by more than they stray."""
    rng, best = np.random.default_rng(0), start
    reached = _worth(sets, gains, ids, best, rows, start)
    for _ in range(ROUNDS):
        steps = rng.normal(0, 0.35, len(start)) * (rng.random(len(start)) < 0.4)
        tried = best * np.exp(steps)
        tried = tried / tried.sum()
        worth = _worth(sets, gains, ids, tried, rows, start)
        if worth > reached:
            best, reached = tried, worth
    return best


def _worth(
    sets: Sequence, gains: Sequence, ids: Sequence[str], weights: np.ndarray, rows: np.ndarray, start: np.ndarray
) -> float:
    with_codes, bare = _measure(sets, gains, ids, weights, rows)
    strayed = float(np.sum((np.log(weights + 0.01) - np.log(start + 0.01)) ** 2))
    return with_codes + 1.5 * bare - 0.001 * strayed


if __name__ == "__main__":
    main()
