"""Measures rankings against graded judgements: nDCG, precision, recall, MAP, MRR, abstention, calibration."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from matching.matcher import Matcher
from matching.text import resolve_language
from matching.types import Need

Grades = Mapping[str, Mapping[str, int]]
RELEVANT = 2


@dataclass(frozen=True, slots=True)
class Ranking:
    """A need's language, its ranked programme ids with scores, and those that are proposed."""

    need_id: str
    language: str
    ranked: tuple[tuple[str, float], ...]
    proposed: tuple[str, ...]


def rankings(matcher: Matcher, needs: Iterable[Need], limit: int = 100) -> list[Ranking]:
    """Rank every need, dates off."""
    found = []
    for need in needs:
        proposed = tuple(suggestion.programme_id for suggestion in matcher.propose(need))
        language = need.language or resolve_language(f"{need.title}\n{need.text}", None)
        found.append(Ranking(need.id, language, tuple(matcher.rank(need, limit)), proposed))
    return found


def without_codes(need: Need) -> Need:
    """The need with its texts and recipient alone."""
    return replace(need, themes=(), dimensions=(), functions=(), weapons=(), assistance_types=())


def ndcg(ranked: Sequence[str], grades: Mapping[str, int], depth: int = 10, linear: bool = False) -> float:
    """nDCG at `depth` with discount log2(place + 1); 0 where nothing is relevant.

    The gain is 2^grade - 1, or the grade itself where `linear`.
    """
    gains = [_gain(grades.get(programme, 0), linear) for programme in ranked[:depth]]
    best = sorted((_gain(grade, linear) for grade in grades.values()), reverse=True)[:depth]
    ideal = _discounted(best)
    return _discounted(gains) / ideal if ideal else 0.0


def _gain(grade: int, linear: bool) -> float:
    return max(0, grade) if linear else 2 ** max(0, grade) - 1


def _ndcg_linear(ranked: Sequence[str], grades: Mapping[str, int]) -> float:
    return ndcg(ranked, grades, linear=True)


def _discounted(gains: Sequence[float]) -> float:
    return math.fsum(gain / math.log2(place + 2) for place, gain in enumerate(gains))


def precision(ranked: Sequence[str], grades: Mapping[str, int], depth: int = 5) -> float:
    """The share of the first `depth` with a grade of 2 or more."""
    return sum(grades.get(programme, 0) >= RELEVANT for programme in ranked[:depth]) / depth


def recall(ranked: Sequence[str], grades: Mapping[str, int], depth: int = 5) -> float:
    """The share of those with a grade of 2 or more that is among the first `depth`."""
    wanted = [programme for programme, grade in grades.items() if grade >= RELEVANT]
    return sum(programme in ranked[:depth] for programme in wanted) / len(wanted) if wanted else 0.0


def average_precision(ranked: Sequence[str], grades: Mapping[str, int]) -> float:
    """The mean, over programmes with a grade of 2 or more, of the precision at their places."""
    hits, total = 0, 0.0
    for place, programme in enumerate(ranked, start=1):
        if grades.get(programme, 0) >= RELEVANT:
            hits += 1
            total += hits / place
    wanted = sum(grade >= RELEVANT for grade in grades.values())
    return total / wanted if wanted else 0.0


def reciprocal_rank(ranked: Sequence[str], grades: Mapping[str, int]) -> float:
    """One over the place of the first with a grade of 2 or more; 0 where there is none."""
    places = (place for place, programme in enumerate(ranked, 1) if grades.get(programme, 0) >= RELEVANT)
    return 1 / next(places, math.inf)


def report(found: Sequence[Ranking], grades: Grades) -> dict[str, object]:
    """All figures: by language over the needs with any judgement above 0, abstention, proposals, calibration."""
    judged = [one for one in found if max(grades.get(one.need_id, {}).values(), default=0) > 0]
    groups = {"all": judged}
    for one in judged:
        groups.setdefault(one.language, []).append(one)
    groups["ar+ru+zh"] = [one for one in judged if one.language in ("ar", "ru", "zh")]
    return {
        "needs": len(found),
        "quality": {name: _quality(group, grades) for name, group in groups.items() if group},
        "abstention": _abstention(found, grades),
        "proposed": _proposals(judged, grades),
        "calibration": calibration(found, grades),
    }


def _quality(group: Sequence[Ranking], grades: Grades) -> dict[str, float]:
    def mean(measure: Callable[[Sequence[str], Mapping[str, int]], float], relevant_only: bool = False) -> float:
        values = [
            measure([programme for programme, _ in one.ranked], grades[one.need_id])
            for one in group
            if not relevant_only or max(grades[one.need_id].values()) >= RELEVANT
        ]
        return round(math.fsum(values) / len(values), 4) if values else 0.0

    return {
        "needs": len(group),
        "ndcg@10": mean(ndcg),
        "ndcg@10 linear": mean(_ndcg_linear),
        "precision@5": mean(precision, relevant_only=True),
        "recall@5": mean(recall, relevant_only=True),
        "map": mean(average_precision, relevant_only=True),
        "mrr": mean(reciprocal_rank, relevant_only=True),
    }


def _abstention(found: Sequence[Ranking], grades: Grades) -> dict[str, object]:
    highest = {one.need_id: max(grades.get(one.need_id, {}).values(), default=0) for one in found}
    barren = [one for one in found if one.need_id in grades and highest[one.need_id] == 0]
    answerable = [one for one in found if highest[one.need_id] >= RELEVANT]
    return {
        "nothing_relevant": len(barren),
        "rightly_empty": sum(not one.proposed for one in barren),
        "wrongly_proposed_for": [one.need_id for one in barren if one.proposed],
        "answerable": len(answerable),
        "wrongly_empty": [one.need_id for one in answerable if not one.proposed],
    }


def _proposals(judged: Sequence[Ranking], grades: Grades) -> dict[str, float]:
    """Precision and recall (grade 2 or more) of what is proposed, with the best recall that ten a need allow."""
    proposed = [(one.need_id, programme) for one in judged for programme in one.proposed]
    right = sum(grades[need].get(programme, 0) >= RELEVANT for need, programme in proposed)
    wanted = [sum(grade >= RELEVANT for grade in grades[one.need_id].values()) for one in judged]
    total = sum(wanted) or 1
    return {
        "proposed": len(proposed),
        "precision": round(right / len(proposed), 4) if proposed else 0.0,
        "recall": round(right / total, 4),
        "best_recall": round(sum(min(10, count) for count in wanted) / total, 4),
    }


def calibration(found: Sequence[Ranking], grades: Grades, width: float = 0.1) -> list[dict[str, float]]:
    """For each band of scores, how many pairs are in it and which share of them has a grade of 2 or more."""
    bands: dict[int, list[bool]] = {}
    for one in found:
        for programme, score in one.ranked:
            held = grades.get(one.need_id, {}).get(programme, 0) >= RELEVANT
            bands.setdefault(int(score / width + 1e-9), []).append(held)
    return [
        {"from": round(band * width, 2), "pairs": len(held), "share": round(sum(held) / len(held), 4)}
        for band, held in sorted(bands.items(), reverse=True)
    ]
