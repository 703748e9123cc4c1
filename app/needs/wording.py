"""The words of the specificity rules, ready to be found: by language, as specificity.json lists them.

A word stands whole; `*` is any ending, `#` a number, and what begins with `=` a pattern in its own letter case.
Arabic words may carry their prefixes and endings, Chinese ones stand anywhere.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "fr", "es", "ru", "ar", "zh")
_RULES = Path(__file__).with_name("specificity.json")
_ARABIC_PREFIX = r"(?<!\w)(?:[وفبلك]|ال|لل)*"
_NOTHING_MATCHES = r"(?!)"
_SHORT = 3


@dataclass(frozen=True, slots=True)
class Words:
    """The same words in each of the six languages; found in a text by the languages that it may be in."""

    patterns: Mapping[str, re.Pattern[str]]

    def first(self, text: str, languages: Iterable[str]) -> str:
        """The first of them in `text`, as it stands there, or an empty text."""
        return next(iter(self.all(text, languages)), "")

    def all(self, text: str, languages: Iterable[str]) -> list[str]:
        """Each of them in `text` once, language by language in order of place."""
        found = [match.group() for code in languages for match in self.patterns[code].finditer(text)]
        return list(dict.fromkeys(word.strip() for word in found))

    def without(self, text: str, languages: Iterable[str]) -> str:
        """`text` with a dot in place of each of them."""
        for code in languages:
            text = self.patterns[code].sub(" · ", text)
        return text


@dataclass(frozen=True, slots=True)
class Rule:
    """One question asked of a need: what to write where it is not answered, and words that answer it.

    `beside` are words that have to stand in the same sentence: a marker alone says nothing.
    """

    name: str
    hints: Mapping[str, str]
    words: Words | None
    beside: Words | None


@cache
def rules() -> tuple[Rule, ...]:
    """The rules in their order, as specificity.json states them."""
    return tuple(
        Rule(row["rule"], row["hints"], _words(row.get("words")), _words(row.get("beside")))
        for row in _listed()["rules"]
    )


@cache
def nothing() -> Words:
    """Phrases that name nothing, such as "competent authorities": no rule is met by a word of theirs."""
    found = _words(_listed()["nothing"])
    assert found
    return found


@cache
def subjects() -> Mapping[str, Words]:
    """Subjects that are unlike each other, by name."""
    return {name: found for name, by_language in _listed()["subjects"].items() if (found := _words(by_language))}


@cache
def bare_lists() -> Words:
    """Three or more bare kinds of assistance in a row: "legislative, material and technical assistance"."""
    return Words({code: _in_a_row(code, listed) for code, listed in _listed()["kinds"].items()})


@cache
def _listed() -> Any:
    return json.loads(_RULES.read_text(encoding="utf-8"))


@cache
def _numbers(language: str) -> str:
    rows = next(row for row in _listed()["rules"] if row["rule"] == "quantity")["words"][language]
    words = "|".join(re.escape(word).replace(r"\*", r"\w*") for word in rows if not word.startswith("="))
    return rf"(?:\d[\d.,]*|{words})"


def _words(by_language: Mapping[str, Sequence[str]] | None) -> Words | None:
    if by_language is None:
        return None
    return Words({code: _any_of(code, listed) for code, listed in by_language.items()})


def _any_of(language: str, listed: Sequence[str]) -> re.Pattern[str]:
    alternatives = [_pattern(language, word) for word in sorted(listed, key=len, reverse=True)]
    return re.compile("|".join(alternatives) or _NOTHING_MATCHES, re.IGNORECASE)


def _pattern(language: str, word: str) -> str:
    if word.startswith("="):
        return rf"(?-i:{word[1:]})"
    written = re.escape(word).replace(r"\*", r"\w*").replace(r"\ ", r"\s+").replace("’", "['’]")
    if r"\#" in written:
        written = written.replace(r"\#", _numbers(language))
    if language == "zh":
        return written.replace(_numbers("zh"), _numbers("zh") + r"\s*")
    if language == "ar":
        return _ARABIC_PREFIX + written + (r"\w*" if len(word) > _SHORT else r"(?!\w)")
    return rf"(?<!\w){written}(?!\w)"


_JOINS = {
    "en": r"(?:\s*[,;:/&]\s*(?:and/or\s+|and\s+|or\s+)?|\s+(?:and/or|and|or|as\s+well\s+as|plus)\s+)",
    "fr": r"(?:\s*[,;:/]\s*(?:et/ou\s+|et\s+|ou\s+)?|\s+(?:et/ou|et|ou|ainsi\s+que?)\s+)",
    "es": r"(?:\s*[,;:/]\s*(?:y/o\s+|y\s+|e\s+|o\s+)?|\s+(?:y/o|y|e|o|así\s+como)\s+)",
    "ru": r"(?:\s*[,;:/]\s*(?:и/или\s+|и\s+|или\s+|а\s+также\s+)?|\s+(?:и/или|и|или|а\s+также)\s+)",
    "ar": r"(?:\s*[،,؛:/]\s*|\s+(?:أو\s+)?)",
    "zh": r"(?:[、,，;；/]?(?:以及|和|与|及|或)?)",
}
_BEFORE = {
    "en": r"(?:(?:some|more|further|the)\s+)?",
    "fr": r"(?:(?:de\s+la|de\s+l['’]|des|du|d['’]|en|de|un|une|le|la|les)\s*)?",
    "es": r"(?:(?:de\s+la|de|en|la|el|los|las|más)\s+)?",
    "ru": r"(?:(?:в|во|на)\s+)?",
    "ar": _ARABIC_PREFIX,
    "zh": "",
}
_AFTER = {
    "en": r"(?:\s+(?:assistance|support|help|aid|resources))?",
    "fr": "",
    "es": "",
    "ru": r"(?:\s+(?:помощ|поддержк)\w*)?",
    "ar": "",
    "zh": r"(?:方面)?(?:的)?(?:援助|支持|支助)?",
}


def _in_a_row(language: str, kinds: Sequence[str]) -> re.Pattern[str]:
    ordered = sorted(kinds, key=len, reverse=True)
    any_kind = "|".join(re.escape(kind).replace(r"\*", r"\w*").replace(r"\ ", r"\s+") for kind in ordered)
    ends = "" if language == "zh" else r"(?!\w|-\w)"
    starts = "" if language in ("zh", "ar") else r"(?<!\w)(?<!-)"
    one = rf"{_BEFORE[language]}{starts}(?:{any_kind}){ends}{_AFTER[language]}"
    return re.compile(rf"{one}(?:{_JOINS[language]}{one}){{2,}}", re.IGNORECASE)
