import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching import analyse, concepts, load_model
from matching import text as analysis
from matching.text import (
    Remembered,
    detect_language,
    fold,
    resolve_language,
    stem,
    stems,
    surfaces_of,
    tokens,
    words,
)

MODEL = load_model()


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Sécurité", "securite"),
        ("учёт", "учет"),
        ("границей", "границей"),
        ("الأسلحةُ", "الاسلحه"),
        ("ＡＰＩ", "api"),
    ],
)
def test_folding_takes_off_case_accents_and_arabic_variants_but_keeps_the_russian_short_i(
    text: str, folded: str
) -> None:
    assert fold(text) == folded


def test_chinese_words_are_character_bigrams_and_break_at_punctuation() -> None:
    assert words("无人机，枪") == ["无人", "人机", "枪"]


def test_a_capital_before_a_hyphen_stays_with_its_word() -> None:
    assert words("C-UAS and X-ray") == ["c-uas", "and", "x-ray"]


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "marking", "marked"),
        ("fr", "douanières", "douanier"),
        ("es", "fronterizos", "fronteriza"),
        ("ru", "беспилотники", "беспилотников"),
        ("ar", "والأسلحة", "أسلحة"),
        ("ar", "وبالتدريب", "تدريب"),
        ("ar", "الوسطاء", "وسطاء"),
    ],
)
def test_inflected_forms_share_a_stem(language: str, one: str, other: str) -> None:
    assert stem(one, language) == stem(other, language)


def test_stems_follow_the_script_of_a_word_not_the_language_said() -> None:
    assert stems(["границами", "marking"], "ru") == [stem("границами", "ru"), "marking"]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The State asks for training of customs officers.", "en"),
        ("L'État demande la formation des douaniers.", "fr"),
        ("Se pide capacitación para los funcionarios de aduanas.", "es"),
        ("Нужны курсы для таможенников.", "ru"),
        ("المطلوب تدريب موظفي الجمارك", "ar"),
        ("需要培训海关官员", "zh"),
        ("", "en"),
        ("formation douane", "fr"),
    ],
)
def test_the_language_of_a_text_is_detected(text: str, language: str) -> None:
    assert detect_language(text) == language


def test_a_declared_language_holds_unless_the_text_plainly_contradicts_it() -> None:
    assert resolve_language("Drones", "fr") == "fr"
    assert resolve_language("Нужны курсы", "en") == "ru"
    assert resolve_language("The police of the State and the customs of the port are in need of it.", "es") == "en"


@given(st.text(max_size=200))
def test_every_token_stands_where_its_offsets_say(text: str) -> None:
    for token in tokens(text):
        assert text[token.start : token.end] == token.surface


@given(
    st.text(st.sampled_from("abA1-_ .é枪ـ\u064b\u0301Ж🙂\n"), max_size=40)
    | st.text(st.characters(max_codepoint=127))
)
def test_words_are_split_alike_with_and_without_their_places(text: str) -> None:
    assert surfaces_of(text) == [token.surface for token in tokens(text)]


def test_what_is_remembered_of_words_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "MOST_WORDS", 3)
    lengths = Remembered(len)
    listed = ["a", "bb", "ccc", "dddd", "bb", "x" * 1_000]

    assert [(lengths[word], len(lengths) <= 3) for word in listed] == [(len(word), True) for word in listed]
    assert "x" * 1_000 not in lengths


@given(st.text(max_size=200), st.sampled_from(["en", "fr", "es", "ru", "ar", "zh", None]))
def test_any_text_can_be_analysed(text: str, language: str | None) -> None:
    found = analyse(text, language, MODEL)

    assert found.language in ("en", "fr", "es", "ru", "ar", "zh")
    assert all(fold(word) == word for word in found.words)


def test_concepts_are_found_in_six_languages_with_their_place() -> None:
    for text in (
        "small arms",
        "armes légères",
        "armas pequeñas",
        "стрелкового оружия",
        "الأسلحة الصغيرة",
        "小武器",
    ):
        found = concepts.find(f"… {text}", model=MODEL)
        assert ("small-arms-and-light-weapons", 2) in [(concept, start) for concept, _, start, _ in found], text


def test_the_longest_phrase_wins_and_acronyms_keep_their_case() -> None:
    found = [concept for concept, *_ in concepts.find("UAS, C-UAS and uas", model=MODEL)]

    assert found == ["unmanned-aircraft-system", "counter-unmanned-aircraft-systems"]
