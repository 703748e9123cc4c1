"""An organization agrees to be named for a need, or takes it back; officers record what it wrote."""

from datetime import date

from sqlalchemy.orm import Session

from app.audit import service as audit
from app.core.actor import Actor
from app.core.db import utc_now
from app.core.errors import Conflict, Invalid, NotPermitted
from app.interest import naming_queries
from app.interest.models import NamingConsent
from app.interest.schemas import NamingIn
from app.needs import queries as needs
from app.organizations import queries as organizations
from app.organizations.models import Organization

OWN_WORD = "said by the organization itself"


def agree(session: Session, actor: Actor, ref: str, wanted: NamingIn) -> NamingConsent:
    """Record that an organization may be named for the need called `ref`; one that is recorded stays as it is.

    Raises NotFound for a need that the actor does not see, NotPermitted for another's name, Conflict for an
    organization that takes no part in the need, Invalid where an officer gives no reference.
    """
    organization = _organization(session, actor, wanted)
    need_id = needs.id_of(session, actor, ref)
    if not naming_queries.is_part_of(session, need_id, organization.id):
        raise Conflict(f"{organization.ref} has taken up no referral of this need and offered nothing for it")
    if known := naming_queries.find(session, actor, ref, organization.ref):
        return known
    made = NamingConsent(
        need_id=need_id,
        organization_id=organization.id,
        agreed_on=_day(wanted),
        reference=wanted.reference or OWN_WORD,
        recorded_by_id=actor.user_id,
    )
    session.add(made)
    session.flush()
    told = {
        "need": ref,
        "organization": organization.ref,
        "agreed_on": made.agreed_on,
        "reference": made.reference,
    }
    audit.record(session, actor, "naming.agreed", made, after=told)
    return made


def withdraw(session: Session, actor: Actor, ref: str, organization: str) -> None:
    """End a consent to be named: at once, everywhere. Raises NotFound where the actor reads none."""
    consent = naming_queries.required(naming_queries.find(session, actor, ref, organization))
    consent.withdrawn_at = utc_now()
    session.flush()
    audit.record(session, actor, "naming.withdrawn", consent, after={"need": ref, "organization": organization})


def _organization(session: Session, actor: Actor, wanted: NamingIn) -> Organization:
    if actor.is_cted:
        if not wanted.organization:
            raise Invalid.field("/organization", "Name the organization that agreed")
        if not wanted.reference:
            raise Invalid.field("/reference", "Say where it agreed: a letter, a message, a meeting")
        return organizations.named(session, wanted.organization, "/organization")
    own = session.get_one(Organization, actor.organization_id)
    if wanted.organization not in {None, own.ref}:
        raise NotPermitted("An organization agrees for itself alone")
    return own


def _day(wanted: NamingIn) -> date:
    today = utc_now().date()
    if wanted.agreed_on and wanted.agreed_on > today:
        raise Invalid.field("/agreed_on", "An organization agreed on a day that has come")
    return wanted.agreed_on or today
