import random
from dataclasses import replace
from math import fsum

import pytest
from hypothesis import given, settings

from matching import Matcher, Need, Programme, load_model
from matching.learning import Example, Learned, Measure, TooFewDecisions, auc, learn, reweighted, scores
from matching.model import GROUPS, Model
from tests.matching.records import CUSTOMS, MARKING, MARKING_NEED, PRISONS, PROGRAMMES, corpora, needs

MODEL = load_model()
OTHERWISE = MODEL.with_weights("other", {"text": 0.1, "concept": 0.3, "assistance": 0.4, "geography": 0.2})
OFFICERS = ("ana", "bo", "chi", "dina")


def invented(count: int, by_need: int = 4, seed: int = 1) -> list[Example]:
    """Pairs with random similarities, each need having every group."""
    rng = random.Random(seed)
    return [
        Example(
            f"n{number // by_need}",
            OFFICERS[number % len(OFFICERS)],
            False,
            tuple(rng.random() for _ in GROUPS),
            (1.0,) * len(GROUPS),
        )
        for number in range(count)
    ]


def judged_by(model: Model, pairs: list[Example]) -> list[Example]:
    """Accept the better half, as a model scores them, and err in one of ten."""
    found = scores(pairs, model.weights)
    middle, rng = sorted(found)[len(found) // 2], random.Random(2)
    return [
        replace(pair, accepted=(score >= middle) != (rng.random() < 0.1))
        for pair, score in zip(pairs, found, strict=True)
    ]


@pytest.fixture(scope="module")
def learned() -> Learned:
    """What 200 decisions teach of officers who weigh otherwise."""
    return learn(judged_by(OTHERWISE, invented(200)), MODEL)


def fits(weights: object) -> float:
    """How well weights tell what those officers think of pairs that nobody judged."""
    asked = invented(400, seed=9)
    wanted = scores(asked, OTHERWISE.weights)
    return auc(scores(asked, weights), [score > 0.5 for score in wanted])  # type: ignore[arg-type]


@pytest.mark.parametrize("programme", PROGRAMMES, ids=lambda one: one.id)
def test_the_groups_of_an_example_add_up_to_the_score_that_is_explained(programme: Programme):
    matcher = Matcher(PROGRAMMES, MODEL)

    example = Measure(matcher.statistics, MODEL).example(MARKING_NEED, programme, "ana", True)

    explained = matcher.explain(MARKING_NEED, programme.id)
    assert scores([example], MODEL.weights) == pytest.approx([explained.score], abs=1e-9)
    geography = example.present[-1] * MODEL.weights["geography"] * example.similarity[-1]
    total = fsum(p * MODEL.weights[g] for g, p in zip(GROUPS, example.present, strict=True))
    shown = fsum(part.weight for part in explained.contributions if part.kind == "geography")
    assert geography / total == pytest.approx(shown, abs=1e-9)


@settings(deadline=None, max_examples=40)
@given(needs, corpora)
def test_any_pair_scores_as_it_is_explained(need: Need, offered: list[Programme]):
    matcher = Matcher(offered, OTHERWISE)
    measure = Measure(matcher.statistics, OTHERWISE)

    for programme in offered:
        found = scores([measure.example(need, programme, "", True)], OTHERWISE.weights)
        assert found == pytest.approx([matcher.explain(need, programme.id).score], abs=1e-9)


def test_200_decisions_bring_the_weights_to_what_officers_look_at(learned: Learned):
    assert learned.spread > 0
    assert learned.weights["assistance"] > MODEL.weights["assistance"]
    assert learned.weights["theme"] < MODEL.weights["theme"]
    assert fits(learned.weights) > fits(MODEL.weights) + 0.1


def test_the_figures_on_held_out_decisions_say_so(learned: Learned):
    assert learned.candidate.auc > learned.present.auc
    assert learned.candidate.log_loss < learned.present.log_loss
    assert learned.candidate.precision > learned.present.precision
    assert learned.gain == pytest.approx(learned.present.log_loss - learned.candidate.log_loss)
    assert learned.gain > 2 * learned.gain_error > 0


def test_learned_weights_are_those_of_a_score(learned: Learned):
    assert tuple(learned.weights) == GROUPS
    assert min(learned.weights.values()) >= 0
    assert fsum(learned.weights.values()) == pytest.approx(1, abs=1e-12)
    assert 0 <= learned.floor <= 1


def test_a_group_that_speaks_against_a_match_ends_at_0_and_never_below():
    pairs = [replace(pair, accepted=pair.similarity[3] < 0.5) for pair in invented(300)]

    assert learn(pairs, MODEL).weights["dimension"] == 0


def test_20_decisions_move_nothing_that_they_cannot_prove():
    learned = learn(judged_by(OTHERWISE, invented(20)), MODEL)

    assert learned.spread == 0
    assert learned.weights == pytest.approx(dict(MODEL.weights))
    assert learned.floor == MODEL.floor
    assert learned.gain == 0


def test_many_decisions_on_one_need_prove_nothing_of_others():
    learned = learn(judged_by(OTHERWISE, invented(100, by_need=100)), MODEL)

    assert (learned.spread, learned.gain, learned.gain_error) == (0, 0, 0)
    assert 0.5 < learned.present.auc < 1


def test_decisions_that_are_chance_move_nothing():
    rng = random.Random(5)
    pairs = [replace(pair, accepted=rng.random() < 0.5) for pair in invented(200)]

    assert learn(pairs, MODEL).weights == pytest.approx(dict(MODEL.weights))


def test_officers_who_think_like_the_model_leave_it_as_it_is():
    assert learn(judged_by(MODEL, invented(200)), MODEL).weights == pytest.approx(dict(MODEL.weights))


def test_the_same_decisions_teach_the_same(learned: Learned):
    assert learn(judged_by(OTHERWISE, invented(200)), MODEL) == learned


@pytest.mark.parametrize("accepted", [0, 2, 9], ids=["none accepted", "two", "nine of nine"])
def test_too_few_decisions_are_refused_with_what_is_needed(accepted: int):
    pairs = [replace(pair, accepted=n < accepted) for n, pair in enumerate(invented(9 if accepted == 9 else 40))]

    with pytest.raises(TooFewDecisions, match=f"{accepted} accepted .* at least 3 of each"):
        learn(pairs, MODEL)


def test_an_officer_who_judges_otherwise_stands_out_and_the_others_do_not():
    pairs = judged_by(MODEL, invented(200))
    biased = [replace(one, accepted=one.similarity[-1] > 0.5) if one.officer == "dina" else one for one in pairs]

    figures = {one.officer: one for one in learn(biased, MODEL).officers}

    assert [name for name, one in figures.items() if one.stands_out] == ["dina"]
    assert figures["dina"].surprise > 3


def test_an_officer_who_rejects_too_much_leans():
    pairs = judged_by(MODEL, invented(200))
    strict = [replace(one, accepted=False) if one.officer == "ana" else one for one in pairs]

    [ana] = [one for one in learn(strict, MODEL).officers if one.officer == "ana"]

    assert ana.accepted == 0
    assert ana.expected > 15
    assert ana.leaning < -3
    assert ana.stands_out


def test_one_officer_alone_is_compared_with_nobody():
    pairs = [replace(one, officer="ana") for one in judged_by(MODEL, invented(40))]

    assert learn(pairs, MODEL).officers == ()


def test_auc_counts_ties_as_half():
    assert auc([3, 2, 1], [True, False, False]) == 1
    assert auc([1, 1], [True, False]) == 0.5
    assert auc([1, 2, 2, 3], [False, True, False, True]) == 0.875
    assert auc([1, 2], [True, True]) == 0.5


def test_a_matcher_under_other_weights_is_one_fitted_anew():
    fitted = Matcher(PROGRAMMES, MODEL)

    other = reweighted(fitted, OTHERWISE)

    assert other.suggest(MARKING_NEED) == Matcher(PROGRAMMES, OTHERWISE).suggest(MARKING_NEED)
    assert fitted.suggest(MARKING_NEED) == Matcher(PROGRAMMES, MODEL).suggest(MARKING_NEED)


def test_a_change_to_one_does_not_reach_the_other():
    fitted = Matcher([MARKING, CUSTOMS], MODEL)
    other = reweighted(fitted, OTHERWISE)

    other.upsert(PRISONS)

    assert other.explain(MARKING_NEED, "prisons").programme_id == "prisons"
    with pytest.raises(KeyError):
        fitted.explain(MARKING_NEED, "prisons")


def test_a_model_of_other_knowledge_needs_a_matcher_of_its_own():
    other = replace(OTHERWISE, knowledge_fingerprint="0" * 64)

    with pytest.raises(ValueError, match="fit a matcher anew"):
        reweighted(Matcher(PROGRAMMES, MODEL), other)
