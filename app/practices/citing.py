"""Clauses as needs and programmes cite them: `GUIDE-2370#marking@2`, the version being the one that was read.

A citation without a version is of the current one, or stays what it was. Whoever has read a changed clause says so
by citing its new version.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, Field
from sqlalchemy import ColumnElement, Select, String, cast
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.core.errors import FieldError, Invalid
from app.core.fields import Line
from app.practices import queries
from app.practices.models import Clause, ClauseText, Practice, PracticeVersion, VersionStatus
from app.practices.schemas import Citation, CitationState

_WRITTEN = re.compile(r"(?P<practice>[A-Z0-9-]{3,40})#(?P<anchor>[a-z0-9-]{1,60})(?:@(?P<version>\d{1,5}))?")


def _each_once(written: list[str]) -> list[str]:
    return list(dict.fromkeys(written))


Citations: TypeAlias = Annotated[
    list[Annotated[str, Line(110, 1)]],
    Field(max_length=50, description="clauses, as GUIDE-2370#marking or, of one version, GUIDE-2370#marking@2"),
    AfterValidator(_each_once),
]


@dataclass(frozen=True, slots=True)
class _Wording:
    """One published wording of a clause."""

    practice: str
    anchor: str
    version: int
    is_current: bool
    number: str
    title: str
    hash: str


def settled(session: Session, written: Sequence[str], was: Sequence[str] = ()) -> list[str]:
    """Each citation with its version. Raises Invalid naming those that are of no published clause.

    What `was` cited before stays as it was cited, unless another version is named.
    """
    kept = {_without_version(one): one for one in was}
    known = _wordings(session, _practices([*written, *was]))
    errors: list[FieldError] = []
    found: dict[str, str] = {}
    for place, one in enumerate(written):
        cited = kept.get(one) or _cited(one, known)
        if cited is None:
            errors.append(FieldError(f"/clauses/{place}", _unknown(one, known)))
        else:
            found[_without_version(cited)] = cited
    if errors:
        raise Invalid(errors[0].message, errors)
    return list(found.values())


def citations(session: Session, written: Sequence[str]) -> list[Citation]:
    """What became of clauses since they were cited, in the order of `written`."""
    known = _wordings(session, _practices(written))
    return [_citation(match, known) for one in written if (match := _WRITTEN.fullmatch(one)) and match["version"]]


def cites(column: ColumnElement[list[str]] | InstrumentedAttribute[list[str]], named: str) -> ColumnElement[bool]:
    """Whether a column of citations names a clause (`GUIDE-2370#marking`) or any of a document (`GUIDE-2370`)."""
    whole = "#" in named
    wanted = named.partition("@")[0] + ("@" if whole else "#")
    return cast(column, String).contains(f'"{wanted}', autoescape=True)


def _citation(match: re.Match[str], known: Sequence[_Wording]) -> Citation:
    wordings = [one for one in known if (one.practice, one.anchor) == (match["practice"], match["anchor"])]
    cited = next(one for one in wordings if one.version == int(match["version"]))
    current = next((one for one in wordings if one.is_current), None)
    same = current is not None and current.hash == cited.hash
    state = CitationState.AS_CITED if same else CitationState.CHANGED if current else CitationState.REMOVED
    return Citation(
        clause=f"{cited.practice}#{cited.anchor}",
        practice=cited.practice,
        anchor=cited.anchor,
        title=(current or cited).title,
        number=(current or cited).number,
        version=cited.version,
        current=current.version if current else None,
        state=state,
    )


def _cited(one: str, known: Sequence[_Wording]) -> str | None:
    """The citation with its version, or None for one that names no published clause."""
    match = _WRITTEN.fullmatch(one)
    if match is None:
        return None
    wanted = int(match["version"]) if match["version"] else None
    for word in known:
        same = (word.practice, word.anchor) == (match["practice"], match["anchor"])
        if same and (word.version == wanted if wanted else word.is_current):
            return f"{word.practice}#{word.anchor}@{word.version}"
    return None


def _unknown(one: str, known: Sequence[_Wording]) -> str:
    practice = one.partition("#")[0]
    there = [f"{word.practice}#{word.anchor}" for word in known if word.is_current and word.practice == practice]
    listed = f"; there are {', '.join(there[:8])}" if there else "; write it as GUIDE-2370#marking"
    return f"{one!r} is no published clause{listed}"


def _without_version(written: str) -> str:
    return written.partition("@")[0]


def _practices(written: Iterable[str]) -> set[str]:
    return {match["practice"] for one in written if (match := _WRITTEN.fullmatch(one))}


def _wordings(session: Session, practices: set[str]) -> list[_Wording]:
    """Every published wording of the clauses of some documents: what anybody can read."""
    if not practices:
        return []
    rows = session.execute(_published().where(Practice.ref.in_(practices)))
    return [
        _Wording(ref, anchor, number, status is VersionStatus.CURRENT, numbered, title, content_hash)
        for ref, anchor, number, status, numbered, title, content_hash in rows
    ]


def _published() -> Select[str, str, int, VersionStatus, str, str, str]:
    public = queries.visible(None).with_only_columns(
        Practice.ref,
        Clause.anchor,
        PracticeVersion.number,
        PracticeVersion.status,
        ClauseText.number,
        ClauseText.title,
        ClauseText.content_hash,
    )
    joined = public.join(Practice, Practice.id == PracticeVersion.practice_id)
    texts = joined.join(ClauseText, ClauseText.version_id == PracticeVersion.id)
    return texts.join(Clause, Clause.id == ClauseText.clause_id).order_by(ClauseText.position)
