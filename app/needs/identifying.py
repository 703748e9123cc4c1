"""Warn where a text points to one State. Officers decide what follows.

It is known by its name in any of six languages, in the forms that grammar gives it, and in English, French and
Spanish by what its people are called, its capital and other usual names (state_words.csv). Towns, persons and
institutions of a State are not known here, nor capitals that documents of the field are called by, such as the
Madrid Guiding Principles: the officer still reads the text.
"""

import csv
import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.text import folded
from app.vocabularies.models import Term

_WORDS = Path(__file__).parent / "state_words.csv"
_LONG_NAME = re.compile(r"\s*\(.*?\)\s*")
_SHORTEST_LATIN = 3
_SHORTEST_ARABIC = 4
_FEW = 3
_CYRILLIC, _ARABIC = re.compile(r"[\u0400-\u04ff]"), re.compile(r"[\u0600-\u06ff]")
_VOWELS = "аеиоуыэюяйь"


def warnings(session: Session, shown: Mapping[str, str], known: Collection[str] = ()) -> list[str]:
    """Return a sentence for each field of `shown` (field → text) that points to a State not in `known`.

    `known` are the States that the reader is told anyhow, as the recipient. Fields come in their order.
    """
    texts = {field: folded(text) for field, text in shown.items() if text}
    found = {field: set[str]() for field in texts}
    for term in session.scalars(select(Term).where(Term.kind == "country").order_by(Term.code)):
        if term.code in known:
            continue
        forms = [_form(name) for name in _names(term)]
        for field, text in texts.items():
            if any(literal in text and pattern.search(text) for literal, pattern in forms):
                found[field].add(str(term.labels["en"]))
    return [
        f"The {field} names {label}: whoever reads it knows the State"
        for field, labels in found.items()
        for label in sorted(labels)
    ]


def small_regions(session: Session, codes: Collection[str]) -> list[str]:
    """A sentence for each region that holds so few States that it nearly names one."""
    of_region = select(Term.parent, func.count()).where(Term.kind == "country", Term.parent.in_(codes))
    counts = {row[0]: row[1] for row in session.execute(of_region.group_by(Term.parent)).all()}
    regions = session.scalars(select(Term).where(Term.kind == "region", Term.code.in_(codes)).order_by(Term.code))
    return [
        f"The region {region.labels['en']} holds {counts[region.code]} States alone"
        for region in regions
        if 0 < counts.get(region.code, 0) <= _FEW
    ]


def institution_in(title: str, institution: str) -> list[str]:
    """A sentence where a title names the institution, which a summary does not show."""
    named = folded(institution).strip()
    found = len(named) > _SHORTEST_LATIN and re.search(rf"(?<!\w){re.escape(named)}(?!\w)", folded(title))
    return ["The title names the institution, which a summary leaves out"] if found else []


def _names(term: Term) -> Iterator[str]:
    yield from {_LONG_NAME.sub(" ", str(name)).strip() for name in term.labels.values()}
    yield from _other_words().get(term.code, ())


@cache
def _other_words() -> dict[str, list[str]]:
    with _WORDS.open(encoding="utf-8", newline="") as lines:
        return {row["code"]: row["words"].split("|") for row in csv.DictReader(lines)}


@lru_cache(maxsize=10_000)
def _form(name: str) -> tuple[str, re.Pattern[str]]:
    """What must stand in a folded text for `name` to be looked for, and the pattern that then finds it."""
    begins = name.endswith("*")
    word = folded(name.removesuffix("*"))
    if _CYRILLIC.search(word):
        stems = [_stem(part) for part in re.split(r"[\s-]+", word)]
        return stems[0][0], _whole(r"[\s-]+".join(pattern for _, pattern in stems))
    if _ARABIC.search(word):
        return _arabic(word)
    if word.isascii():
        return word, _whole(re.escape(word) + (r"\w{0,5}" if begins else ""))
    return word, re.compile(re.escape(word))  # scripts without spaces need no boundaries


def _stem(part: str) -> tuple[str, str]:
    """A Russian word without its ending, and a pattern of its cases; short ones are not declined."""
    if len(part) < 5:
        return part, re.escape(part) + ("" if part[-1:] in _VOWELS else r"\w?")
    stem = part.rstrip(_VOWELS) or part
    return stem, re.escape(stem) + r"\w{0,4}"


def _arabic(word: str) -> tuple[str, re.Pattern[str]]:
    """An Arabic name with what is written onto it, and as an adjective. A short one in ي is an everyday word too
    ("financial"), so that it counts only after a preposition or a word for State."""
    if len(word) <= _SHORTEST_ARABIC and word.endswith("ي"):
        return word, _whole(rf"(?:[بل]|(?:في|من|الي|جمهوريه|حكومه|دوله)\s+){re.escape(word)}")
    stem = word.rstrip("اةه") if len(word) > _SHORTEST_ARABIC else word
    return stem, _whole(rf"[وفبلك]?(?:ال|ل)?{re.escape(stem)}(?:ا|ة|ه|ي|يه|ية|يا|يون|يين|يات)?")


def _whole(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){pattern}(?!\w)")
