"""What changed between two versions: clauses added, removed and changed, with the words marked."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby

from app.practices.matching import hash_of
from app.practices.schemas import Change, ClauseDiff, ClauseOut, Diff, VersionOut, Words

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
_LINE_BREAK = re.compile(r"(?<!\n)\n(?!\n|\s*[-*+>|]|\s*\d+[.)])")  # not before a paragraph, an item or a row
_MANY = 4_000  # words of a text from which those that stand everywhere find no places by themselves


def between(before: VersionOut, after: VersionOut) -> Diff:
    """Every clause of both, in the order of `after`; what was removed stands where it was."""
    clauses = [_compared(one, other) for one, other in _aligned(before.texts, after.texts)]
    return Diff(practice=after.practice, before=before.number, after=after.number, clauses=clauses)


def words(before: str, after: str) -> list[Words]:
    """The words of both texts in runs: same, removed, added. Joined without the added ones they are `before`.

    Lines that are broken elsewhere are no difference: a paragraph is one line here.
    """
    old, new = (_WORDS.findall(_LINE_BREAK.sub(" ", text)) for text in (before, after))
    found = SequenceMatcher(None, old, new, autojunk=len(new) > _MANY)
    runs: list[tuple[str, str]] = []
    for kind, i, j, k, m in found.get_opcodes():
        if kind == "equal":
            runs.append(("same", "".join(old[i:j])))
            continue
        runs += [
            (name, text) for name, text in (("removed", "".join(old[i:j])), ("added", "".join(new[k:m]))) if text
        ]
    return [
        Words(kind=kind, text="".join(text for _, text in some))
        for kind, some in groupby(runs, key=lambda r: r[0])
    ]


def _aligned(
    before: Sequence[ClauseOut], after: Sequence[ClauseOut]
) -> Iterator[tuple[ClauseOut | None, ClauseOut | None]]:
    old, kept = {one.anchor: one for one in before}, {one.anchor for one in after}
    gone_after: dict[str, list[ClauseOut]] = {}
    place = ""
    for one in before:
        if one.anchor in kept:
            place = one.anchor
        else:
            gone_after.setdefault(place, []).append(one)
    yield from ((one, None) for one in gone_after.get("", ()))
    for other in after:
        yield old.get(other.anchor), other
        yield from ((one, None) for one in gone_after.get(other.anchor, ()))


def _compared(before: ClauseOut | None, after: ClauseOut | None) -> ClauseDiff:
    one = after or before
    assert one is not None  # `_aligned` never yields a pair of none
    return ClauseDiff(
        id=one.id,
        change=_change(before, after),
        number=one.number,
        title=one.title,
        number_before=before.number if before else None,
        heading=words(before.title if before else "", after.title if after else ""),
        text=words(before.body if before else "", after.body if after else ""),
        codes_changed=bool(before and after and _codes(before) != _codes(after)),
    )


def _change(before: ClauseOut | None, after: ClauseOut | None) -> Change:
    if before is None or after is None:
        return Change.ADDED if before is None else Change.REMOVED
    same = hash_of(before.title, before.body) == hash_of(after.title, after.body)
    return Change.UNCHANGED if same else Change.CHANGED


def _codes(one: ClauseOut) -> tuple[object, ...]:
    return one.stage, sorted(one.themes), sorted(one.weapons), one.provisions
