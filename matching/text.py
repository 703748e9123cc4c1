"""Words of a text in six languages: split, folded and stemmed in one way for needs, programmes and search."""

import re
import threading
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import Stemmer

from matching.arabic import light_stem
from matching.words import STOP_WORDS

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

LANGUAGES = ("en", "fr", "es", "ru", "ar", "zh")
_ALGORITHMS = {"en": "english", "fr": "french", "es": "spanish", "ru": "russian"}
_HAN_RANGE = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_MARKS = r"\u0300-\u036f\u0640\u064b-\u065f\u0670"
_WORD = rf"[^\W_{_HAN_RANGE}]+(?:[{_MARKS}]+[^\W_{_HAN_RANGE}]*)*"
_TOKEN = re.compile(rf"[A-Z]-(?<=\b..){_WORD}|{_WORD}|[{_HAN_RANGE}]")
_ASCII_TOKEN = re.compile(r"[A-Z]-(?<=\b..)[A-Za-z0-9]+|[A-Za-z0-9]+")  # the same in half the time
# A sentence ends, or a line after which something new begins: a wrapped line goes on with a small letter.
_END = r"[.;!?](?=\s)|[。；！？؛؟]|\n(?=[^\S\n]*(?:\n|[^\w\s]|[A-ZÀ-ÞА-Я0-9]))"
_PIECE = re.compile(f"{_TOKEN.pattern}|{_END}")
_ASCII_PIECE = re.compile(rf"{_ASCII_TOKEN.pattern}|[.;!?](?=\s)|\n(?=[^\S\n]*(?:\n|[^\w\s]|[A-Z0-9]))")
_ENDS = frozenset(".;!?。；！？؛؟\n")
END = "\n"
_HAN = re.compile(rf"[{_HAN_RANGE}]")
_ARABIC = re.compile(r"[\u0621-\u064a]")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_OTHER_SCRIPTS = re.compile(rf"[{_HAN_RANGE}\u0621-\u064a\u0400-\u04ff]")
_LATIN = re.compile(r"[a-zA-Z\u00c0-\u024f]")
_ARABIC_LETTERS = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ؤ": "و", "ئ": "ي", "ة": "ه", "ـ": None}
)
SAMPLE = 600
MOST_WORDS = 200_000
LONGEST_WORD = 40
_VOTE = {"en": 1, "fr": 1_000, "es": 1_000_000}  # a sample has fewer than 1,000 words, so that sums keep apart
_local = threading.local()
Answer = TypeVar("Answer")


class Remembered(dict[str, Answer]):
    """Answers by word, worked out when first asked for; all are forgotten when there are MOST_WORDS.

    Threads may share one: at worst an answer is worked out twice.
    """

    def __init__(self, answer: Callable[[str], Answer]) -> None:
        super().__init__()
        self._answer = answer

    def __missing__(self, word: str) -> Answer:
        found = self._answer(word)
        if len(word) <= LONGEST_WORD:
            if len(self) >= MOST_WORDS:
                self.clear()
            self[word] = found
        return found


class Token(NamedTuple):
    """A word, or one Chinese character, at `start` to `end` of the text it came from."""

    surface: str
    start: int
    end: int

    @property
    def is_han(self) -> bool:
        """Whether it is a Chinese character."""
        return is_han(self.surface)


def tokens(text: str) -> list[Token]:
    """Split a text into words (Chinese: single characters), with offsets into the text as given."""
    return [Token(match.group(), match.start(), match.end()) for match in matches_of(text)]


def matches_of(text: str) -> Iterator[re.Match[str]]:
    """The words of `tokens` as the regular expression finds them."""
    return (_ASCII_TOKEN if text.isascii() else _TOKEN).finditer(text)


def fold(text: str) -> str:
    """Lower case, without accents, vowel marks, tatweel and Arabic letter variants; ё becomes е, й stays й."""
    return _folds[text]


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower())
    composed = plain.replace("ё", "е").translate(_ARABIC_LETTERS)
    return "".join(_bare(character) for character in composed)


def _bare(character: str) -> str:
    if "\u0400" <= character <= "\u04ff":
        return character
    decomposed = unicodedata.normalize("NFKD", character)
    return "".join(part for part in decomposed if not unicodedata.combining(part))


_folds = Remembered(_folded)


def words(text: str) -> list[str]:
    """Lower-case words of a text, accents kept for `stems`; runs of Chinese become character bigrams."""
    found: list[str] = []
    run: list[Token] = []
    for token in [*tokens(text), Token("", -1, -1)]:
        if run and not (token.is_han and token.start == run[-1].end):
            found.extend(_bigrams("".join(part.surface for part in run)))
            run = []
        if token.is_han:
            run.append(token)
        elif token.surface:
            found.append(token.surface.lower())
    return found


def _bigrams(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]


def stems(words: Iterable[str], language: str | None) -> list[str]:
    """Stem words by the rules of `language` (None: of each word's own script) and fold the result."""
    return [stem(word, language) for word in words]


def surfaces_of(text: str) -> list[str]:
    """The surfaces of `tokens`, without their places."""
    return (_ASCII_TOKEN if text.isascii() else _TOKEN).findall(text)


def pieces_of(text: str) -> list[str]:
    """The surfaces of `tokens`, and between them the marks at which a sentence or a paragraph ends."""
    return (_ASCII_PIECE if text.isascii() else _PIECE).findall(text)


def piece_matches(text: str) -> Iterator[re.Match[str]]:
    """What `pieces_of` lists, as the regular expression finds it."""
    return (_ASCII_PIECE if text.isascii() else _PIECE).finditer(text)


def is_han(surface: str) -> bool:
    """Whether a token's surface is a Chinese character."""
    return surface >= "\u3400" and _HAN.match(surface) is not None


def has_han(text: str) -> bool:
    """Whether there is a Chinese character in a text."""
    return not text.isascii() and _HAN.search(text) is not None


@lru_cache(maxsize=16)
def content_stems(language: str) -> Mapping[str, str | None]:
    """By any word its stem in `language`, None for one without meaning of its own; END for a sentence's end."""
    return Remembered(lambda word: _content_stem(word, language))


def _content_stem(word: str, language: str) -> str | None:
    if word in _ENDS:
        return END
    if is_han(word):
        return word
    return None if is_stop_word(fold(word), language) else _stem(word, language) or None


@lru_cache(maxsize=400_000)
def stem(word: str, language: str | None) -> str:
    """The folded stem of one word: Snowball for en, fr, es and ru, light stemming for ar, the word for zh."""
    return _stem(word, language)


def _stem(word: str, language: str | None) -> str:
    script = script_language(word)
    rules = script if script in ("ar", "ru", "zh") else language
    if rules == "ar":
        return light_stem(fold(word))
    algorithm = _ALGORITHMS.get(rules or "en")
    if algorithm is None or (rules == "ru" and script != "ru"):
        return fold(word)
    plain = unicodedata.normalize("NFC", word.lower())
    return fold(_stemmer(algorithm).stemWord(plain.replace("ё", "е")))


def _stemmer(algorithm: str) -> Stemmer.Stemmer:
    """PyStemmer objects are not safe between threads, so each thread keeps its own."""
    kept: dict[str, Stemmer.Stemmer] | None = getattr(_local, "stemmers", None)
    if kept is None:
        kept = _local.stemmers = {}
    if algorithm not in kept:
        kept[algorithm] = Stemmer.Stemmer(algorithm)
    return kept[algorithm]


def is_stop_word(word: str, language: str | None) -> bool:
    """Whether a folded word carries no meaning of its own in `language` (None: in any of the six)."""
    if len(word) == 1 and (word.isascii() or "а" <= word <= "я"):
        return not word.isdigit()
    if language is None:
        return any(word in listed for listed in STOP_WORDS.values())
    return word in STOP_WORDS.get(language, ())


def script_language(text: str) -> str | None:
    """The language that the letters alone give away (zh, ar, ru), or None for Latin letters or none."""
    if text.isascii() or not _OTHER_SCRIPTS.search(text):
        return None
    counts = {
        "zh": 2 * len(_HAN.findall(text)),
        "ar": len(_ARABIC.findall(text)),
        "ru": len(_CYRILLIC.findall(text)),
    }
    best = max(counts, key=lambda language: counts[language])
    return best if counts[best] > len(_LATIN.findall(text)) else None


def detect_language(text: str) -> str:
    """One of the six languages, by script, then by small words, then by py3langid; "en" for an empty text.

    The first SAMPLE characters are looked at.
    """
    sample = text[:SAMPLE]
    by_script = script_language(sample)
    if by_script is not None:
        return by_script
    votes = _votes(sample)
    best, second, _ = sorted(votes.values(), reverse=True)
    if best > second:
        return max(votes, key=lambda language: votes[language])
    return _detect_by_model(sample) if tokens(sample) else "en"


def resolve_language(text: str, declared: str | None) -> str:
    """The declared language unless the text plainly contradicts it: another script, or many more small words."""
    if declared not in LANGUAGES:
        return detect_language(text)
    sample = text[:SAMPLE]
    script = script_language(sample)
    if script == declared:
        return script
    if script is not None or declared in ("zh", "ar", "ru"):
        return detect_language(sample) if _LATIN.search(sample) or script else str(declared)
    votes = _votes(sample)
    best = max(votes, key=lambda language: votes[language])
    return best if votes[best] > 3 + 3 * votes[str(declared)] else str(declared)


def _votes(text: str) -> dict[str, int]:
    """How many small words of each language in Latin letters a text has."""
    total = sum(map(_small_words.__getitem__, text.split()))
    return {language: total // one % 1_000 for language, one in _VOTE.items()}


def _vote(unspaced: str) -> int:
    """The votes of a text without spaces: mostly one word with its punctuation, for no word has a space in it."""
    folded = list(map(fold, surfaces_of(unspaced)))
    return sum(one for language, one in _VOTE.items() for word in folded if word in STOP_WORDS[language])


_small_words = Remembered(_vote)


def _detect_by_model(text: str) -> str:
    return str(_identifier().classify(text)[0])


@lru_cache(maxsize=1)
def _identifier() -> "LanguageIdentifier":
    """py3langid restricted to our Latin-script languages; loaded on first use, for it takes half a second."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(["en", "fr", "es"])
    return identifier
