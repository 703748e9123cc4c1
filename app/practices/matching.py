"""Which clause of the version before each section of a new one is: by its id, heading, number, or likeness."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from hashlib import sha256

from app.core.text import folded
from app.practices.markdown import Section

ALIKE = 0.6
ALIKE_WITH_NUMBER = 0.4
LONGEST_ANCHOR = 60


@dataclass(frozen=True, slots=True)
class Earlier:
    """A clause as the version before had it."""

    anchor: str
    number: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Match:
    """What a section was taken for: the clause's anchor, how that was found, how alike, and the earlier text."""

    anchor: str
    how: str
    likeness: float
    earlier: Earlier | None


def match(sections: Sequence[Section], earlier: Sequence[Earlier], taken: Iterable[str]) -> list[Match]:
    """A match for each section, in order. `taken` are the anchors of all clauses that the document ever had.

    `how` is id, heading, number, similar, returned (an id of an older version) or new.
    """
    left = {one.anchor: one for one in earlier}
    found: dict[int, Match] = {}
    known = set(taken)
    _by_id(sections, left, known, found)
    _by_heading(sections, left, found)
    _by_likeness(sections, left, found)
    used = known | {one.anchor for one in found.values()}
    for place, section in enumerate(sections):
        if place not in found:
            found[place] = Match(_new_anchor(section, used), "new", 0.0, None)
    return [found[place] for place in range(len(sections))]


def hash_of(title: str, body: str) -> str:
    """By which two wordings of a clause are the same; where their lines break says nothing."""
    return sha256(" ".join(f"{title}\n{body}".split()).encode()).hexdigest()


def likeness(title: str, body: str, other: Earlier) -> float:
    """How alike two clauses are, from 0 to 1: the share of words that stand in both in the same order."""
    ours, theirs = _words(f"{title} {body}"), _words(f"{other.title} {other.body}")
    return round(SequenceMatcher(None, ours, theirs, autojunk=len(ours) > 1000).ratio(), 3)


def _by_id(
    sections: Sequence[Section], left: dict[str, Earlier], known: set[str], found: dict[int, Match]
) -> None:
    for place, section in enumerate(sections):
        if not section.anchor:
            continue
        same = left.pop(section.anchor, None)
        how = "id" if same else "returned" if section.anchor in known else "new"
        alike = likeness(section.title, section.body, same) if same else 0.0
        found[place] = Match(section.anchor, how, alike, same)


def _by_heading(sections: Sequence[Section], left: dict[str, Earlier], found: dict[int, Match]) -> None:
    """A heading that stands once in both is the same clause, however its text changed."""
    ours = _by_title((str(place), section.title) for place, section in enumerate(sections) if place not in found)
    theirs = _by_title((one.anchor, one.title) for one in left.values())
    for title, places in ours.items():
        if len(places) == 1 and len(theirs.get(title, ())) == 1:
            _take(sections, int(places[0]), left.pop(theirs[title][0]), "heading", found)


def _by_likeness(sections: Sequence[Section], left: dict[str, Earlier], found: dict[int, Match]) -> None:
    """The most alike first; the same number makes up for some of what differs."""
    for _, place, anchor, how in sorted(_candidates(sections, left, found), key=lambda one: (-one[0], one[1])):
        if place not in found and anchor in left:
            _take(sections, place, left.pop(anchor), how, found)


def _candidates(
    sections: Sequence[Section], left: dict[str, Earlier], found: dict[int, Match]
) -> Iterator[tuple[float, int, str, str]]:
    for place, section in enumerate(sections):
        for one in left.values() if place not in found else ():
            same_number = bool(section.number) and section.number == one.number
            alike = likeness(section.title, section.body, one)
            if alike >= (ALIKE_WITH_NUMBER if same_number else ALIKE):
                yield alike, place, one.anchor, "number" if same_number else "similar"


def _take(sections: Sequence[Section], place: int, one: Earlier, how: str, found: dict[int, Match]) -> None:
    section = sections[place]
    found[place] = Match(one.anchor, how, likeness(section.title, section.body, one), one)


def _by_title(named: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    titles: dict[str, list[str]] = {}
    for name, title in named:
        titles.setdefault(" ".join(_words(title)), []).append(name)
    return titles


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", folded(text))


def _new_anchor(section: Section, used: set[str]) -> str:
    """A readable id that no clause of the document ever had; a heading in other letters gives its place alone."""
    plain = unicodedata.normalize("NFKD", section.title).encode("ascii", "ignore").decode().lower()
    stem = re.sub("[^a-z0-9]+", "-", plain).strip("-")[: LONGEST_ANCHOR - 5].strip("-") or "clause"
    anchor, n = stem, 1
    while anchor in used:
        n += 1
        anchor = f"{stem}-{n}"
    used.add(anchor)
    return anchor
