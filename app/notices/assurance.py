"""A link in a letter by which its reader says that one programme is right: it expires and works once.

Its secret is made when the letter is sent, and only its SHA-256 is stored, as with links to set a password.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from app.access.authentication import sha256
from app.access.models import User
from app.core.actor import Actor
from app.core.db import utc_now
from app.core.errors import NotFound
from app.core.settings import Settings
from app.notices.models import AssuranceLink
from app.programmes import queries as programmes
from app.programmes import service
from app.programmes.models import Programme
from app.programmes.service import Rules

DEAD = "This link has expired or is not known; sign in to assure the programme"
_ID_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Offered:
    """What a link lets its reader do: assure this programme, if that was not done by it before."""

    link: AssuranceLink
    actor: Actor
    programme: Programme


def make_link(session: Session, settings: Settings, user: User, programme_id: UUID) -> str:
    """Return the address of a new link for an account and a programme."""
    secret = secrets.token_urlsafe(32)
    ends = utc_now() + timedelta(days=settings.assurance_link_days)
    link = AssuranceLink(user_id=user.id, programme_id=programme_id, secret_hash=sha256(secret), expires_at=ends)
    session.add(link)
    session.flush()
    return f"{settings.base_url.rstrip('/')}/assure/{link.id.hex}{secret}"


def find(session: Session, token: str) -> Offered:
    """What a link is about. Raises NotFound, the same for one that is unknown, past, or of a disabled account."""
    link = _by_token(session, token)
    user = session.get_one(User, link.user_id) if link else None
    if link is None or user is None or user.disabled_at is not None or link.expires_at <= utc_now():
        raise NotFound(DEAD)
    actor = Actor(user.role, user.organization_id, user_id=user.id, label="link")
    programme = session.get_one(Programme, link.programme_id)
    try:
        return Offered(link, actor, programmes.get(session, actor, programme.ref))
    except NotFound:
        raise NotFound(DEAD) from None


def use(session: Session, token: str, rules: Rules) -> Offered:
    """Assure the programme in the name of the account that the link was sent to. A used link does nothing.

    Raises NotFound for a dead link, NotPermitted or Conflict where that account may not do it any more.
    """
    offered = find(session, token)
    session.refresh(offered.link, with_for_update=True)
    if offered.link.used_at is None:
        offered.link.used_at = utc_now()
        service.assure(session, offered.actor, offered.programme, None, rules)
    return offered


def _by_token(session: Session, token: str) -> AssuranceLink | None:
    name, secret = token[:_ID_LENGTH], token[_ID_LENGTH:]
    try:
        link = session.get(AssuranceLink, UUID(hex=name))
    except ValueError:
        link = None
    known = link.secret_hash if link else sha256("")
    return link if hmac.compare_digest(known, sha256(secret)) else None
