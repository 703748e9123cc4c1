"""Agreements of States to the silence procedure: silence is a basis for those alone that agreed in writing."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import Select, false, select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.core.actor import Actor
from app.core.db import utc_now
from app.core.errors import Conflict, Invalid, NotFound
from app.core.http import etag_of
from app.core.paging import Found, Key, Paging, paginate
from app.needs.release_schemas import AgreementIn, AgreementOut, Consent
from app.needs.silence_models import SilenceAgreement
from app.vocabularies.queries import check_code

ORDER = (Key(SilenceAgreement.recorded_at, descending=True), Key(SilenceAgreement.id))


def visible(actor: Actor) -> Select[SilenceAgreement]:
    """Officers read the agreements, nobody else does."""
    return select(SilenceAgreement) if actor.is_cted else select(SilenceAgreement).where(false())


def listed(session: Session, actor: Actor, paging: Paging) -> Found:
    """One page of agreements, newest first."""
    return paginate(session, visible(actor), ORDER, paging)


def get(session: Session, actor: Actor, agreement_id: UUID) -> SilenceAgreement:
    found = session.scalar(visible(actor).where(SilenceAgreement.id == agreement_id))
    if found is None:
        raise NotFound("There is no such agreement")
    return found


def shown(agreement: SilenceAgreement) -> AgreementOut:
    """An agreement as officers read it."""
    own = AgreementOut.model_fields.keys() - {"country", "etag"}
    named = {name: getattr(agreement, name) for name in own}
    return AgreementOut(**named, country=agreement.code, etag=etag_of(agreement.version))


def record(session: Session, actor: Actor, wanted: AgreementIn) -> SilenceAgreement:
    """Record that a State asked for or agreed to the procedure. Raises Conflict where one of it runs already."""
    check_code(session, "country", wanted.country, "/country")
    if wanted.agreed_on > utc_now().date():
        raise Invalid.field("/agreed_on", "The State agreed on a day that has come")
    if _running(session, [wanted.country]):
        raise Conflict(f"An agreement of {wanted.country} is recorded already; end that one first")
    agreement = SilenceAgreement(
        code=wanted.country,
        reference=wanted.reference,
        document_url=wanted.document_url or None,
        agreed_on=wanted.agreed_on,
        recorded_by_id=actor.user_id,
    )
    session.add(agreement)
    session.flush()
    audit.record(session, actor, "silence.agreed", agreement, after=wanted.model_dump())
    return agreement


def end(session: Session, actor: Actor, agreement: SilenceAgreement, reference: str) -> None:
    """Record that the State no longer agrees: no procedure is begun any more."""
    agreement.ended_at, agreement.ended_by_id = utc_now(), actor.user_id
    agreement.ending_reference = reference
    session.flush()
    audit.record(
        session, actor, "silence.ended", agreement, after={"country": agreement.code, "reference": reference}
    )


def running(session: Session, states: Iterable[str]) -> dict[str, SilenceAgreement]:
    """The agreements in force of `states`, by State."""
    return {agreement.code: agreement for agreement in _running(session, list(states))}


def consents_by(session: Session, states: Sequence[str], given: set[str]) -> list[Consent]:
    """What the silence of `states` will say for those that did not speak (`given`). Raises Invalid where a State
    did not agree to the procedure, or where there is no State that could."""
    if not states:
        raise Invalid.field("/basis", "Silence is a State's, and this need names no State")
    agreed = running(session, states)
    if missing := [state for state in states if state not in agreed and state not in given]:
        message = f"No written agreement of {', '.join(missing)} to the silence procedure is recorded"
        raise Invalid.field("/basis", f"{message}; record it first, or give another basis")
    silent = [state for state in states if state not in given]
    return [Consent(country=state, reference=f"silence, by {agreed[state].reference}"[:300]) for state in silent]


def _running(session: Session, states: list[str]) -> list[SilenceAgreement]:
    own = select(SilenceAgreement).where(SilenceAgreement.code.in_(states), SilenceAgreement.ended_at.is_(None))
    return list(session.scalars(own))
