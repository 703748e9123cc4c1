"""What an audience would read otherwise if a release were extended to a newer revision: its own fields alone."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any

from sqlalchemy.orm import Session

from app.needs.granting import revision_of
from app.needs.models import Need, Release
from app.needs.release_schemas import Difference
from app.needs.shown import as_released

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
_NEVER_COMPARED = {"etag", "fields", "ref", "status", "illustrative"}


def between(session: Session, need: Need, release: Release, number: int) -> list[Difference]:
    """The released fields in which revision `number` differs from the one that `release` shows. Raises Invalid."""
    before, after = (
        as_released(need, revision_of(session, need, one), release.fields).model_dump(mode="json")
        for one in (release.revision, number)
    )
    return [
        Difference(field=field, before=old, after=new, parts=list(_parts(old, new)))
        for field, old, new in _pairs(before, after)
        if old != new
    ]


def _pairs(before: dict[str, Any], after: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Each field with both values; of translations each text for itself."""
    for field in after:
        if field == "translations":
            yield from _translated(before[field], after[field])
        elif field not in _NEVER_COMPARED:
            yield field, before[field], after[field]


def _translated(before: dict[str, Any], after: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for language in sorted({*before, *after}):
        old, new = before.get(language, {}), after.get(language, {})
        for name in sorted({*old, *new}):
            yield f"{name} in {language}", old.get(name), new.get(name)


def _parts(old: Any, new: Any) -> Iterator[tuple[str, str]]:
    """A text by words: what is kept, added and removed. Nothing for what is no text."""
    if not isinstance(old or new, str):
        return
    ours, theirs = _WORDS.findall(old or ""), _WORDS.findall(new or "")
    for kind, i, j, k, m in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if kind == "equal":
            yield "kept", "".join(ours[i:j])
            continue
        if j > i:
            yield "removed", "".join(ours[i:j])
        if m > k:
            yield "added", "".join(theirs[k:m])
