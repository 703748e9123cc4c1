"""A text as search sees it: folded words, stems and concepts, by the rules that the matcher uses."""

from dataclasses import dataclass

from matching.model import Model
from matching.phrases import read
from matching.profiles import term_keys
from matching.text import fold, resolve_language, words


@dataclass(frozen=True, slots=True)
class Analysis:
    """A text's language, its folded words (Chinese: bigrams), the stems of its content words, its concept ids."""

    language: str
    words: tuple[str, ...]
    stems: tuple[str, ...]
    concepts: tuple[str, ...]


def analyse(text: str, language: str | None, model: Model) -> Analysis:
    """Read a text for search; `language` None or contradicted by the text has it detected."""
    spoken = resolve_language(text, language)
    reading = read(text, spoken)
    found = dict.fromkeys(concept for concept, _, _ in model.concepts.find(reading))
    return Analysis(spoken, tuple(map(fold, words(text))), tuple(term_keys(reading)), tuple(found))
