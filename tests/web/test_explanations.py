"""A score taken apart: what is printed adds up, and the marked words are the matched ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pairings.schemas import ContributionOut, SpanOut
from app.web.explanations import Piece, marked, parts_of, printed


def reason(weight: float, kind: str = "term") -> ContributionOut:
    return ContributionOut(
        kind=kind,
        feature="f",
        label="l",
        need=["a"],
        programme=["b"],
        weight=weight,
        sentence="",
        declared=False,
        need_spans=[],
        programme_spans=[],
    )


@given(st.lists(st.floats(0, 0.02), max_size=40))
def test_the_printed_parts_add_up_to_the_printed_score(weights: list[float]):
    score = sum(weights)

    parts = parts_of([reason(w, "term" if n % 2 else "concept") for n, w in enumerate(weights)], score)

    shown = sum(round(float(each.adds) * 1000) for part in parts for each in part.reasons)
    assert f"{shown / 1000:.3f}" == printed(score) or not weights
    assert sum(round(float(part.adds) * 1000) for part in parts) == shown


def test_a_printed_figure_is_within_a_thousandth_of_its_weight():
    weights = [0.1234, 0.0456, 0.0009, 0.00051]

    parts = parts_of([reason(weight) for weight in weights], sum(weights))

    shown = sorted(float(each.adds) for each in parts[0].reasons)
    assert shown == pytest.approx(sorted(weights), abs=0.001)


def test_a_side_that_gives_a_code_and_no_words_is_told_by_its_label():
    stated = reason(0.1, "assistance").model_copy(
        update={"feature": "assistance:peer_exchange", "label": "peer exchange", "programme": ["peer_exchange"]}
    )

    [part] = parts_of([stated], 0.1)

    assert (part.reasons[0].need, part.reasons[0].programme) == (["a"], ["peer exchange"])


def test_overlapping_spans_are_marked_once_and_text_is_kept():
    spans = [SpanOut(field="text", start=4, end=9), SpanOut(field="text", start=7, end=12)]

    assert marked("The small arms", spans) == [Piece("The ", False), Piece("small ar", True), Piece("ms", False)]


def test_spans_beyond_the_text_mark_nothing():
    assert marked("short", [SpanOut(field="text", start=40, end=50)]) == [Piece("short", False)]
