"""Comments on a consultation version: made by partners and donors, recorded for others, each one treated."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.core.actor import Actor
from app.core.db import utc_now
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.rows import Refused, Written, read, write
from app.organizations.models import Organization
from app.practices import queries
from app.practices.models import ClauseComment, ClauseText, PracticeVersion, VersionStatus
from app.practices.naming import named_in
from app.practices.schemas import CommentIn, DispositionIn
from app.vocabularies.models import Term
from app.vocabularies.queries import check_code


def make(session: Session, actor: Actor, version: PracticeVersion, values: CommentIn) -> ClauseComment:
    """Record a comment on a clause of a version that is open for consultation.

    Raises Conflict for a version that is not open, Invalid where the clause is unknown, or where somebody other
    than an officer speaks for a State or a workshop, or an officer for nobody.
    """
    _check_open(version)
    _check_speaker(actor, values)
    check_code(session, "country", values.country, "/country")
    comment = ClauseComment(
        of=version,
        clause=_text(version, values.clause).clause,
        organization=session.get_one(Organization, actor.organization_id),
        user_id=actor.user_id,
        text=values.text,
        country=values.country,
        workshop=values.workshop,
        source=values.source,
        said_on=values.said_on,
    )
    session.add(comment)
    session.flush()
    audit.record(session, actor, "comment.made", comment, after={"version": version.ref, **_facts(values)})
    return comment


def make_each(
    session: Session, actor: Actor, version: PracticeVersion, rows: Sequence[Any]
) -> Iterator[Written | Refused]:
    """Record a sheet of comments, each row by itself; one that was recorded before is left as it is."""
    for row in rows:
        values = row if isinstance(row, Refused) else read(CommentIn, row)
        if isinstance(values, Refused):
            yield values
        else:
            yield write(session, partial(_once, session, actor, version, values))


def dispose(session: Session, actor: Actor, comment: ClauseComment, values: DispositionIn) -> ClauseComment:
    """Say how a comment is treated, and why; it can be said anew until the version is published.

    Raises Conflict once the version is no longer open, Invalid where the words name who commented.
    """
    _check_open(comment.of)
    _check_unnamed(session, comment, values)
    before = {"disposition": comment.disposition, "reason": comment.reason, "asked": comment.asked}
    comment.disposition, comment.reason, comment.asked = values.disposition, values.reason, values.asked
    comment.disposed_at, comment.disposed_by_id = utc_now(), actor.user_id
    session.flush()
    audit.record(session, actor, "comment.disposed", comment, before, values.model_dump())
    return comment


def _once(session: Session, actor: Actor, version: PracticeVersion, values: CommentIn) -> Written:
    same = select(ClauseComment.id).where(
        ClauseComment.version_id == version.id,
        ClauseComment.organization_id == actor.organization_id,
        ClauseComment.text == values.text,
        ClauseComment.country.is_not_distinct_from(values.country),
        ClauseComment.workshop == values.workshop,
        ClauseComment.source == values.source,
        ClauseComment.clause_id == _text(version, values.clause).clause_id,
    )
    if known := session.scalar(same.limit(1)):
        return Written(str(known), "unchanged")
    return Written(str(make(session, actor, version, values).id), "created")


def _check_open(version: PracticeVersion) -> None:
    if version.status is not VersionStatus.CONSULTATION:
        raise Conflict(f"Version {version.number} is {version.status}: it is open for comments no more")


def _check_speaker(actor: Actor, values: CommentIn) -> None:
    on_behalf = bool(values.country or values.workshop)
    if on_behalf and not actor.is_cted:
        raise Invalid.field("/country", "You comment for your own organization; leave country and workshop out")
    if actor.is_cted and not on_behalf:
        raise Invalid.field("/country", "Say for which State or workshop you record this, with source and said_on")


def _text(version: PracticeVersion, anchor: str) -> ClauseText:
    try:
        return queries.text_of(version, anchor.removeprefix(f"{version.practice.ref}#"))
    except NotFound as error:
        raise Invalid.field("/clause", f"{error}: {anchor!r}") from None


def _check_unnamed(session: Session, comment: ClauseComment, values: DispositionIn) -> None:
    """Raise Invalid where what will be published names who commented."""
    names = _names_of(session, comment)
    errors = [
        FieldError(f"/{field}", f"This is published without names, and it names {name}; say it without")
        for field in ("reason", "asked")
        for name in named_in(getattr(values, field), names)
    ]
    if errors:
        raise Invalid(errors[0].message, errors)


def _names_of(session: Session, comment: ClauseComment) -> list[str]:
    names = [comment.workshop]
    if comment.country:
        term = session.get_one(Term, ("country", comment.country))
        names += [str(label) for label in term.labels.values()]
    elif not comment.workshop:
        names += [comment.organization.ref, comment.organization.name]
    return [name for name in names if name]


def _facts(values: CommentIn) -> dict[str, Any]:
    return values.model_dump(exclude_defaults=True)
