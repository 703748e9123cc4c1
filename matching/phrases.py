"""Finds listed phrases in a text by their stems, in one pass over its words."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from matching.text import Token, content_stems, surfaces_of, tokens


class Match(NamedTuple):
    """A phrase found: its index in the list of phrases, the first content word that it covers, and how many."""

    phrase: int
    first: int
    length: int


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

    __slots__ = ("_text", "_tokens", "language", "stems", "surfaces")

    def __init__(self, text: str, language: str) -> None:
        known = content_stems(language)
        stemmed = [(surface, known[surface]) for surface in surfaces_of(text)]
        kept = [(surface, stem) for surface, stem in stemmed if stem is not None]
        self._text = text
        self._tokens: tuple[Token, ...] | None = None
        self.language = language
        self.surfaces: tuple[str, ...] = tuple([surface for surface, _ in kept])
        self.stems: tuple[str, ...] = tuple([stem for _, stem in kept])

    @property
    def tokens(self) -> tuple[Token, ...]:
        """The content words with their places in the text."""
        if self._tokens is None:
            known = content_stems(self.language)
            self._tokens = tuple(t for t in tokens(self._text) if known[t.surface] is not None)
        return self._tokens

    def span(self, match: Match) -> tuple[int, int]:
        """The characters, from and to, that a match covers."""
        return self.tokens[match.first].start, self.tokens[match.first + match.length - 1].end


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
        self._spaces: dict[str, dict[str, dict[int, dict[tuple[str, ...], list[int]]]]] = {}
        for index, (space, *key) in enumerate(phrases):
            if key:
                lengths = self._spaces.setdefault(space, {}).setdefault(key[0], {})
                lengths.setdefault(len(key), {}).setdefault(tuple(key), []).append(index)

    def find(self, reading: Reading) -> list[Match]:
        """Phrases at each word, the longest alone, none inside an earlier one; in order of place."""
        found: list[Match] = []
        behind = 0
        for position, length, indexes in self._longest_at_each(reading):
            if position >= behind:
                found += [Match(index, position, length) for index in indexes]
                behind = position + length
        return found

    def find_all(self, reading: Reading) -> list[Match]:
        """Phrases at each word, the longest from that word; one may begin inside another."""
        return [
            Match(index, position, length)
            for position, length, indexes in self._longest_at_each(reading)
            for index in indexes
        ]

    def _longest_at_each(self, reading: Reading) -> Iterator[tuple[int, int, list[int]]]:
        spoken, exact = self._spaces.get(reading.language, {}), self._spaces.get("=", {})
        stems, surfaces = reading.stems, reading.surfaces
        for position, stem in enumerate(stems):
            length = 0
            indexes: list[int] = []
            if stem in spoken:
                length, indexes = _longest(spoken[stem], stems, position)
            if surfaces[position] in exact:
                other, others = _longest(exact[surfaces[position]], surfaces, position)
                if other >= length:
                    length, indexes = other, others if other > length else [*indexes, *others]
            if length:
                yield position, length, indexes


def _longest(
    lengths: Mapping[int, Mapping[tuple[str, ...], list[int]]], row: tuple[str, ...], position: int
) -> tuple[int, list[int]]:
    for length in sorted(lengths, reverse=True) if len(lengths) > 1 else lengths:
        indexes = lengths[length].get(row[position : position + length])
        if indexes:
            return length, indexes
    return 0, []
