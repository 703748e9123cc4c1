import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.phrases import Match, Phrase, PhraseBook, Reading, phrase_key, read
from matching.text import surfaces_of

WORDS = ["marking", "arms", "border", "UAS", "C-UAS", "the", "police", "枪", "支"]
spoken = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)
written = st.lists(spoken | st.sampled_from([".", ";", "\n\n", ","]), max_size=6).map(" ".join)
phrases = st.builds(Phrase, spoken, st.sampled_from(["en", "fr"]), st.booleans())


def naive(listed: list[Phrase], reading: Reading) -> list[Match]:
    """At each word the longest phrases that begin there, looked for one by one."""
    found = []
    for first in range(len(reading.stems)):
        here = []
        for index, (space, *key) in enumerate(map(phrase_key, listed)):
            space, _, small = space.partition(":")
            if small and not stands(small, reading, first):
                continue
            row = reading.surfaces if space == "=" else reading.stems
            within = reading.ends.isdisjoint(range(first + 1, first + len(key)))
            if key and within and space in ("=", reading.language) and list(row[first : first + len(key)]) == key:
                here.append((index, first, len(key)))
        longest = max((length for _, _, length in here), default=0)
        found += [match for match in here if match[2] == longest]
    return sorted(found)


def stands(small: str, reading: Reading, first: int) -> bool:
    """Whether these small words stand around a content word, by its place in the text."""
    before, after = (part.split() for part in small.split("_"))
    start, end = reading.places[first]
    ahead, behind = surfaces_of(reading.text[:start]), surfaces_of(reading.text[end:])
    return ahead[len(ahead) - len(before) :] == before and behind[: len(after)] == after


@given(st.lists(phrases, max_size=12), written)
def test_the_longest_phrases_are_found_at_each_word(listed: list[Phrase], text: str) -> None:
    reading = read(text, "en")

    assert sorted(PhraseBook(map(phrase_key, listed)).find_all(reading)) == naive(listed, reading)


@given(st.lists(phrases, max_size=12), written)
def test_no_phrase_begins_inside_an_earlier_one(listed: list[Phrase], text: str) -> None:
    reading = read(text, "en")

    found = PhraseBook(map(phrase_key, listed)).find(reading)

    kept: list[Match] = []
    for match in sorted(naive(listed, reading), key=lambda match: match[1]):
        if all(match[1] == first or match[1] >= first + length for _, first, length in kept):
            kept.append(match)
    assert sorted(found) == sorted(kept)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Border, police", True),
        ("border\npolice", True),
        ("crossings of the border. Police posts", False),
        ("border; police", False),
        ("border\nPolice", False),
        ("border\n- police", False),
        ("border\n \npolice", False),
    ],
)
def test_a_phrase_goes_on_behind_a_comma_or_wrapped_line_but_not_behind_a_sentence(text: str, found: bool) -> None:
    book = PhraseBook([phrase_key(Phrase("border police", "en"))])

    assert bool(book.find(read(text, "en"))) == found


def test_sentences_end_in_every_script() -> None:
    for language, listed, text in [
        ("ru", "граница полиция", "Граница. Полиция"),
        ("ar", "حدود شرطة", "حدود؛ شرطة"),
        ("zh", "边防", "无边。防爆"),
    ]:
        book = PhraseBook([phrase_key(Phrase(listed, language))])

        assert book.find(read(listed, language))
        assert not book.find(read(text, language))


@pytest.mark.parametrize(
    ("language", "listed", "meant", "other"),
    [
        ("en", "mine action", "Mine action centres", "a plan of action"),
        ("en", "re-export", "re-exports of rifles", "export of rifles"),
        ("en", "out of order", "machines are out of order", "out of the order"),
        ("en", "buy-back", "a buy-back of guns", "they buy guns back"),
        ("fr", "sans pilote", "aéronefs sans pilote", "le pilote de l'avion"),
        ("es", "estado de derecho", "el Estado de Derecho", "el derecho del mar"),
        ("es", "no tripulada", "aeronaves no tripuladas", "la tripulada"),
        ("ru", "на море", "дозоры на море", "Чёрное море"),
        ("ar", "غير موسومة", "أسلحة غير موسومة", "أسلحة موسومة"),
        ("zh", "X光", "用X光机检查", "拉曼光谱仪"),
    ],
)
def test_a_phrase_of_a_single_content_word_is_found_with_its_small_words_alone(
    language: str, listed: str, meant: str, other: str
) -> None:
    book = PhraseBook([phrase_key(Phrase(listed, language))])

    assert book.find(read(meant, language))
    assert not book.find(read(other, language))


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("لتدريب", [(0, 0, 1)]),
        ("وبتدريب", [(0, 0, 1)]),
        ("بأسلحة كحراس", [(1, 0, 2)]),
        ("أسلحة لحراس", [(1, 0, 2)]),
        ("بسيط", []),
        ("بطاقة", [(3, 0, 1)]),
        ("طاقة", [(4, 0, 1)]),
        ("بضابط", []),
    ],
)
def test_arabic_letters_written_onto_a_listed_word_are_taken_off_but_not_its_own_first_letter(
    written: str, found: list[Match]
) -> None:
    listed = ["تدريب", "أسلحة الحراس", "وسيط", "بطاقة", "طاقة"]
    book = PhraseBook([phrase_key(Phrase(phrase, "ar")) for phrase in listed])

    assert book.find(read(written, "ar")) == found


def test_a_word_and_the_same_word_with_a_negation_are_two_phrases() -> None:
    book = PhraseBook([phrase_key(Phrase("marked", "en")), phrase_key(Phrase("not marked", "en"))])

    assert book.find(read("marked", "en")) == [(0, 0, 1)]
    assert book.find(read("not marked", "en")) == [(0, 0, 1), (1, 0, 1)]


@given(st.text(max_size=100) | written, st.sampled_from(["en", "fr", "es", "ru", "ar", "zh"]))
def test_every_content_word_stands_where_its_reading_says(text: str, language: str) -> None:
    reading = read(text, language)

    assert tuple(text[start:end] for start, end in reading.places) == reading.surfaces
