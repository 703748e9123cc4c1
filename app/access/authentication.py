"""Turn a Bearer key or a session cookie into an Actor. Secrets are compared by SHA-256, in constant time."""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import structlog
from fastapi import BackgroundTasks, Depends, Request
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.access.models import ApiKey, KeyScope, User, UserSession
from app.core.actor import Actor
from app.core.db import SessionDep, SessionFactory, utc_now
from app.core.errors import NotSignedIn
from app.core.fields import is_storable

log = structlog.get_logger()
SESSION_COOKIE = "counterpart_session"
KEY_PREFIX = "cpk"
USE_NOTED_EVERY = timedelta(minutes=10)


def sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def optional_actor(request: Request, session: SessionDep, afterwards: BackgroundTasks) -> Actor | None:
    """Return who is calling, or None for nobody. A Bearer key that is not valid is never ignored."""
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        key = key_of(session, credential.strip())
        if key and (key.last_used_at is None or key.last_used_at < utc_now() - USE_NOTED_EVERY):
            afterwards.add_task(note_use, request.app.state.open_session, key.id)
        return _actor_of(key) if key else None
    token = request.cookies.get(SESSION_COOKIE)
    return actor_of_session(session, token) if token else None


OptionalActor = Annotated[Actor | None, Depends(optional_actor)]


def current_actor(actor: OptionalActor) -> Actor:
    """Return who is calling. Raises NotSignedIn (401) without a valid key or session."""
    if actor is None:
        raise NotSignedIn("Sign in, or send an API key as a Bearer token", WWW_Authenticate="Bearer")
    return actor


CurrentActor = Annotated[Actor, Depends(current_actor)]


def key_of(session: Session, credential: str) -> ApiKey | None:
    """Return the key `cpk_<public id>_<secret>`, or None when it is unknown, revoked or expired."""
    prefix, _, rest = credential.partition("_")
    public_id, _, secret = rest.partition("_")
    readable = prefix == KEY_PREFIX and is_storable(public_id)
    key = session.scalar(select(ApiKey).where(ApiKey.public_id == public_id)) if readable else None
    known = key.secret_hash if key else sha256("")
    if not hmac.compare_digest(known, sha256(secret)) or key is None:
        return None
    return key if _in_force(key.revoked_at, key.expires_at) else None


def actor_of_session(session: Session, token: str) -> Actor | None:
    """Return the actor of a signed-in browser, or None when the session ended or the account is disabled."""
    statement = select(UserSession, User).join(User, User.id == UserSession.user_id)
    found = session.execute(statement.where(UserSession.token_hash == sha256(token))).first()
    if found is None or not _in_force(found.UserSession.revoked_at, found.UserSession.expires_at):
        return None
    user = found.User
    return None if user.disabled_at else Actor(user.role, user.organization_id, user_id=user.id)


def note_use(open_session: SessionFactory, key_id: UUID) -> None:
    """Note that a key was used: after the answer, in its own transaction, so that no request fails by it."""
    try:
        with open_session(True) as session, session.begin():
            session.execute(update(ApiKey).where(ApiKey.id == key_id).values(last_used_at=utc_now()))
    except SQLAlchemyError:
        log.warning("the use of a key could not be noted", key=str(key_id))


def _actor_of(key: ApiKey) -> Actor:
    may_write = key.scope is KeyScope.WRITE
    return Actor(key.role, key.organization_id, key_id=key.id, label="key", may_write=may_write)


def _in_force(revoked_at: datetime | None, expires_at: datetime | None) -> bool:
    return revoked_at is None and (expires_at is None or expires_at > utc_now())
