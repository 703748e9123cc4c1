"""The search analyser: a text's tokens hold what people search it by."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.text import joined, query, title_tokens, tokens


def finds(searched: str, text: str, language: str | None = "en") -> bool:
    groups = query(searched).groups
    return bool(groups) and all(group & tokens(text, language) for group in groups)


@pytest.mark.parametrize(
    "searched", ["UAS", "uas", "drones", "drone", "unmanned aircraft", "беспилотники", "无人机"]
)
def test_drones_are_found_by_every_name(searched: str):
    assert finds(searched, "Police cannot stop a drone over the stadium")
    assert finds(searched, "Lutte antidrones autour des aéroports", "fr")
    assert not finds(searched, "Police cannot stop a truck at the stadium")


def test_a_french_text_is_found_by_the_english_acronym():
    assert finds("SALW", "Marquage des armes légères et de petit calibre", "fr")


def test_every_word_must_be_there():
    assert finds("customs drones", "Customs has no drones")
    assert not finds("customs drones", "Customs has no scanners")


def test_small_words_are_left_out_unless_there_is_nothing_else():
    assert finds("the marking of weapons", "weapons marking")
    assert finds("to", "how to do it")


def test_a_provision_in_a_query_must_be_met_exactly():
    assert finds("OP 6 of 2370", "under paragraph 6 of resolution 2370 (2017)")
    assert not finds("OP 6 of 2370", "under paragraph 7 of resolution 2370 (2017)")
    assert not finds("OP 6 of 2370", "6 posts, and resolution 2370 is cited")


def test_a_resolution_is_found_by_any_of_its_names():
    for searched in ("resolution 2370 (2017)", "S/RES/2370", "2370", "UNSCR 2370"):
        assert finds(searched, "under paragraph 6 of resolution 2370 (2017)")


@pytest.mark.parametrize("searched", ["", "   ", "!!!", "()\"'*", "\x00"])
def test_a_query_without_a_word_finds_nothing(searched: str):
    assert query(searched).groups == ()


def test_the_query_of_titles_asks_for_marked_tokens():
    found = title_tokens("Drones over airports", "en")

    assert all(group & found for group in query("airport drone").in_title().groups)
    assert not query("airport").in_title().groups[0] & tokens("Drones over airports", "en")


@settings(deadline=None, database=None)
@given(st.text(max_size=200), st.sampled_from(["en", "fr", "es", "ru", "ar", "zh", None]))
def test_any_text_becomes_tokens_that_no_index_splits(text: str, language: str | None):
    for token in tokens(text, language) | {token for group in query(text).groups for token in group}:
        assert 0 < len(token) <= 64
        assert token == "".join(character for character in token if character.isalnum() or character == "_")


@settings(deadline=None, database=None)
@given(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=30))
def test_a_word_finds_the_text_that_it_was_taken_from(word: str):
    assert finds(word, f"about {word} again", "en")


def test_tokens_are_joined_in_one_order():
    assert joined({"b", "a"}) == "a b"
