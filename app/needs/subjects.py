"""Whether a text is about one subject: no numbered recommendations, no unlike subjects, no bare list of kinds."""

import re
from collections.abc import Sequence

from app.needs.wording import bare_lists, subjects

MOST_AREAS = 3
_MOST_IN_TEXT, _MOST_IN_SENTENCE = 3, 2
_LEAST_WORDS = 4
_MARK = re.compile(
    r"(?:^|(?<=[.;:؛;：])\s+|(?<=[,،])\s+(?:and\s+|et\s+|y\s+|и\s+)?|\n\s*)"
    r"[(（]?(\d{1,2}|[a-hа-зأ-ي]|i{1,3}|iv|vi{0,3}|[一二三四五六七八九])[).）、]\s*(?=\S)|([①-⑨])",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"\b(?:recommend|recomend|рекоменд)\w*\s+(?:n[o°.]*\s*)?(\d+)|(?:توصية|建议)\s*(\d+)", re.IGNORECASE
)
_EITHER = re.compile(r"(?:and/or|et/ou|y/o|и/или|و/أو|和/或)", re.IGNORECASE)
_WORD = re.compile(r"\w+")


def several(text: str, sentences: Sequence[str], languages: Sequence[str], themes: Sequence[str] = ()) -> str:
    """The words by which a text is about several subjects; empty where it is about one."""
    return (
        _numbered(text)
        or bare_lists().first(text, languages)
        or _unlike(sentences, languages)
        or _areas(themes)
    )  # fmt: skip


def says_something(text: str) -> bool:
    """Whether there is enough of a text to be about anything; Chinese characters are words."""
    return len(_WORD.findall(re.sub(r"([\u4e00-\u9fff])", r" \1 ", text))) >= _LEAST_WORDS


def _numbered(text: str) -> str:
    """Several recommendations in one text: "(a) … (b) …", "Recommendation 4 … Recommendation 5"."""
    marks = list(dict.fromkeys((match[1] or match[2]).lower() for match in _MARK.finditer(text)))
    named = list(dict.fromkeys(match.group() for match in _NAMED.finditer(text)))
    if len(named) > 1:
        return ", ".join(named[:3])
    return " … ".join(f"({mark})" for mark in marks[:3]) if _follow(marks) else ""


def _follow(marks: Sequence[str]) -> bool:
    """Whether marks count on from a first one: a number that ends a sentence does not."""
    orders = ("123456789", "abcdefgh", "абвгдежз", "أبجدهوزح", "一二三四五六七八九", "①②③④⑤⑥⑦⑧⑨")
    romans = ["i", "ii", "iii", "iv", "v"]
    return any(set(order[:2]) <= set(marks) for order in (*orders, romans))


def _unlike(sentences: Sequence[str], languages: Sequence[str]) -> str:
    """More than two unlike subjects in one sentence (two joined by "and/or"), or more than three in the text."""
    everywhere: dict[str, str] = {}
    for sentence in sentences:
        found = {name: word for name, words in subjects().items() if (word := words.first(sentence, languages))}
        everywhere |= found
        most = _MOST_IN_SENTENCE - 1 if _EITHER.search(sentence) else _MOST_IN_SENTENCE
        if len(found) > most:
            return "; ".join(found.values())
    return "; ".join(everywhere.values()) if len(everywhere) > _MOST_IN_TEXT else ""


def _areas(themes: Sequence[str]) -> str:
    """Themes of more than three areas, where an area is what a code begins with: WPN, BLE, CJU."""
    areas = {theme.partition("-")[0] for theme in themes}
    return ", ".join(themes) if len(areas) > MOST_AREAS else ""
