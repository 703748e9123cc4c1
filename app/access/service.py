"""Sign in, sign out, set a password by link, and the tokens that forms carry. Pages call these."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.access.attempts import Attempts
from app.access.authentication import sha256
from app.access.links import end_links, find_user, post_link
from app.access.models import LinkPurpose, User, UserSession
from app.access.passwords import matches
from app.audit import service as audit
from app.core.actor import Actor
from app.core.db import utc_now
from app.core.errors import Invalid, NotPermitted
from app.core.fields import is_storable
from app.core.settings import Settings

WRONG = "This e-mail address and password do not belong together"
DEAD_LINK = "This link was used already or has expired; ask for a new one"


@dataclass(frozen=True, slots=True)
class Proof:
    """That somebody knows the password of an account, as it was when they were asked."""

    user_id: UUID
    password_hash: str


def prove(session: Session, email: str, password: str, client_address: str, attempts: Attempts) -> Proof:
    """Return the proof with which `open_session` signs in. It only reads: hashing takes long, and holds no lock.

    Raises TooMany when this address or account tried too often, and Invalid otherwise with the same words
    and after the same work, whether the account is unknown, disabled, without a password, or the password wrong.
    """
    name = email.strip().lower()
    attempts.spend(client_address, name)
    user = session.scalar(select(User).where(User.email == name)) if is_storable(name) else None
    usable = user if user and user.disabled_at is None else None
    known = usable.password_hash if usable else None
    if not matches(password, known) or usable is None or known is None:
        raise Invalid(WRONG)
    return Proof(usable.id, known)


def open_session(session: Session, proof: Proof, settings: Settings, before: str | None = None) -> str:
    """Return the token of a new session, to be kept in the browser's cookie; end the one it had `before`.

    Raises Invalid when the account was disabled or got another password since it was proved.
    """
    user = session.get_one(User, proof.user_id)
    if user.disabled_at is not None or user.password_hash != proof.password_hash:
        raise Invalid(WRONG)
    if before:
        sign_out(session, before)
    own = UserSession.user_id == user.id
    session.execute(delete(UserSession).where(own, UserSession.expires_at < utc_now()))
    token = secrets.token_urlsafe(32)
    ends = utc_now() + timedelta(hours=settings.session_hours)
    session.add(UserSession(user_id=user.id, token_hash=sha256(token), expires_at=ends))
    return token


def sign_out(session: Session, token: str) -> None:
    """End the session of `token`; one that has ended stays so."""
    live = UserSession.token_hash == sha256(token), UserSession.revoked_at.is_(None)
    session.execute(update(UserSession).where(*live).values(revoked_at=utc_now()))


def use_link(session: Session, secret: str, password_hash: str) -> User:
    """Set the password of the link's account, use the link up, and end every session the account has.

    `password_hash` is made beforehand, which takes long. Raises Invalid when the link is dead.
    """
    user = find_user(session, secret)
    if user is None:
        raise Invalid(DEAD_LINK)
    user.password_hash = password_hash
    end_links(session, user.id)
    end_sessions(session, user.id)
    session.flush()
    own = Actor(user.role, user.organization_id, user_id=user.id)
    audit.record(session, own, "user.password_set", user)
    return user


def request_reset(session: Session, email: str, client_address: str, attempts: Attempts) -> None:
    """Mail a reset link if there is such an account; the caller is told the same in any case. Raises TooMany."""
    name = email.strip().lower()
    attempts.spend(client_address, name)
    user = session.scalar(select(User).where(User.email == name)) if is_storable(name) else None
    if user is not None and user.disabled_at is None:
        post_link(session, user, LinkPurpose.RESET)


def end_sessions(session: Session, user_id: UUID) -> None:
    """Sign an account out everywhere."""
    live = UserSession.user_id == user_id, UserSession.revoked_at.is_(None)
    session.execute(update(UserSession).where(*live).values(revoked_at=utc_now()))


def csrf_token(secret: bytes, cookie: str) -> str:
    """Return what the forms of the browser with this cookie carry, signed; without a cookie, nothing."""
    return hmac.new(secret, cookie.encode(errors="replace"), hashlib.sha256).hexdigest() if cookie else ""


def check_csrf(secret: bytes, cookie: str, given: str) -> None:
    """Raise NotPermitted unless a form brought the token of this cookie; without a cookie, none is right."""
    wanted = csrf_token(secret, cookie)
    if not wanted or not hmac.compare_digest(wanted.encode(), given.encode(errors="replace")):
        raise NotPermitted("This form is from another session; load the page again and retry")
