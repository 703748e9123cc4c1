"""Finds listed phrases in a text by their stems, in one pass over its words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import compress

from matching.arabic import without_attached
from matching.text import (
    END,
    Remembered,
    Token,
    content_stems,
    fold,
    has_han,
    piece_matches,
    pieces_of,
)

# A phrase found: its index in the list of phrases, the first content word that it covers, and how many.
# Thousands are made a second, hence a plain tuple.
Match = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase of one language; an `exact` one (an acronym) is met in any language, in its own letter case."""

    text: str
    language: str
    exact: bool = False


class Reading:
    """The content words of a text with their stems, as phrases are looked up in them.

    Where the words stand in the text is worked out when first asked for: most readings are never shown.
    """

    __slots__ = (
        "_found",
        "_pieces",
        "_places",
        "_stemmed",
        "ends",
        "has_han",
        "has_small_words",
        "language",
        "stems",
        "surfaces",
        "text",
    )

    def __init__(self, text: str, language: str) -> None:
        found = pieces_of(text)
        stemmed = list(map(content_stems(language).__getitem__, found))
        self._found = found
        self.text = text
        self._stemmed = stemmed
        self._places: list[tuple[int, int]] | None = None
        self._pieces: list[int] | None = None
        self.language = language
        self.has_han = has_han(text)
        self.has_small_words = None in stemmed
        surfaces = list(compress(found, stemmed))
        stems = list(filter(None, stemmed))
        self.ends = _taken_out(stems, surfaces) if END in stems else _NONE
        self.surfaces: tuple[str, ...] = tuple(surfaces)
        self.stems: tuple[str, ...] = tuple(stems)

    @property
    def tokens(self) -> tuple[Token, ...]:
        """The content words with their places in the text."""
        placed = zip(self.surfaces, self.places, strict=True)
        return tuple(Token(surface, start, end) for surface, (start, end) in placed)

    @property
    def places(self) -> list[tuple[int, int]]:
        """From which to which character of the text each content word stands."""
        if self._places is None:
            found = zip(piece_matches(self.text), self._stemmed, strict=True)
            self._places = [match.span() for match, stem in found if stem and stem != END]
        return self._places

    def is_among(self, before: Sequence[str], after: Sequence[str], word: int) -> bool:
        """Whether the content word at `word` stands between these folded words, small ones counted."""
        if self._pieces is None:
            self._pieces = [n for n, stem in enumerate(self._stemmed) if stem and stem != END]
        at = self._pieces[word]
        ahead = self._found[max(at - len(before), 0) : at]
        behind = self._found[at + 1 : at + 1 + len(after)]
        return list(map(fold, ahead)) == list(before) and list(map(fold, behind)) == list(after)

    def small_words(self) -> str:
        """All its words folded, with a _ for each content word: "first _" for "first responders"."""
        shown = zip(self._found, self._stemmed, strict=True)
        return " ".join(["_" if stem else fold(word) for word, stem in shown if stem != END])

    def span(self, first: int, length: int) -> tuple[int, int]:
        """The characters, from and to, of `length` content words from the one at `first`."""
        places = self.places
        return places[first][0], places[first + length - 1][1]


_NONE: frozenset[int] = frozenset()


def _taken_out(stems: list[str], surfaces: list[str]) -> frozenset[int]:
    """Takes the ends of sentences out of both lists; before which words they stood."""
    found, end = [], 0
    for _ in range(stems.count(END)):
        end = stems.index(END, end)
        del stems[end], surfaces[end]
        found.append(end)
    return frozenset(found)


def read(text: str, language: str) -> Reading:
    """The words of a text without its stop words, each with its stem."""
    return Reading(text, language)


def phrase_key(phrase: Phrase) -> tuple[str, ...]:
    """What a phrase is found by: its language and stems, or "=" and its words for an exact one.

    One with a single content word ("mine action", "en mer") is found by its small words too: "en:mine _".
    """
    reading = read(phrase.text, phrase.language)
    if phrase.exact:
        return "=", *reading.surfaces
    small = reading.small_words() if reading.has_small_words and len(reading.stems) == 1 else "_"
    return phrase.language if small == "_" else f"{phrase.language}:{small}", *reading.stems


class PhraseBook:
    """Listed phrases, ready to be found; several may have the same stems."""

    def __init__(self, phrases: Iterable[tuple[str, ...]]) -> None:
        """`phrases` are keys as of `phrase_key`; a match names one by its place."""
        self._spaces: dict[str, _Begun] = {}
        self._small_words: dict[int, tuple[list[str], list[str]]] = {}
        phrases = list(phrases)
        arabic = frozenset([word for space, *key in phrases if space[:2] == "ar" for word in key])
        self._arabic = Remembered(partial(without_attached, known=arabic))
        for index, (space, *key) in enumerate(phrases):
            language = space
            if ":" in space:
                language, _, small = space.partition(":")
                before, _, after = small.partition("_")
                self._small_words[index] = before.split(), after.split()
            if key:
                listed = map(self._arabic.__getitem__, key) if language == "ar" else key
                self._spaces.setdefault(language, _Begun()).add(listed, index)

    def find(self, reading: Reading) -> list[Match]:
        """Phrases at each word, the longest alone, none inside an earlier one; in order of place."""
        found: list[Match] = []
        behind = 0
        for match in self.find_all(reading):
            _, first, length = match
            if first >= behind or (found and found[-1][1] == first):
                found.append(match)
                behind = first + length
        return found

    def find_all(self, reading: Reading) -> list[Match]:
        """Phrases at each word, the longest from that word; one may begin inside another."""
        hits = self._longest_at_each(reading)
        small = self._small_words
        return [
            (phrase, first, length)
            for first, length, phrases in hits
            for phrase in phrases
            if phrase not in small or reading.is_among(*small[phrase], first)
        ]

    def _longest_at_each(self, reading: Reading) -> list["_Hit"]:
        row = reading.stems if reading.language != "ar" else tuple(map(self._arabic.__getitem__, reading.stems))
        spoken = _longest_in(self._spaces.get(reading.language), row, reading.ends)
        exact = _longest_in(self._spaces.get("="), reading.surfaces, reading.ends)
        return _joined(spoken, exact) if exact else spoken


_Hit = tuple[int, int, list[int]]


class _Begun:
    """Phrases that begin with the same words: those that end here, and by their next word those that go on."""

    __slots__ = ("ending", "longer")

    def __init__(self) -> None:
        self.ending: list[int] = []
        self.longer: dict[str, _Begun] = {}

    def add(self, rest: Iterable[str], phrase: int) -> None:
        """List a phrase by the words that are left of it."""
        begun = self
        for word in rest:
            begun = begun.longer.setdefault(word, _Begun())
        begun.ending.append(phrase)


def _longest_in(listed: _Begun | None, row: tuple[str, ...], ends: frozenset[int]) -> list[_Hit]:
    """(first word, length, phrases) for each word of a row that a phrase begins at; none runs across an end."""
    found: list[_Hit] = []
    begins, last = listed.longer if listed else {}, len(row)
    for first, word in enumerate(row):
        if word in begins:
            begun, behind = begins[word], first + 1
            longest = (first, 1, begun.ending) if begun.ending else None
            while behind < last and row[behind] in begun.longer and behind not in ends:
                begun, behind = begun.longer[row[behind]], behind + 1
                if begun.ending:
                    longest = first, behind - first, begun.ending
            if longest:
                found.append(longest)
    return found


def _joined(spoken: list[_Hit], exact: list[_Hit]) -> list[_Hit]:
    """Hits of both kinds in order of place: at one word the longer, or both where they are of one length."""
    kept = {first: (length, phrases) for first, length, phrases in spoken}
    for first, length, phrases in exact:
        other, others = kept.get(first, (0, []))
        if length >= other:
            kept[first] = length, phrases if length > other else [*others, *phrases]
    return [(first, *kept[first]) for first in sorted(kept)]
