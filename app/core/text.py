"""The search analyser: texts become tokens, queries become groups of tokens, by the matcher's own reading.

A token is a folded word, its stem, a concept of the glossary (`c_…`) or a provision (`p_2370_6`); a title's tokens
are there a second time as `t_…`. What a query asks for is a token of each of its groups. An installed system's own
glossary counts as the package's does; tokens that were written before it changed are written anew by `reindex`.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import structlog

from app.core import glossary, provisions
from matching import KnowledgeError, Model, analyse, load_model
from matching.concepts import find
from matching.phrases import read
from matching.text import LANGUAGES, Token, detect_language, fold, is_stop_word, script_language, stem, words
from matching.text import tokens as split

log = structlog.get_logger()
LONGEST_TOKEN = 60
MOST_GROUPS = 32  # what comes after as many words narrows nothing further, and indexes refuse endless questions
# Letters that every database's index keeps as they are; a word with any other is spelled in hexadecimal.
_PLAIN = re.compile(r"[a-z0-9_\u00df-\u00f6\u00f8-\u017f\u0430-\u045f\u0621-\u064a\u4e00-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched for: a record must have at least one token of every group. No group finds nothing."""

    groups: tuple[frozenset[str], ...]

    def in_title(self) -> "Query":
        """The same query, asked of titles alone."""
        return Query(tuple(frozenset(f"t_{token}" for token in group) for group in self.groups))


def tokens(text: str, language: str | None) -> set[str]:
    """What `text` is found by. The language is one of the six codes, or None to have it detected."""
    read_text = analyse(text, language, _model())
    stems = (stem(word, read_text.language) for word in words(text))
    named = (token for cited in provisions.found_in_text(text) for token in _cited(cited))
    return {*map(_plain, read_text.words), *map(_plain, stems), *_concept_tokens(read_text.concepts), *named}


def title_tokens(text: str, language: str | None) -> set[str]:
    """What a title is found by: its tokens, and each again marked as a title's."""
    found = tokens(text, language)
    return found | {f"t_{token}" for token in found}


def joined(found: Iterable[str]) -> str:
    """Tokens as the search columns hold them."""
    return " ".join(sorted(found))


def language_of(text: str) -> str:
    """The one of the six languages that `text` is written in."""
    return detect_language(text)


def knowledge() -> str:
    """Names what texts are understood by: as long as it stays the same, so do the tokens of a text."""
    return _model().knowledge_fingerprint


@lru_cache(maxsize=2_000)
def folded(text: str) -> str:
    """`text` in lower case, without accents and letter variants, as names are compared."""
    return fold(text)


def query(text: str) -> Query:
    """Understand what somebody typed: provisions, concepts in any of the six languages, and words."""
    cited = provisions.found_in_query(text)
    rest = _without(text, cited)
    groups = (*(_provision_group(provision) for provision in cited), *_word_groups(rest))
    return Query(tuple(dict.fromkeys(groups))[:MOST_GROUPS])


def _cited(provision: provisions.Provision) -> set[str]:
    return provisions.tokens_of(provision.instrument, provision.paragraph)


def _provision_group(provision: provisions.Provision) -> frozenset[str]:
    whole = set() if provision.paragraph else {provision.instrument}
    return frozenset({provision.token} | whole)


def _without(text: str, cited: Iterable[provisions.Provision]) -> str:
    for provision in cited:
        blank = " " * (provision.end - provision.start)
        text = text[: provision.start] + blank + text[provision.end :]
    return text


def _word_groups(text: str) -> Iterator[frozenset[str]]:
    pieces = list(_pieces(text))
    covering = _concepts_in(text)
    spoken = _spoken(pieces)
    meant = [piece for piece in pieces if not _is_small(piece.surface, spoken)]
    for piece in meant or pieces:
        inside = [concept for concept, start, end in covering if start <= piece.start and piece.end <= end]
        if inside or not _straddles(piece, covering):
            yield _forms(piece.surface) | frozenset(_concept_token(concept) for concept in inside)


def _is_small(word: str, language: str) -> bool:
    return is_stop_word(fold(word), language) or is_stop_word(stem(word, language), language)


def _spoken(pieces: list[Token]) -> str:
    """The language whose small words a query is to do without; a single one proves nothing but its script."""
    if script := script_language(" ".join(piece.surface for piece in pieces)):
        return script
    found = [fold(piece.surface) for piece in pieces]
    votes = {language: sum(is_stop_word(word, language) for word in found) for language in ("fr", "es")}
    best = max(votes, key=lambda language: votes[language])
    in_english = sum(is_stop_word(word, "en") for word in found)
    return best if votes[best] > max(in_english, 1) else "en"


def _pieces(text: str) -> Iterator[Token]:
    """Words of a query, and for a run of Chinese characters its bigrams, with their places."""
    found = split(text)
    for n, token in enumerate(found):
        before = n > 0 and found[n - 1].is_han and found[n - 1].end == token.start
        after = n + 1 < len(found) and found[n + 1].is_han and found[n + 1].start == token.end
        if token.is_han and after:
            yield Token(token.surface + found[n + 1].surface, token.start, found[n + 1].end)
        elif not (token.is_han and before):
            yield token


def _concepts_in(text: str) -> list[tuple[str, int, int]]:
    """(concept, start, end) for the concepts that a query names in any language, acronyms in any letter case."""
    found = {(hit[0], hit[2], hit[3]) for language in LANGUAGES for hit in _find(text, language)}
    capitals = text.upper()
    if len(capitals) == len(text):
        found |= {
            (concept, start, end)
            for concept, _, start, end in _find(capitals, "en")
            if not is_stop_word(fold(text[start:end]), None)
        }
    return sorted(found)


def _find(text: str, language: str) -> list[tuple[str, str, int, int]]:
    return find(text, language, model=_model())


def _straddles(piece: Token, covering: Iterable[tuple[str, int, int]]) -> bool:
    """Whether a Chinese bigram begins in a concept and ends outside it: it says nothing of its own."""
    return any(piece.start < edge < piece.end for _, start, end in covering for edge in (start, end))


def _forms(word: str) -> frozenset[str]:
    """Every form under which a word may have been indexed: folded, a stem of each language, an instrument."""
    folded = fold(word)
    instrument = {f"p_{folded}"} if re.fullmatch("[a-z0-9]{2,12}", folded) else set()
    return frozenset({_plain(folded), *(_plain(stem(word, language)) for language in LANGUAGES), *instrument})


def _concept_tokens(found: Iterable[str]) -> set[str]:
    return {_concept_token(held) for concept in found for held in _held(concept, _model())}


def _concept_token(concept: str) -> str:
    return "c_" + concept.replace("-", "_")


@cache
def _held(concept: str, model: Model) -> frozenset[str]:
    """A concept and those that its own name holds: counter-unmanned aircraft systems speaks of such systems."""
    known = model.glossary.get(concept)
    if known is None:
        return frozenset({concept})
    label = read(known.label, "en").tokens
    parts = (known.label[token.start :] for token in label)
    ends = (known.label[: token.end] for token in label)
    named = (found for part in (*parts, *ends) for found in _find(part, "en"))
    return frozenset({concept, *(name for name, *_ in named)})


def _model() -> Model:
    return _model_of(glossary.folder())


@cache
def _model_of(folder: Path | None) -> Model:
    """The package's knowledge and the folder's own; where that cannot be read work goes on without it."""
    try:
        return load_model(folder)
    except KnowledgeError as error:
        log.error("texts are read without the data folder's own files", reason=str(error))
        return load_model()


def _plain(word: str) -> str:
    """A word as a token that no index splits or drops."""
    token = word if _PLAIN.fullmatch(word) else "x_" + word.encode().hex()
    return token[:LONGEST_TOKEN]
