"""Finds listed phrases in a text by their stems, in one pass over its words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from matching.text import Token, content_stems, has_han, surfaces_of, tokens


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

    __slots__ = ("_text", "_tokens", "has_han", "language", "stems", "surfaces")

    def __init__(self, text: str, language: str) -> None:
        known = content_stems(language)
        stemmed = [(surface, known[surface]) for surface in surfaces_of(text)]
        kept = [(surface, stem) for surface, stem in stemmed if stem is not None]
        self._text = text
        self._tokens: tuple[Token, ...] | None = None
        self.language = language
        self.has_han = has_han(text)
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
        spaces: dict[str, dict[str, dict[int, dict[tuple[str, ...], list[int]]]]] = {}
        for index, (space, *key) in enumerate(phrases):
            if key:
                lengths = spaces.setdefault(space, {}).setdefault(key[0], {})
                lengths.setdefault(len(key), {}).setdefault(tuple(key), []).append(index)
        self._spaces: dict[str, _Listed] = {
            space: {first: sorted(lengths.items(), reverse=True) for first, lengths in firsts.items()}
            for space, firsts in spaces.items()
        }

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

    def _longest_at_each(self, reading: Reading) -> list["_Hit"]:
        spoken = _longest_in(self._spaces.get(reading.language, {}), reading.stems)
        exact = _longest_in(self._spaces.get("=", {}), reading.surfaces)
        return _joined(spoken, exact) if exact else spoken


# By first word: the phrases of each length, the longest first, as their words with their places in the list.
_Listed = Mapping[str, Sequence[tuple[int, Mapping[tuple[str, ...], list[int]]]]]
_Hit = tuple[int, int, list[int]]


def _longest_in(listed: _Listed, row: tuple[str, ...]) -> list[_Hit]:
    """(position, length, phrases) for each word of a row that a phrase begins at."""
    found: list[_Hit] = []
    for position, word in enumerate(row):
        if word in listed:
            for length, by_words in listed[word]:
                indexes = by_words.get(row[position : position + length])
                if indexes is not None:
                    found.append((position, length, indexes))
                    break
    return found


def _joined(spoken: list[_Hit], exact: list[_Hit]) -> list[_Hit]:
    """Hits of both kinds in order of position: at one position the longer, or both where they are of one length."""
    kept = {position: (length, indexes) for position, length, indexes in spoken}
    for position, length, indexes in exact:
        other, others = kept.get(position, (0, []))
        if length >= other:
            kept[position] = length, indexes if length > other else [*others, *indexes]
    return [(position, *kept[position]) for position in sorted(kept)]
