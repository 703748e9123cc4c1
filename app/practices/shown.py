"""Records of practices as the values that leave them."""

from collections.abc import Sequence

from app.core.actor import Actor
from app.core.http import etag_of
from app.practices.models import PUBLISHED, ClauseComment, ClauseText, PracticeVersion
from app.practices.schemas import ClauseOut, CommentOut, Treated, Treatment, VersionHead, VersionOut


def head(version: PracticeVersion, clauses: int) -> VersionHead:
    return VersionHead(
        number=version.number,
        etag=etag_of(version.version),
        status=version.status,
        note=version.note,
        clauses=clauses,
        opened_at=version.opened_at,
        published_at=version.published_at,
    )


def version(version: PracticeVersion) -> VersionOut:
    """A version whole, with what each clause says."""
    return VersionOut(
        **head(version, len(version.clauses)).model_dump(),
        practice=version.practice.ref,
        title=version.practice.title,
        language=version.practice.language,
        preamble=version.preamble,
        texts=[clause(version, one) for one in version.clauses],
    )


def clause(version: PracticeVersion, text: ClauseText) -> ClauseOut:
    codes: dict[str, list[str]] = {"themes": [], "weapons": []}
    for code in text.codes:
        codes[code.field].append(code.code)
    return ClauseOut(
        id=f"{version.practice.ref}#{text.clause.anchor}",
        practice=version.practice.ref,
        anchor=text.clause.anchor,
        version=version.number,
        number=text.number,
        level=text.level,
        title=text.title,
        body=text.body,
        stage=text.stage,
        themes=codes["themes"],
        weapons=codes["weapons"],
        provisions=text.provisions,
    )


def comment(actor: Actor, made: ClauseComment) -> CommentOut:
    """A comment. How it was treated leaves CTED with the version, not before."""
    told = actor.is_cted or made.of.status in PUBLISHED
    return CommentOut(
        id=made.id,
        etag=etag_of(made.version if actor.is_cted else [made.id, told]),
        practice=made.of.practice.ref,
        version=made.of.number,
        clause=made.clause.anchor,
        text=made.text,
        organization=made.organization.ref,
        country=made.country,
        workshop=made.workshop,
        source=made.source,
        said_on=made.said_on,
        made_at=made.made_at,
        disposition=made.disposition if told else None,
        reason=made.reason if told else "",
        asked=made.asked if told else "",
    )


def treatment(version: PracticeVersion, made: Sequence[ClauseComment]) -> Treatment:
    """What was done about each comment, by clause; within a clause in an order that tells nothing."""
    texts = {text.clause_id: text for text in version.clauses}
    ordered = sorted(made, key=lambda one: (texts[one.clause_id].position, one.id))
    items = [
        Treated(
            clause=f"{version.practice.ref}#{one.clause.anchor}",
            number=texts[one.clause_id].number,
            title=texts[one.clause_id].title,
            asked=one.asked,
            disposition=one.disposition,
            reason=one.reason,
        )
        for one in ordered
        if one.disposition
    ]
    return Treatment(practice=version.practice.ref, version=version.number, items=items)
