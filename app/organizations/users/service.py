"""What can be done to an account. The audit trail names it by its id: an e-mail address never goes there."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.access.addresses import end_addresses
from app.access.links import end_links, give_link
from app.access.models import LinkPurpose, User
from app.access.service import end_sessions
from app.audit import service as audit
from app.core.actor import Actor, Role
from app.core.db import utc_now
from app.core.errors import Conflict
from app.core.settings import Settings
from app.organizations.models import Organization
from app.organizations.queries import named
from app.organizations.roles import require_suitable
from app.organizations.users.schemas import LinkOut, UserIn, UserPatch


def add(session: Session, actor: Actor, values: UserIn, settings: Settings) -> tuple[User, LinkOut]:
    """Make an account and its invitation. Raises Conflict when the address is taken, or Invalid."""
    organization = named(session, values.organization, "/organization")
    require_suitable(actor, organization, values.role)
    user = User(email=values.email, role=values.role, organization_id=organization.id)
    _save(session, user)
    audit.record(session, actor, "user.added", user, after=_facts(user))
    return user, _link(session, user, LinkPurpose.INVITATION, settings)


def update(session: Session, actor: Actor, user: User, values: UserPatch) -> User:
    """Change the fields that were sent. Raises Conflict for an address that is taken, or for the last admin.

    Raises Invalid for a role that does not belong in the organization, also where a closed account comes back.
    """
    before = _facts(user)
    sent = values.model_dump(exclude_unset=True)
    if "organization" in sent:
        user.organization_id = named(session, sent.pop("organization"), "/organization").id
    if "disabled" in sent:
        _set_disabled(session, user, sent.pop("disabled"))
    for name, value in sent.items():
        setattr(user, name, value)
    if values.model_fields_set & {"role", "organization"} or values.disabled is False:
        require_suitable(actor, _home(session, user), user.role)
    _save(session, user)
    _require_an_admin(session, actor)
    audit.record(session, actor, "user.changed", user, before, _facts(user) | _unnamed(sent))
    return user


def disable(session: Session, actor: Actor, user: User) -> User:
    """Close an account: its sessions, links and secret addresses end with it. Doing it again changes nothing."""
    if user.disabled_at is None:
        _set_disabled(session, user, True)
        _require_an_admin(session, actor)
        audit.record(session, actor, "user.disabled", user)
    return user


def reset(session: Session, actor: Actor, user: User, settings: Settings) -> LinkOut:
    """Give a link to set a new password; the old one works until then. Raises Conflict for a disabled account."""
    if user.disabled_at is not None:
        raise Conflict("This account is disabled; enable it first")
    audit.record(session, actor, "user.reset", user)
    return _link(session, user, LinkPurpose.RESET, settings)


def _link(session: Session, user: User, purpose: LinkPurpose, settings: Settings) -> LinkOut:
    link = give_link(session, settings, user, purpose)
    return LinkOut(link=link, mailed=link is None)


def _set_disabled(session: Session, user: User, disabled: bool) -> None:
    if disabled:
        user.disabled_at = user.disabled_at or utc_now()
        end_sessions(session, user.id)
        end_links(session, user.id)
        end_addresses(session, user.id)
    else:
        user.disabled_at = None


def _home(session: Session, user: User) -> Organization:
    """Its organization. Raises Invalid for one that was merged into another meanwhile."""
    return named(session, session.get_one(Organization, user.organization_id).ref, "/organization")


def _save(session: Session, user: User) -> None:
    try:
        with session.begin_nested():
            session.add(user)
            session.flush()
    except IntegrityError:
        raise Conflict("There is an account with this e-mail address already") from None


def _require_an_admin(session: Session, actor: Actor) -> None:
    """Nobody locks the last admin out; the operator may, who can make another at the command line."""
    session.flush()
    if actor.label == "operator":
        return
    able = User.role == Role.ADMIN, User.disabled_at.is_(None)
    if not session.scalar(select(func.count()).select_from(User).where(*able)):
        raise Conflict("This is the last admin who can sign in; make another one first")


def _facts(user: User) -> dict[str, Any]:
    return {"role": user.role, "organization_id": user.organization_id, "disabled_at": user.disabled_at}


def _unnamed(sent: dict[str, Any]) -> dict[str, str]:
    """That the address changed, without either one: the trail is kept for good."""
    return {"email": "changed"} if "email" in sent else {}
