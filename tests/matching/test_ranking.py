import math
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import Matcher, Model, Need, Place, Programme, load_model
from matching.features import Statistics, joined, named, need_values, pack, programme_values, statistics
from matching.geography import Atlas, level, share
from matching.knowledge import Cue
from matching.model import build
from matching.profiles import need_profile, programme_profile
from tests.matching.records import CUSTOMS, MARKING, MARKING_NEED, PRISONS, PROGRAMMES, corpora, needs

MODEL = load_model()


def naive_scores(need: Need, programmes: list[Programme], counted: Statistics | None = None) -> dict[str, float]:
    """The score as a sum over one pair at a time, without matrices, segments or compiled loops."""
    packed = {p.id: pack([programme_profile(p, MODEL)]) for p in programmes}
    known = counted or statistics(joined([packed[id_] for id_ in sorted(packed)]))
    atlas, asked = Atlas(MODEL.geography), pack([need_profile(need, MODEL)])
    place = atlas.territory(need.recipient)
    weights, groups = need_values(asked, known, MODEL.weights, np.array([place.is_known]))
    wanted, geography = named(asked, weights), groups[0, -1]
    found = {}
    for programme in programmes:
        held = named(packed[programme.id], programme_values(packed[programme.id], known))
        offered = atlas.territory(programme.coverage)
        covered = level(share(place, offered, programme.excluded)) if offered.is_known else 0.5
        terms = [weight * held.get(feature, 0.0) for feature, weight in wanted.items()]
        found[programme.id] = math.fsum([*terms, geography * covered])
    return found


@settings(max_examples=60, deadline=None)
@given(needs, corpora)
def test_a_score_is_what_the_naive_definition_gives(need: Need, programmes: list[Programme]) -> None:
    matcher = Matcher(programmes, MODEL)

    scores = {p.id: matcher.explain(need, p.id).score for p in programmes}

    for programme_id, expected in naive_scores(need, programmes).items():
        assert math.isclose(scores[programme_id], expected, abs_tol=1e-9)


@settings(max_examples=60, deadline=None)
@given(needs, corpora)
def test_contributions_sum_to_the_score_and_lie_between_0_and_1(need: Need, programmes: list[Programme]) -> None:
    matcher = Matcher(programmes, MODEL)

    for programme in programmes:
        found = matcher.explain(need, programme.id)

        assert math.isclose(math.fsum(part.weight for part in found.contributions), found.score, abs_tol=1e-9)
        assert 0 <= found.score <= 1
        assert all(part.weight >= 0 for part in found.contributions)


@settings(max_examples=60, deadline=None)
@given(needs, corpora)
def test_ranked_and_explained_scores_agree_and_gated_programmes_are_never_ranked(
    need: Need, programmes: list[Programme]
) -> None:
    matcher = Matcher(programmes, MODEL)

    ranked = matcher.suggest(need, limit=99)

    assert [s.rank for s in ranked] == list(range(1, len(ranked) + 1))
    assert all(gate.passed for s in ranked for gate in s.gates)
    for suggestion in ranked:
        explained = matcher.explain(need, suggestion.programme_id)
        assert explained.contributions == suggestion.contributions
    ordered = [(-round(s.score, 9), s.programme_id) for s in ranked]
    assert ordered == sorted(ordered)


@settings(max_examples=40, deadline=None)
@given(needs, corpora)
def test_the_same_records_in_another_order_give_the_same_ranks(need: Need, programmes: list[Programme]) -> None:
    forward, backward = Matcher(programmes, MODEL), Matcher(programmes[::-1], MODEL)

    assert forward.suggest(need) == backward.suggest(need)


def test_the_programme_that_answers_the_need_comes_first_and_is_proposed() -> None:
    matcher = Matcher(PROGRAMMES, MODEL)

    first, *rest = matcher.suggest(MARKING_NEED)

    assert first.programme_id == "marking"
    assert first.proposed
    assert not any(suggestion.proposed for suggestion in rest)


@pytest.mark.parametrize(
    ("language", "title", "text"),
    [
        (
            "fr",
            "Armes de la police sans marquage",
            "L'État demande des machines de marquage et un registre des armes.",
        ),
        ("es", "Armas de la policía sin marcar", "Se pide máquinas de marcaje y un registro de armas."),
        ("ru", "Оружие полиции без маркировки", "Нужны станки для маркировки оружия и единый реестр."),
        ("ar", "أسلحة الشرطة بلا وسم", "المطلوب آلات وسم الأسلحة وسجل مركزي للأسلحة."),
        ("zh", "警用枪支没有标识", "需要枪支打标设备和中央登记册。"),
    ],
)
@pytest.mark.parametrize("declared", [True, False])
def test_a_need_in_any_language_meets_an_english_programme(
    language: str, title: str, text: str, declared: bool
) -> None:
    need = Need("n", title, text, language if declared else None, recipient=Place(countries=("ML",)))

    first = Matcher(PROGRAMMES, MODEL).suggest(need)[0]

    assert first.programme_id == "marking"
    assert first.proposed


def test_covering_the_region_alone_proposes_nothing() -> None:
    need = Need("n", "Road works", "The State asks for bridges and tarmac.", recipient=Place(regions=("011",)))

    found = Matcher(PROGRAMMES, MODEL).suggest(need)

    assert found
    assert not any(suggestion.proposed for suggestion in found)


def test_a_programme_out_of_the_region_falls_behind_but_does_not_vanish_and_is_not_proposed() -> None:
    near, far = MARKING, replace(MARKING, id="a-far", coverage=Place(regions=("005",)))

    found = Matcher([near, far, PRISONS], MODEL).suggest(MARKING_NEED)

    assert [s.programme_id for s in found][:2] == ["marking", "a-far"]
    assert not found[1].proposed
    assert "extended" in next(c.sentence for c in found[1].contributions if c.kind == "geography")


def test_equal_scores_go_in_order_of_id() -> None:
    twins = [replace(MARKING, id=id_) for id_ in ("c", "a", "b")]

    assert [s.programme_id for s in Matcher(twins, MODEL).suggest(MARKING_NEED)] == ["a", "b", "c"]


def test_two_programmes_with_one_id_are_refused() -> None:
    with pytest.raises(ValueError, match="'marking'"):
        Matcher([MARKING, MARKING], MODEL)


def test_a_changed_programme_is_found_at_once_as_if_it_had_been_there() -> None:
    matcher = Matcher(PROGRAMMES, MODEL)

    matcher.upsert(replace(MARKING, id="new", title="Marking of service weapons"))
    matcher.upsert(replace(CUSTOMS, title="Something else"))
    matcher.remove("prisons")

    assert {s.programme_id for s in matcher.suggest(MARKING_NEED)} == {"marking", "new", "customs"}
    assert "new" in [s.programme_id for s in matcher.suggest(MARKING_NEED)[:2]]
    with pytest.raises(KeyError):
        matcher.explain(MARKING_NEED, "prisons")


@settings(max_examples=40, deadline=None)
@given(needs, corpora, corpora, st.integers(0, 3))
def test_after_any_changes_scores_are_those_of_a_refit_with_the_first_statistics(
    need: Need, before: list[Programme], changed: list[Programme], removed: int
) -> None:
    matcher = Matcher(before, MODEL)
    present = {programme.id: programme for programme in before}
    for programme in changed:
        matcher.upsert(programme)
        present[programme.id] = programme
    for identity in list(present)[:removed]:
        matcher.remove(identity)
        del present[identity]

    found = {identity: matcher.explain(need, identity).score for identity in present}

    expected = naive_scores(need, list(present.values()), matcher.statistics)
    assert found == pytest.approx(expected, abs=1e-9)
    ranked = dict(matcher.rank(need))
    assert ranked == pytest.approx({one: expected[one] for one in ranked}, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.lists(needs, max_size=5), corpora)
def test_many_needs_at_once_are_ranked_as_each_by_itself(asked: list[Need], programmes: list[Programme]) -> None:
    matcher = Matcher(programmes, MODEL)

    found = list(matcher.rank_all(asked, 3, threads=2))

    assert found == [(need, matcher.rank(need, 3)) for need in asked]


def test_an_unchanged_programme_put_in_again_changes_no_score() -> None:
    matcher, untouched = Matcher(PROGRAMMES, MODEL), Matcher(PROGRAMMES, MODEL)

    for _ in range(70):
        matcher.upsert(MARKING)

    assert matcher.suggest(MARKING_NEED) == untouched.suggest(MARKING_NEED)


def test_an_invented_state_lies_in_the_subregion_that_it_is_given() -> None:
    need = replace(MARKING_NEED, recipient=Place(countries=("XA",)))

    placed = Matcher(PROGRAMMES, MODEL, {"XA": "011"}).suggest(need)[0]
    unplaced = Matcher(PROGRAMMES, MODEL).explain(need, "marking")

    assert placed.programme_id == "marking"
    assert placed.proposed
    assert not unplaced.proposed


def test_proposals_follow_from_rankings_of_many_needs() -> None:
    matcher = Matcher(PROGRAMMES, MODEL)
    barren = Need("n2", "Roads", "Bridges and tarmac.", recipient=Place(regions=("011",)))

    ranked = matcher.rank_all([MARKING_NEED, barren])
    found = {need.id: matcher.propose(need, ranked=best) for need, best in ranked}

    assert [s.programme_id for s in found["n1"]] == ["marking"]
    assert found["n2"] == []
    assert found["n1"] == matcher.propose(MARKING_NEED)


def test_without_programmes_nothing_is_suggested() -> None:
    assert Matcher([], MODEL).suggest(MARKING_NEED) == []


@pytest.mark.parametrize(
    "text", ["", "the of and", "🙂🙂", "\u202e\u200f", "的", "weapon " * 100_000], ids=lambda text: text[:8]
)
def test_a_strange_text_gives_a_defined_result(text: str) -> None:
    found = Matcher(PROGRAMMES, MODEL).suggest(Need("n", "", text))

    assert all(0 < s.score <= 1 for s in found)


@pytest.mark.parametrize(
    ("change", "gate", "hint"),
    [
        ({"status": "suspended"}, "status", "active again"),
        ({"ends_on": date(2025, 12, 31)}, "ended", "extended"),
        ({"stale": True}, "stale", "assures"),
        ({"full": True}, "full", "capacity"),
        ({"excluded": ("ML",)}, "excluded", "lifts"),
        ({"kind": "fund"}, "fund", "way to pay"),
    ],
)
def test_a_gated_programme_is_not_ranked_but_can_be_explained(
    change: dict[str, object], gate: str, hint: str
) -> None:
    matcher = Matcher([replace(MARKING, **change), PRISONS], MODEL)  # type: ignore[arg-type]
    need, day = replace(MARKING_NEED, recipient=Place(countries=("ML",))), date(2026, 6, 1)

    ranked = matcher.suggest(need, as_of=day)
    explained = matcher.explain(need, "marking", as_of=day)
    shown = matcher.suggest(need, as_of=day, include_ineligible=True)[-1]

    assert "marking" not in [s.programme_id for s in ranked]
    assert [g.gate for g in explained.gates if not g.passed] == [gate]
    assert hint in next(g.detail for g in explained.gates if g.gate == gate)
    assert not explained.proposed
    assert (shown.programme_id, shown.rank) == ("marking", 0)


def test_dates_gate_only_where_an_as_of_date_is_given() -> None:
    matcher = Matcher([replace(MARKING, ends_on=date(2020, 1, 1))], MODEL)

    assert matcher.suggest(MARKING_NEED)[0].proposed
    assert matcher.suggest(MARKING_NEED, as_of=date(2026, 1, 1)) == []


def test_weak_words_tell_a_text_of_this_field_by_less_where_each_stands_alone_for_its_theme() -> None:
    listed = [
        ("WPN-PSM", 0.9, "depot"),
        ("WPN-PSM", 0.9, "locks"),
        ("WPN-MRT", 0.9, "ledger"),
        ("PRR-FTF", 2.0, "ledger"),
    ]
    model = build(cues=tuple(Cue(code, weight, "en", phrase) for code, weight, phrase in listed[:3]))
    stronger = build(cues=tuple(Cue(code, weight, "en", phrase) for code, weight, phrase in listed))
    rest = "river farmers harvest wheat barley millet sorghum maize cotton tea"

    def field(words: str, known: Model) -> float:
        return need_profile(Need("n", title="", text=f"{words} {rest}", language="en"), known).field

    assert field("depot locks", model) > field("depot ledger", model)
    assert field("depot depot", model) == field("depot ledger", model)
    assert field("depot ledger", stronger) > field("depot ledger", model)
