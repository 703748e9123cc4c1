import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.evaluation import (
    Ranking,
    average_precision,
    calibration,
    ndcg,
    precision,
    recall,
    reciprocal_rank,
    report,
)

GRADES = {"a": 3, "b": 2, "c": 0}


def test_ndcg_is_the_discounted_gain_over_the_best_possible() -> None:
    expected = (3 + 7 / math.log2(3)) / (7 + 3 / math.log2(3))

    assert ndcg(["b", "a", "c"], GRADES) == pytest.approx(expected)


@given(st.permutations(["a", "b", "c", "d"]))
def test_no_order_beats_the_order_of_grades(order: list[str]) -> None:
    assert ndcg(order, GRADES) <= ndcg(["a", "b", "c", "d"], GRADES) + 1e-12 == pytest.approx(1)


def test_the_other_measures_count_grade_2_as_relevant() -> None:
    ranked = ["c", "a", "d", "b"]

    assert precision(ranked, GRADES) == 2 / 5
    assert recall(ranked, GRADES) == 1
    assert average_precision(ranked, GRADES) == pytest.approx((1 / 2 + 2 / 4) / 2)
    assert reciprocal_rank(ranked, GRADES) == 1 / 2
    assert reciprocal_rank(["c"], GRADES) == 0


def test_a_need_with_nothing_relevant_counts_for_abstention_and_not_for_quality() -> None:
    found = [
        Ranking("n1", "en", (("a", 0.61),), ("a",)),
        Ranking("n2", "fr", (("a", 0.35),), ()),
        Ranking("n3", "fr", (), ()),
    ]
    grades = {"n1": GRADES, "n2": {"a": 0}, "n3": {"a": 2}}

    told = report(found, grades)

    assert told["quality"]["all"]["needs"] == 2  # type: ignore[index]
    assert told["abstention"] == {
        "nothing_relevant": 1,
        "rightly_empty": 1,
        "wrongly_proposed_for": [],
        "answerable": 2,
        "wrongly_empty": ["n3"],
    }


def test_calibration_gives_the_share_of_relevant_pairs_by_band() -> None:
    found = [Ranking("n1", "en", (("a", 0.65), ("c", 0.61), ("b", 0.2)), ())]

    assert calibration(found, {"n1": GRADES}) == [
        {"from": 0.6, "pairs": 2, "share": 0.5},
        {"from": 0.2, "pairs": 1, "share": 1.0},
    ]
