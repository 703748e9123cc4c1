"""Every SELECT on accounts. Admins see all of them, nobody else any but their own."""

from uuid import UUID

from sqlalchemy import Select, false, select
from sqlalchemy.orm import Session

from app.access.models import ApiKey, User
from app.access.permissions import granted
from app.core.actor import Actor, Role
from app.core.errors import Invalid, NotFound
from app.core.fields import is_storable
from app.core.http import etag_of
from app.core.paging import Found, Key, Paging, paginate
from app.organizations.models import Organization
from app.organizations.users.schemas import MeOut, OwnKey, OwnUser, UserFilter, UserOut

ORDER = (Key(User.email),)


def visible(actor: Actor) -> Select[User, str]:
    """Accounts, each with its organization's reference."""
    statement = select(User, Organization.ref).join(Organization, Organization.id == User.organization_id)
    return statement if actor.role is Role.ADMIN else statement.where(false())


def search(session: Session, actor: Actor, wanted: UserFilter) -> Found:
    """One page of accounts by e-mail address."""
    statement = visible(actor)
    if wanted.role:
        statement = statement.where(User.role.in_(wanted.role))
    if wanted.organization is not None:
        known = wanted.organization if is_storable(wanted.organization) else ""
        statement = statement.where(Organization.ref == known)
    if wanted.disabled is not None:
        statement = statement.where(User.disabled_at.is_not(None) == wanted.disabled)
    return paginate(session, statement, ORDER, Paging(wanted.limit, wanted.cursor, wanted.count))


def get(session: Session, actor: Actor, user_id: UUID) -> User:
    """Return one account. Raises NotFound."""
    found: User | None = session.scalar(visible(actor).where(User.id == user_id))
    if found is not None:
        return found
    raise NotFound("There is no such account")


def by_email(session: Session, actor: Actor, email: str) -> User:
    """Return the account with this e-mail address. Raises NotFound."""
    name = email.strip().lower() if is_storable(email) else ""
    found: User | None = session.scalar(visible(actor).where(User.email == name))
    if found is not None:
        return found
    raise NotFound(f"There is no account {email}")


def officer_id(session: Session, email: str | None, pointer: str) -> UUID | None:
    """The account of an officer in service, named by address; None for none. Raises Invalid for another's."""
    if email is None:
        return None
    officers = User.role.in_([Role.OFFICER, Role.ADMIN]) & User.disabled_at.is_(None)
    found = (
        session.scalar(select(User.id).where(User.email == email.lower(), officers))
        if is_storable(email)
        else None
    )
    if found is None:
        raise Invalid.field(pointer, "No officer has this address; give that of an officer's account")
    return found


def shown(user: User, organization: str) -> UserOut:
    return UserOut(
        id=user.id,
        email=user.email,
        role=user.role,
        organization=organization,
        has_password=user.password_hash is not None,
        created_at=user.created_at,
        disabled_at=user.disabled_at,
        etag=etag_of(user.version),
    )


def shown_alone(session: Session, user: User) -> UserOut:
    return shown(user, session.get_one(Organization, user.organization_id).ref)


def rows_shown(found: Found) -> list[UserOut]:
    return [shown(row[0], row[1]) for row in found.rows]


def me(session: Session, actor: Actor) -> MeOut:
    """Say who `actor` is and what its role, and its key's scope, allow."""
    organization = session.get_one(Organization, actor.organization_id)
    user = session.get(User, actor.user_id) if actor.user_id else None
    key = session.get(ApiKey, actor.key_id) if actor.key_id else None
    return MeOut(
        role=actor.role,
        organization=organization.ref,
        organization_name=organization.name,
        user=OwnUser(id=user.id, email=user.email) if user else None,
        key=OwnKey(id=key.public_id, name=key.name, scope=key.scope, expires_at=key.expires_at) if key else None,
        permissions=sorted(granted(actor)),
    )


def all_shown(session: Session, actor: Actor) -> list[UserOut]:
    """Every account by e-mail address, for the command line."""
    return [shown(user, ref) for user, ref in session.execute(visible(actor).order_by(User.email))]
