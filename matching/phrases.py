"""Finds listed phrases in a text by their stems, in one pass over its words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from matching.text import Token, fold, is_stop_word, stem, tokens


@dataclass(frozen=True, slots=True)
class Match:
    """A phrase found: its index in the list of phrases and the characters it covers."""

    phrase: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase of one language; an `exact` one (an acronym) is met in any language, in its own letter case."""

    text: str
    language: str
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """The content words of a text with their stems, as phrases are looked up in them."""

    tokens: tuple[Token, ...]
    stems: tuple[str, ...]
    language: str


def read(text: str, language: str) -> Reading:
    """The words of a text without its stop words, each with its stem."""
    kept = [token for token in tokens(text) if _has_content(token, language)]
    return Reading(tuple(kept), tuple(stem(token.surface, language) for token in kept), language)


def _has_content(token: Token, language: str) -> bool:
    return token.is_han or not is_stop_word(fold(token.surface), language)


def phrase_key(phrase: Phrase) -> tuple[str, ...]:
    """What a phrase is found by: its language and stems, or "=" and its words for an exact one."""
    if phrase.exact:
        return "=", *(t.surface for t in tokens(phrase.text) if _has_content(t, phrase.language))
    return phrase.language, *read(phrase.text, phrase.language).stems


class PhraseBook:
    """Listed phrases, ready to be found; several may have the same stems."""

    def __init__(self, phrases: Sequence[Phrase]) -> None:
        self._by_stems: dict[tuple[str, ...], list[int]] = {}
        self._lengths: dict[tuple[str, str], list[int]] = {}
        for index, phrase in enumerate(phrases):
            self._add(index, phrase)

    def _add(self, index: int, phrase: Phrase) -> None:
        space, *key = phrase_key(phrase)
        if not key:
            return
        self._by_stems.setdefault((space, *key), []).append(index)
        lengths = self._lengths.setdefault((space, key[0]), [])
        if len(key) not in lengths:
            lengths.append(len(key))
            lengths.sort(reverse=True)

    def find(self, reading: Reading) -> list[Match]:
        """Phrases at each word, the longest alone, none inside an earlier one; in order of place."""
        found: list[Match] = []
        surfaces = tuple(token.surface for token in reading.tokens)
        position = 0
        while position < len(surfaces):
            length, indexes = self._longest(reading, surfaces, position)
            if length:
                start, end = reading.tokens[position].start, reading.tokens[position + length - 1].end
                found.extend(Match(index, start, end) for index in indexes)
            position += max(length, 1)
        return found

    def find_all(self, reading: Reading) -> list[Match]:
        """Phrases at each word, the longest from that word; one may begin inside another."""
        found: list[Match] = []
        surfaces = tuple(token.surface for token in reading.tokens)
        for position in range(len(surfaces)):
            length, indexes = self._longest(reading, surfaces, position)
            if length:
                start, end = reading.tokens[position].start, reading.tokens[position + length - 1].end
                found.extend(Match(index, start, end) for index in indexes)
        return found

    def _longest(self, reading: Reading, surfaces: tuple[str, ...], position: int) -> tuple[int, Iterable[int]]:
        best: tuple[int, list[int]] = (0, [])
        for space, row in ((reading.language, reading.stems), ("=", surfaces)):
            for length in self._lengths.get((space, row[position]), ()):
                indexes = self._by_stems.get((space, *row[position : position + length]))
                if indexes and position + length <= len(row):
                    if length > best[0]:
                        best = (length, indexes)
                    elif length == best[0]:
                        best = (length, [*best[1], *indexes])
                    break
        return best
