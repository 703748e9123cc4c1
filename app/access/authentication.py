"""Turn a request's Bearer key or session cookie into an Actor. Secrets are compared as SHA-256, in constant time."""

import hashlib
import hmac
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.models import ApiKey, KeyScope, User, UserSession
from app.core.actor import Actor
from app.core.db import SessionDep, utc_now
from app.core.errors import NotSignedIn

SESSION_COOKIE = "counterpart_session"
KEY_PREFIX = "cpk"


def sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def current_actor(request: Request, session: SessionDep) -> Actor:
    """Return who is calling. Raises NotSignedIn (401) without a valid key or session."""
    actor = optional_actor(request, session)
    if actor is None:
        raise NotSignedIn("Sign in, or send an API key as a Bearer token", WWW_Authenticate="Bearer")
    return actor


def optional_actor(request: Request, session: SessionDep) -> Actor | None:
    """Return who is calling, or None for nobody. A Bearer key that is not valid is never ignored."""
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return actor_of_key(session, credential.strip())
    token = request.cookies.get(SESSION_COOKIE)
    return actor_of_session(session, token) if token else None


CurrentActor = Annotated[Actor, Depends(current_actor)]
OptionalActor = Annotated[Actor | None, Depends(optional_actor)]


def actor_of_key(session: Session, credential: str) -> Actor | None:
    """Return the actor of a key `cpk_<public id>_<secret>`, or None when it is unknown, revoked or expired."""
    prefix, _, rest = credential.partition("_")
    public_id, _, secret = rest.partition("_")
    key = (
        session.scalar(select(ApiKey).where(ApiKey.public_id == public_id)) if prefix == KEY_PREFIX else None
    )
    known = key.secret_hash if key else sha256("")
    if (
        not hmac.compare_digest(known, sha256(secret))
        or key is None
        or not _in_force(key.revoked_at, key.expires_at)
    ):
        return None
    return Actor(
        key.role, key.organization_id, key_id=key.id, label="key", may_write=key.scope is KeyScope.WRITE
    )


def actor_of_session(session: Session, token: str) -> Actor | None:
    """Return the actor of a signed-in browser, or None when the session ended or the account is disabled."""
    statement = select(UserSession, User).join(User, User.id == UserSession.user_id)
    found = session.execute(statement.where(UserSession.token_hash == sha256(token))).first()
    if found is None or not _in_force(found.UserSession.revoked_at, found.UserSession.expires_at):
        return None
    user = found.User
    return None if user.disabled_at else Actor(user.role, user.organization_id, user_id=user.id)


def _in_force(revoked_at: datetime | None, expires_at: datetime | None) -> bool:
    return revoked_at is None and (expires_at is None or expires_at > utc_now())
