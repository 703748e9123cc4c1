"""Every SELECT on API keys. Admins see all, partners those of their organization; others do not exist for them."""

from sqlalchemy import Select, false, select
from sqlalchemy.orm import Session

from app.access.authentication import KEY_PREFIX
from app.access.models import ApiKey
from app.core.actor import Actor, Role
from app.core.errors import NotFound
from app.core.fields import is_storable
from app.core.http import etag_of
from app.core.paging import Found, Key, Paging, paginate
from app.organizations.keys.schemas import KeyFilter, KeyOut
from app.organizations.models import Organization

ORDER = (Key(ApiKey.created_at, descending=True), Key(ApiKey.id))


def visible(actor: Actor) -> Select[ApiKey, str]:
    """Keys, each with its organization's reference."""
    statement = select(ApiKey, Organization.ref).join(Organization, Organization.id == ApiKey.organization_id)
    if actor.role is Role.ADMIN:
        return statement
    own = ApiKey.organization_id == actor.organization_id
    return statement.where(own if actor.role is Role.PARTNER else false())


def search(session: Session, actor: Actor, wanted: KeyFilter) -> Found:
    """One page of keys, newest first."""
    statement = visible(actor)
    if wanted.organization is not None:
        known = wanted.organization if is_storable(wanted.organization) else ""
        statement = statement.where(Organization.ref == known)
    return paginate(session, statement, ORDER, Paging(wanted.limit, wanted.cursor, wanted.count))


def get(session: Session, actor: Actor, public_id: str) -> ApiKey:
    """Return one key by its public id. Raises NotFound."""
    known = public_id if is_storable(public_id) else ""
    found: ApiKey | None = session.scalar(visible(actor).where(ApiKey.public_id == known))
    if found is not None:
        return found
    raise NotFound("There is no such key")


def shown(key: ApiKey, organization: str) -> KeyOut:
    plain = {name: getattr(key, name) for name in KeyOut.model_fields if name not in _MADE}
    return KeyOut(**plain, id=key.public_id, organization=organization, etag=etag_of(key.version))


_MADE = {"id", "organization", "etag"}


def shown_alone(session: Session, key: ApiKey) -> KeyOut:
    return shown(key, session.get_one(Organization, key.organization_id).ref)


def rows_shown(found: Found) -> list[KeyOut]:
    return [shown(row[0], row[1]) for row in found.rows]


def all_shown(session: Session, actor: Actor) -> list[KeyOut]:
    """Every key, newest first, for the command line."""
    newest = visible(actor).order_by(ApiKey.created_at.desc(), ApiKey.id)
    return [shown(key, ref) for key, ref in session.execute(newest)]


def public_id_of(text: str) -> str:
    """The id in a whole key `cpk_<id>_<secret>`; an id alone is returned as it is."""
    return text.split("_")[1] if text.startswith(f"{KEY_PREFIX}_") else text
