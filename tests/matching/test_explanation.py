from dataclasses import replace

from matching import Matcher, Need, Place, load_model
from tests.matching.records import MARKING, MARKING_NEED, PROGRAMMES

MODEL = load_model()
FRENCH = Need(
    "n",
    "Marquage des armes",
    "Les ALPC n'ont pas de marquage.",
    translations=(("en", "Marking of weapons", "Small arms carry no marks."),),
    recipient=Place(countries=("ML",)),
)


def test_every_span_holds_the_words_that_are_shown() -> None:
    texts = {
        "title": FRENCH.title,
        "text": FRENCH.text,
        "en:title": FRENCH.translations[0][1],
        "en:text": FRENCH.translations[0][2],
    }
    programme_texts = {"title": MARKING.title, "summary": MARKING.summary}
    programme_texts |= {f"activities.{n}": text for n, text in enumerate(MARKING.activities)}

    found = Matcher([MARKING], MODEL).explain(FRENCH, "marking")

    for part in found.contributions:
        assert {texts[s.field][s.start : s.end] for s in part.need_spans} <= set(part.need)
        assert {programme_texts[s.field][s.start : s.end] for s in part.programme_spans} <= set(part.programme)
        assert part.sentence


def test_a_concept_says_what_each_side_calls_it() -> None:
    found = Matcher([MARKING], MODEL).explain(FRENCH, "marking")

    concept = next(part for part in found.contributions if part.feature == "concept:marking")

    assert "Marquage" in concept.need
    assert "marking" in [surface.lower() for surface in concept.programme]
    assert "both texts name marking" in concept.sentence


def test_a_code_says_whether_it_is_declared_or_read_from_the_text() -> None:
    declared = replace(MARKING_NEED, themes=("WPN-MRT",))
    matcher = Matcher(PROGRAMMES, MODEL)

    stated = next(c for c in matcher.explain(declared, "marking").contributions if c.feature == "theme:WPN-MRT")
    read = next(c for c in matcher.explain(MARKING_NEED, "marking").contributions if c.feature == "theme:WPN-MRT")

    assert stated.declared
    assert "the need declares it" in stated.sentence
    assert not read.declared
    assert "the need speaks of" in read.sentence


def test_geography_is_told_even_where_it_adds_nothing() -> None:
    elsewhere = replace(MARKING_NEED, recipient=Place(countries=("FR",)))

    found = Matcher(PROGRAMMES, MODEL).explain(elsewhere, "marking")

    told = next(part for part in found.contributions if part.kind == "geography")
    assert told.weight == 0
    assert "France" in told.sentence


def test_a_programme_that_does_not_say_where_it_works_counts_a_half_and_is_asked() -> None:
    found = Matcher([replace(MARKING, coverage=None)], MODEL).explain(MARKING_NEED, "marking")

    told = next(part for part in found.contributions if part.kind == "geography")
    assert told.weight > 0
    assert "ask" in told.sentence


def test_a_pair_is_explained_alike_whatever_was_explained_before() -> None:
    other = replace(MARKING_NEED, id="n2", title="Marking of rifles", text="The police asks for software.")
    practised = Matcher(PROGRAMMES, MODEL)
    for need in (other, FRENCH):
        practised.explain(need, "marking")

    for need in (MARKING_NEED, other, FRENCH):
        assert practised.explain(need, "marking") == Matcher(PROGRAMMES, MODEL).explain(need, "marking")
