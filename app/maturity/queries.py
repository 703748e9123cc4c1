"""Every SELECT on self-assessments. Officers see them, one State at a time; nobody else sees any."""

from sqlalchemy import Select, false, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.core.actor import Actor
from app.core.errors import NotFound
from app.core.fields import is_storable
from app.core.http import etag_of
from app.core.paging import Found, Key, Paging, paginate
from app.maturity.models import MaturityLevel, SelfAssessment
from app.maturity.schemas import LevelOut, SelfAssessmentHead, SelfAssessmentOut
from app.practices.models import ClauseText, PracticeVersion

# By the day on which each came: any order by what States said would compare them.
_NEWEST = (Key(SelfAssessment.received_on, descending=True), Key(SelfAssessment.id))


def visible(actor: Actor) -> Select[SelfAssessment]:
    return select(SelfAssessment) if actor.is_cted else select(SelfAssessment).where(false())


def page(session: Session, actor: Actor, paging: Paging) -> tuple[list[SelfAssessmentHead], Found]:
    """Which States sent a sheet on which document, the newest first, without what they say."""
    statement = visible(actor).options(joinedload(SelfAssessment.practice))
    found = paginate(session, statement, _NEWEST, paging)
    return [head(row.SelfAssessment) for row in found.rows], found


def get(session: Session, actor: Actor, ref: str) -> SelfAssessment:
    """One sheet, whole. Raises NotFound."""
    whole = visible(actor).options(
        joinedload(SelfAssessment.practice), selectinload(SelfAssessment.levels).joinedload(MaturityLevel.clause)
    )
    if found := session.scalar(whole.where(SelfAssessment.ref == (ref if is_storable(ref) else ""))):
        return found
    raise NotFound("There is no such self-assessment")


def head(assessment: SelfAssessment) -> SelfAssessmentHead:
    return SelfAssessmentHead(
        ref=assessment.ref,
        etag=etag_of(assessment.version),
        country=assessment.country,
        practice=assessment.practice.ref,
        reference=assessment.reference,
        received_on=assessment.received_on,
    )


def shown(session: Session, assessment: SelfAssessment) -> SelfAssessmentOut:
    """A sheet with what became of each gap, in the order of the document's newest version that has the clause."""
    texts = _texts(session, assessment)
    ordered = sorted(assessment.levels, key=lambda level: texts[level.clause_id].position)
    levels = [_level(assessment, level, texts[level.clause_id]) for level in ordered]
    return SelfAssessmentOut(**head(assessment).model_dump(), levels=levels)


def _texts(session: Session, assessment: SelfAssessment) -> dict[object, ClauseText]:
    """The newest wording of each clause of the document."""
    statement = select(ClauseText).join(PracticeVersion, PracticeVersion.id == ClauseText.version_id)
    of = statement.where(PracticeVersion.practice_id == assessment.practice_id).order_by(PracticeVersion.number)
    return {text.clause_id: text for text in session.scalars(of)}


def _level(assessment: SelfAssessment, level: MaturityLevel, text: ClauseText) -> LevelOut:
    need = level.need
    return LevelOut(
        clause=f"{assessment.practice.ref}#{level.clause.anchor}",
        number=text.number,
        title=text.title,
        now=level.now,
        wanted=level.wanted,
        evidence=level.evidence,
        need=need.ref if need else None,
        status=need.status if need else None,
        outcome=need.outcome if need else None,
    )
