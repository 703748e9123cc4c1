"""Finds listed phrases in a text by their stems, in one pass over its words."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from matching.text import Token, content_stem, tokens


class Match(NamedTuple):
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
    kept, stems = [], []
    for token in tokens(text):
        stem = content_stem(token.surface, language)
        if stem is not None:
            kept.append(token)
            stems.append(stem)
    return Reading(tuple(kept), tuple(stems), language)


def phrase_key(phrase: Phrase) -> tuple[str, ...]:
    """What a phrase is found by: its language and stems, or "=" and its words for an exact one."""
    reading = read(phrase.text, phrase.language)
    if phrase.exact:
        return "=", *(token.surface for token in reading.tokens)
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
                found.extend(_matches(reading, position, length, indexes))
                behind = position + length
        return found

    def find_all(self, reading: Reading) -> list[Match]:
        """Phrases at each word, the longest from that word; one may begin inside another."""
        found: list[Match] = []
        for position, length, indexes in self._longest_at_each(reading):
            found.extend(_matches(reading, position, length, indexes))
        return found

    def _longest_at_each(self, reading: Reading) -> Iterator[tuple[int, int, list[int]]]:
        spoken, exact = self._spaces.get(reading.language, {}), self._spaces.get("=", {})
        stems, surfaces = reading.stems, tuple(token.surface for token in reading.tokens)
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


def _matches(reading: Reading, position: int, length: int, indexes: Sequence[int]) -> Iterator[Match]:
    start, end = reading.tokens[position].start, reading.tokens[position + length - 1].end
    return (Match(index, start, end) for index in indexes)
