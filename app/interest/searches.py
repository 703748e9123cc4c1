"""Searches are kept and let go. What they find is asked anew each time, as whoever asks may see it then."""

from typing import Any

from sqlalchemy import func
from sqlalchemy.orm import Session

from app.access import addresses
from app.access.addresses import Purpose
from app.audit import service as audit
from app.core.actor import Actor
from app.core.errors import Conflict, FieldError, Invalid
from app.core.paging import Paging
from app.core.settings import Settings
from app.interest import listing, search_queries
from app.interest.models import SavedSearch
from app.interest.schemas import MOST_SEARCHES, SearchIn, SearchTerms


def keep(session: Session, actor: Actor, wanted: SearchIn) -> SavedSearch:
    """Keep the parameters of a list under a name.

    Raises what the list raises for them: NotPermitted for a filter that the role does not have, Invalid for codes
    that do not exist; and Conflict when there are very many already.
    """
    _check(session, actor, wanted.query)
    own = search_queries.visible(actor).with_only_columns(func.count())
    if (session.scalar(own) or 0) >= MOST_SEARCHES:
        raise Conflict(f"There are {MOST_SEARCHES} saved searches already; delete some of them")
    made = SavedSearch(
        name=wanted.name,
        wanted=_said(wanted.query),
        organization_id=actor.organization_id,
        role=actor.role,
        user_id=actor.user_id,
        key_id=actor.key_id,
    )
    session.add(made)
    session.flush()
    audit.record(session, actor, "search.kept", made, after={"name": made.name, "query": made.wanted})
    return made


def drop(session: Session, actor: Actor, search: SavedSearch) -> None:
    """Delete a saved search, and end everybody's secret address of it."""
    addresses.end_about(session, actor, Purpose.SEARCHES, str(search.id))
    audit.record(session, actor, "search.deleted", search, {"name": search.name, "query": search.wanted})
    session.delete(search)
    session.flush()


def terms(search: SavedSearch) -> SearchTerms:
    """What a saved search asks for."""
    return SearchTerms.model_validate(search.wanted)


def issue_address(session: Session, actor: Actor, settings: Settings, search: SavedSearch | None) -> str:
    """Return the secret address of a search's feed, or of all needs; the actor's one before stops working."""
    purpose, about = purpose_of(search)
    path = f"searches/{search.id}" if search else "needs"
    secret = addresses.issue(session, actor, purpose, about)
    return f"{settings.base_url.rstrip('/')}/feeds/{path}.atom?key={secret}"


def revoke_address(session: Session, actor: Actor, search: SavedSearch | None) -> None:
    """End the actor's secret address of a search's feed, or of all needs."""
    purpose, about = purpose_of(search)
    addresses.revoke(session, actor, purpose, about)


def purpose_of(search: SavedSearch | None) -> tuple[Purpose, str]:
    """What a secret address is for: one search, or all needs."""
    return (Purpose.SEARCHES, str(search.id)) if search else (Purpose.NEEDS, "")


def _check(session: Session, actor: Actor, wanted: SearchTerms) -> None:
    try:
        listing.listed(session, actor, wanted, Paging(1))
    except Invalid as error:
        wrong = [FieldError(f"/query/{each.pointer}", each.message) for each in error.errors]
        raise Invalid(str(error), wrong) from None


def _said(wanted: SearchTerms) -> dict[str, Any]:
    """What was asked, without what was left as it is."""
    return wanted.model_dump(mode="json", exclude_defaults=True)
