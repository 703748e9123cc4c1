"""Every SELECT on saved searches: outside CTED an organization's own, of officers each one's own."""

from collections.abc import Sequence
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, select
from sqlalchemy.orm import Session

from app.access.addresses import Purpose, SecretAddress
from app.core.actor import Actor
from app.core.errors import NotFound
from app.interest.models import SavedSearch
from app.interest.schemas import SearchOut


def visible(actor: Actor) -> Select[SavedSearch]:
    return select(SavedSearch).where(_is_own(actor))


def get(session: Session, actor: Actor, search_id: UUID) -> SavedSearch:
    """Return one saved search. Raises NotFound, the same for what is not there or another's."""
    if found := session.scalar(visible(actor).where(SavedSearch.id == search_id)):
        return found
    raise NotFound("There is no such saved search")


def listed(session: Session, actor: Actor) -> list[SavedSearch]:
    """All that the actor reads, by name. There are at most as many as one owner may keep."""
    return list(session.scalars(visible(actor).order_by(SavedSearch.name, SavedSearch.id)))


def shown(session: Session, actor: Actor, searches: Sequence[SavedSearch]) -> list[SearchOut]:
    """The searches with their addresses; of the actor's secret one it is told since when it is there."""
    since = {made.about: made.created_at for made in session.scalars(_addresses(actor, searches))}
    return [
        SearchOut(
            id=each.id,
            name=each.name,
            query=each.wanted,
            path="/needs" + (f"?{urlencode(each.wanted, doseq=True)}" if each.wanted else ""),
            feed=f"/feeds/searches/{each.id}.atom",
            created_at=each.created_at,
            address_since=since.get(str(each.id)),
        )
        for each in searches
    ]


def _is_own(actor: Actor) -> ColumnElement[bool]:
    if not actor.is_cted:
        return (SavedSearch.organization_id == actor.organization_id) & (SavedSearch.role == actor.role)
    if actor.user_id is not None:
        return SavedSearch.user_id == actor.user_id
    return SavedSearch.key_id == actor.key_id if actor.key_id is not None else false()


def _addresses(actor: Actor, searches: Sequence[SavedSearch]) -> Select[SecretAddress]:
    """The actor's own secret addresses of these searches; none for a key, which has no account."""
    own = (SecretAddress.user_id == actor.user_id) if actor.user_id else false()
    about = SecretAddress.about.in_([str(each.id) for each in searches])
    in_force = SecretAddress.revoked_at.is_(None)
    return select(SecretAddress).where(own, about, in_force, SecretAddress.purpose == Purpose.SEARCHES)
