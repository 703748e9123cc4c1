"""Take in a State's sheet: keep its levels, and draft one need for each gap."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.core.actor import Actor
from app.core.db import utc_now
from app.core.errors import Invalid, NotFound
from app.core.model import new_ref
from app.core.rows import Refused, read, write
from app.maturity.drafting import drafted, need_in
from app.maturity.models import MaturityLevel, SelfAssessment
from app.maturity.schemas import LevelIn, RowOutcome, RowRefused, RowTaken, SheetIn, SheetOut
from app.needs import service as needs
from app.needs.models import NeedStatus
from app.needs.schemas import NeedPatch
from app.practices import queries as practices
from app.practices.models import ClauseText, PracticeVersion
from app.vocabularies.queries import check_code


def take_in(session: Session, actor: Actor, values: SheetIn, rows: Sequence[Any]) -> SheetOut:
    """Keep each row that is right, draft a need for each gap, and say what became of every row.

    A newer sheet updates: a draft that nobody changed is written anew, a need that somebody worked on is kept.
    Raises Invalid for an unknown State, a document without a version in force, or where every row is refused.
    """
    check_code(session, "country", values.country, "/country")
    version = _version(session, actor, values.practice)
    savepoint = session.begin_nested()
    assessment = _assessment(session, version, values)
    outcomes = [_row(session, actor, assessment, version, row) for row in rows]
    result = _result(assessment, outcomes, values.dry_run)
    if not result.taken:
        savepoint.rollback()
        raise Invalid.field("/rows", f"No row was taken; the first one: {result.refused[0].errors[0]}")
    told = {"practice": values.practice, "reference": values.reference, "taken": len(result.taken)}
    if values.dry_run:
        savepoint.rollback()
        audit.record(session, actor, "self_assessment.tried", version, after={"country": values.country, **told})
    else:
        savepoint.commit()
        audit.record(session, actor, "self_assessment.imported", assessment, after=told | _levels(assessment))
    return result


def _version(session: Session, actor: Actor, ref: str) -> PracticeVersion:
    try:
        return practices.version(session, actor, ref)
    except NotFound as error:
        raise Invalid.field("/practice", str(error)) from None


def _assessment(session: Session, version: PracticeVersion, values: SheetIn) -> SelfAssessment:
    of = (SelfAssessment.country == values.country) & (SelfAssessment.practice_id == version.practice_id)
    found = session.scalar(select(SelfAssessment).where(of))
    if found is None:
        ref = new_ref("S", utc_now().year)
        found = SelfAssessment(ref=ref, country=values.country, practice=version.practice, levels=[])
        session.add(found)
    found.reference, found.received_on, found.imported_at = values.reference, values.received_on, utc_now()
    session.flush()
    return found


def _row(
    session: Session, actor: Actor, assessment: SelfAssessment, version: PracticeVersion, row: Any
) -> RowTaken | Refused:
    values = row if isinstance(row, Refused) else read(LevelIn, row)
    if isinstance(values, Refused):
        return values
    return write(session, partial(_take, session, actor, assessment, version, values))


def _take(
    session: Session, actor: Actor, assessment: SelfAssessment, version: PracticeVersion, values: LevelIn
) -> RowTaken:
    anchor = values.clause.removeprefix(f"{version.practice.ref}#")
    try:
        text = practices.text_of(version, anchor)
    except NotFound as error:
        raise Invalid.field("/clause", f"{error}: {values.clause!r}") from None
    level = next((one for one in assessment.levels if one.clause_id == text.clause_id), None)
    if level is None:
        level = MaturityLevel(clause=text.clause)
        assessment.levels.append(level)
    level.now, level.wanted, level.evidence = values.now, values.wanted, values.evidence
    session.flush()
    outcome = _answer_gap(session, actor, assessment, level, text)
    return RowTaken(row=0, clause=anchor, outcome=outcome, need=level.need.ref if level.need else None)


def _answer_gap(
    session: Session, actor: Actor, assessment: SelfAssessment, level: MaturityLevel, text: ClauseText
) -> RowOutcome:
    if level.need is None and level.wanted <= level.now:
        return RowOutcome.NO_GAP
    description = drafted(assessment.practice, text, level)
    if level.need is None:
        values = need_in(assessment, text, description)
        level.need, level.drafted = needs.create(session, actor, values), description
        session.flush()
        return RowOutcome.DRAFTED
    untouched = needs.newest(session, level.need).description == level.drafted
    if not untouched or level.need.status is not NeedStatus.DRAFT or level.wanted <= level.now:
        return RowOutcome.KEPT
    needs.update(session, actor, level.need, NeedPatch(description=description))
    level.drafted = description
    session.flush()
    return RowOutcome.UPDATED


def _result(assessment: SelfAssessment, outcomes: Sequence[RowTaken | Refused], dry_run: bool) -> SheetOut:
    numbered = list(enumerate(outcomes, start=1))
    taken = [one.model_copy(update={"row": n}) for n, one in numbered if isinstance(one, RowTaken)]
    if dry_run:  # what was drafted is undone: it has no reference to be found by
        taken = [
            one.model_copy(update={"need": None}) if one.outcome is RowOutcome.DRAFTED else one for one in taken
        ]
    refused = [
        RowRefused(row=n, errors=[f"{e.pointer}: {e.message}" for e in one.errors] or [one.detail])
        for n, one in numbered
        if isinstance(one, Refused)
    ]
    return SheetOut(
        ref="" if dry_run and assessment.version == 1 else assessment.ref, taken=taken, refused=refused
    )


def _levels(assessment: SelfAssessment) -> dict[str, Any]:
    return {"levels": {one.clause.anchor: [one.now, one.wanted] for one in assessment.levels}}
