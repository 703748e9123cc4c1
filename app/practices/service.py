"""What can be done to a practice. Each function is one use case and leaves one audit event."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.core.actor import Actor
from app.core.db import utc_now
from app.core.errors import Conflict, Stale
from app.practices import queries
from app.practices.markdown import Section
from app.practices.matching import hash_of
from app.practices.models import (
    Clause,
    ClauseCode,
    ClauseText,
    Practice,
    PracticeVersion,
    Stage,
    VersionStatus,
)
from app.practices.reading import CODED, Reading, cited, plan_of, read
from app.practices.schemas import Plan, PracticeIn, VersionIn, VersionMove
from app.vocabularies.queries import check_code

MOVES: Mapping[VersionStatus, frozenset[VersionStatus]] = {
    VersionStatus.CONSULTATION: frozenset({VersionStatus.CURRENT, VersionStatus.WITHDRAWN}),
    VersionStatus.CURRENT: frozenset(),  # becomes superseded when another one is published
    VersionStatus.SUPERSEDED: frozenset(),
    VersionStatus.WITHDRAWN: frozenset(),
}


def create(session: Session, actor: Actor, values: PracticeIn) -> Practice:
    """Store a new document without any text. Raises Conflict for a reference that is taken, Invalid."""
    check_code(session, "language", values.language, "/language")
    if session.scalar(select(Practice.id).where(Practice.ref == values.ref)):
        raise Conflict(f"There is a document {values.ref} already")
    practice = Practice(**values.model_dump())
    session.add(practice)
    session.flush()
    audit.record(session, actor, "practice.created", practice, after=values.model_dump())
    return practice


def plan(session: Session, actor: Actor, practice: Practice, markdown: str) -> Plan:
    """Say what a file would become; nothing is kept. Raises Invalid naming the lines that cannot be taken."""
    return plan_of(practice, read(session, practice, _newest(session, actor, practice), markdown))


def open_version(session: Session, actor: Actor, practice: Practice, values: VersionIn) -> PracticeVersion:
    """Take a file in as the version that is open for consultation.

    Raises Conflict where one is open already, Stale when the version compared with is no longer the newest.
    """
    _refuse_second(session, practice)
    previous = _newest(session, actor, practice)
    number = previous.number if previous else 0
    if values.compared_with is not None and values.compared_with != number:
        raise Stale("Another version was published meanwhile; look at what would change once more")
    reading = read(session, practice, previous, values.markdown)
    version = PracticeVersion(
        practice=practice,
        number=_next_number(session, practice),
        preamble=reading.preamble,
        note=values.note,
        opened_by_id=actor.user_id,
    )
    session.add(version)
    version.clauses = _texts(session, practice, reading)
    session.flush()
    audit.record(session, actor, "practice_version.opened", version, after=_facts(version))
    return version


def move(session: Session, actor: Actor, version: PracticeVersion, wanted: VersionMove) -> PracticeVersion:
    """Publish or withdraw a consultation version; publishing supersedes the one that was current.

    Raises Conflict for a move that the table forbids, and while a comment has no disposition.
    """
    if wanted.status not in MOVES[version.status]:
        possible = ", ".join(sorted(MOVES[version.status])) or "nothing else"
        raise Conflict(
            f"A version that is {version.status} cannot become {wanted.status}; it can become {possible}"
        )
    publishes = wanted.status is VersionStatus.CURRENT
    if publishes and (open_ := queries.waiting(session, actor, version)):
        raise Conflict(f"{open_} of the comments on it have no disposition yet; treat them first")
    before = {"status": version.status}
    superseded = _supersede(session, version) if publishes else None
    version.status = wanted.status
    if publishes:
        version.published_at = utc_now()
    else:
        version.withdrawn_at = utc_now()
    session.flush()
    after = {"status": version.status, **({"superseded": superseded} if superseded else {})}
    action = "practice_version.published" if publishes else "practice_version.withdrawn"
    audit.record(session, actor, action, version, before, after)
    return version


def _supersede(session: Session, version: PracticeVersion) -> int | None:
    """Make way for the version that becomes current; return the number of the one that was."""
    current = session.scalar(
        select(PracticeVersion).where(
            PracticeVersion.practice_id == version.practice_id, PracticeVersion.status == VersionStatus.CURRENT
        )
    )
    if current is None:
        return None
    current.status = VersionStatus.SUPERSEDED
    session.flush()
    return current.number


def _newest(session: Session, actor: Actor, practice: Practice) -> PracticeVersion | None:
    """The version in force, with which a new one is compared."""
    current = queries.get(session, actor, practice.ref).current
    return queries.version(session, actor, practice.ref, current) if current else None


def _refuse_second(session: Session, practice: Practice) -> None:
    open_ = select(PracticeVersion.number).where(
        PracticeVersion.practice_id == practice.id, PracticeVersion.status == VersionStatus.CONSULTATION
    )
    if number := session.scalar(open_):
        raise Conflict(f"Version {number} is open for consultation; publish or withdraw it first")


def _next_number(session: Session, practice: Practice) -> int:
    numbers = select(PracticeVersion.number).where(PracticeVersion.practice_id == practice.id)
    return (session.scalar(numbers.order_by(PracticeVersion.number.desc()).limit(1)) or 0) + 1


def _texts(session: Session, practice: Practice, reading: Reading) -> list[ClauseText]:
    known = {one.anchor: one for one in session.scalars(select(Clause).where(Clause.practice_id == practice.id))}
    texts = []
    for position, (section, found) in enumerate(zip(reading.sections, reading.matches, strict=True)):
        clause = known.get(found.anchor) or Clause(practice_id=practice.id, anchor=found.anchor)
        session.add(clause)
        texts.append(_text(section, clause, position))
    return texts


def _text(section: Section, clause: Clause, position: int) -> ClauseText:
    codes = [
        ClauseCode(field=field, kind=kind, code=code, position=n)
        for field, kind in CODED.items()
        for n, code in enumerate(dict.fromkeys(section.codes.get(field, ())))
    ]
    return ClauseText(
        clause=clause,
        position=position,
        level=section.level,
        number=section.number,
        title=section.title,
        body=section.body,
        content_hash=hash_of(section.title, section.body),
        stage=Stage(section.stage) if section.stage else None,
        provisions=cited(section),
        codes=codes,
    )


def _facts(version: PracticeVersion) -> dict[str, Any]:
    return {
        "practice": version.practice.ref,
        "number": version.number,
        "status": version.status,
        "note": version.note,
        "clauses": {one.clause.anchor: one.content_hash for one in version.clauses},
    }
