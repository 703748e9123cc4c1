"""Finds listed phrases in a text by their stems, in one pass over its words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from matching.text import END, Token, content_stems, has_han, piece_matches, pieces_of

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

    __slots__ = ("_places", "_stemmed", "_text", "ends", "has_han", "language", "stems", "surfaces")

    def __init__(self, text: str, language: str) -> None:
        found = pieces_of(text)
        stemmed = list(map(content_stems(language).__getitem__, found))
        self._text = text
        self._stemmed = stemmed
        self._places: list[tuple[int, int]] | None = None
        self.language = language
        self.has_han = has_han(text)
        surfaces = [surface for surface, stem in zip(found, stemmed, strict=True) if stem is not None]
        stems = [stem for stem in stemmed if stem is not None]
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
            found = zip(piece_matches(self._text), self._stemmed, strict=True)
            self._places = [match.span() for match, stem in found if stem is not None and stem != END]
        return self._places

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
    """What a phrase is found by: its language and stems, or "=" and its words for an exact one."""
    reading = read(phrase.text, phrase.language)
    if phrase.exact:
        return "=", *reading.surfaces
    return phrase.language, *reading.stems


class PhraseBook:
    """Listed phrases, ready to be found; several may have the same stems."""

    def __init__(self, phrases: Iterable[tuple[str, ...]]) -> None:
        """`phrases` are keys as of `phrase_key`; a match names one by its place."""
        self._spaces: dict[str, _Begun] = {}
        for index, (space, *key) in enumerate(phrases):
            if key:
                self._spaces.setdefault(space, _Begun()).add(key, index)

    def find(self, reading: Reading) -> list[Match]:
        """Phrases at each word, the longest alone, none inside an earlier one; in order of place."""
        found: list[Match] = []
        behind = 0
        for first, length, phrases in self._longest_at_each(reading):
            if first >= behind:
                found += [(phrase, first, length) for phrase in phrases]
                behind = first + length
        return found

    def find_all(self, reading: Reading) -> list[Match]:
        """Phrases at each word, the longest from that word; one may begin inside another."""
        hits = self._longest_at_each(reading)
        return [(phrase, first, length) for first, length, phrases in hits for phrase in phrases]

    def _longest_at_each(self, reading: Reading) -> list["_Hit"]:
        spoken = _longest_in(self._spaces.get(reading.language), reading.stems, reading.ends)
        exact = _longest_in(self._spaces.get("="), reading.surfaces, reading.ends)
        return _joined(spoken, exact) if exact else spoken


_Hit = tuple[int, int, list[int]]


class _Begun:
    """Phrases that begin with the same words: those that end here, and by their next word those that go on."""

    __slots__ = ("ending", "longer")

    def __init__(self) -> None:
        self.ending: list[int] = []
        self.longer: dict[str, _Begun] = {}

    def add(self, rest: Sequence[str], phrase: int) -> None:
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
