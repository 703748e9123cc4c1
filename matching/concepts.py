"""Finds the glossary's concepts in a text by stems, longest phrase first, acronyms in their own letter case."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from matching.knowledge import Concept, is_acronym
from matching.phrases import Phrase, PhraseBook, Reading, phrase_key, read
from matching.text import LANGUAGES, detect_language, script_language

if TYPE_CHECKING:
    from matching.model import Model


class ConceptBook:
    """A glossary made ready for finding."""

    def __init__(self, concepts: Sequence[Concept]) -> None:
        entries = [(phrase, concept.id) for concept in concepts for phrase in _phrases(concept)]
        self._ids = [concept_id for _, concept_id in entries]
        self._book = PhraseBook(phrase_key(phrase) for phrase, _ in entries)

    def find(self, reading: Reading) -> list[tuple[str, int, int]]:
        """(concept id, start, end) for each concept named in the reading."""
        found = [(concept, *reading.span(first, length)) for concept, first, length in self.named(reading)]
        return sorted(found, key=lambda hit: (hit[1], hit[2], hit[0]))

    def named(self, reading: Reading) -> Iterable[tuple[str, int, int]]:
        """(concept id, first content word, number of words) for each concept named, in order of place."""
        ids = self._ids
        return dict.fromkeys([(ids[phrase], first, length) for phrase, first, length in self._book.find(reading)])


def _phrases(concept: Concept) -> Iterator[Phrase]:
    if concept.acronym:
        yield Phrase(concept.acronym, "en", exact=True)
    for language in LANGUAGES:
        for term in concept.terms.get(language, ()):
            yield Phrase(term, language, exact=is_acronym(term))


def find(text: str, language: str | None = None, *, model: "Model") -> list[tuple[str, str, int, int]]:
    """Concepts named in a text as (concept id, surface form, start, end), in order of place.

    `language` is one of the six codes; None has it detected, and where that one names no concept,
    as may be with a few words, the other languages in Latin letters are tried.
    """
    if language in LANGUAGES:
        return _found(text, str(language), model)
    detected = detect_language(text)
    others = [other for other in ("en", "fr", "es") if other != detected and script_language(text) is None]
    return next(filter(None, (_found(text, spoken, model) for spoken in (detected, *others))), [])


def _found(text: str, language: str, model: "Model") -> list[tuple[str, str, int, int]]:
    hits = model.concepts.find(read(text, language))
    return [(concept, text[start:end], start, end) for concept, start, end in hits]
