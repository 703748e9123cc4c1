"""Secret addresses of feeds, for programs that cannot sign in: each reads as its owner does at that moment."""

import enum
import secrets
from datetime import datetime
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import Query
from sqlalchemy import ForeignKey, Index, String, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.access.authentication import OptionalActor, current_actor, sha256
from app.access.models import User
from app.access.permissions import Permission, check
from app.audit import service as audit
from app.core.actor import Actor
from app.core.db import SessionDep, utc_now
from app.core.errors import Conflict, NotSignedIn
from app.core.model import Base


class Purpose(enum.StrEnum):
    """What an address reads, and nothing else."""

    NEEDS = "needs"
    SEARCHES = "searches"
    CLOCKS = "clocks"


class SecretAddress(Base):
    """A secret that stands in an address. Only its SHA-256 is stored: it is shown once, a new one ends it.

    `about` names the one record that it reads, where a purpose has several: a saved search by its id.
    """

    __tablename__ = "secret_address"
    __table_args__ = (
        Index(
            "uq_secret_address_in_force",
            "user_id",
            "purpose",
            "about",
            unique=True,
            sqlite_where=text("revoked_at IS NULL"),
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    purpose: Mapped[Purpose]
    about: Mapped[str] = mapped_column(String(40), default="")
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    revoked_at: Mapped[datetime | None]


class ReadsFeed:
    """A dependency that yields who reads a feed: by session, API key, or the secret `?key=` in its address.

    Raises NotSignedIn, the same for a secret that is wrong, revoked, for another feed, or of a disabled account.
    """

    def __init__(self, permission: Permission, purpose: Purpose) -> None:
        self.permission, self.purpose = permission, purpose

    def __call__(
        self,
        session: SessionDep,
        signed_in: OptionalActor,
        key: Annotated[str | None, Query(max_length=100, description="the secret of this address")] = None,
    ) -> Actor:
        return reader(session, signed_in, key, self.permission, self.purpose)


def reader(
    session: Session,
    signed_in: Actor | None,
    key: str | None,
    permission: Permission,
    purpose: Purpose,
    about: str = "",
) -> Actor:
    """Who reads a feed. Raises NotSignedIn without a session, key or secret that is good for it, NotPermitted."""
    actor = current_actor(signed_in) if key is None else _owner(session, purpose, about, key)
    check(actor, permission)
    return actor


def issue(session: Session, actor: Actor, purpose: Purpose, about: str = "") -> str:
    """Return a new secret for the actor's own feed; the one before stops working. Raises Conflict for a key."""
    if actor.user_id is None:
        raise Conflict("An address belongs to an account; an API key can read the feed by itself")
    revoke(session, actor, purpose, about)
    secret = secrets.token_urlsafe(32)
    made = SecretAddress(user_id=actor.user_id, purpose=purpose, about=about, token_hash=sha256(secret))
    session.add(made)
    session.flush()
    audit.record(session, actor, "address.issued", made, after={"purpose": purpose, "about": about})
    return secret


def revoke(session: Session, actor: Actor, purpose: Purpose, about: str = "") -> None:
    """End the actor's address, if there is one."""
    if made := in_force(session, actor, purpose, about):
        made.revoked_at = utc_now()
        session.flush()
        audit.record(session, actor, "address.revoked", made, after={"purpose": purpose, "about": about})


def in_force(session: Session, actor: Actor, purpose: Purpose, about: str = "") -> SecretAddress | None:
    """The actor's address as far as it can still be known: when it was made, not its secret."""
    own = (SecretAddress.user_id == actor.user_id) & (SecretAddress.purpose == purpose)
    named = own & (SecretAddress.about == about)
    return session.scalar(select(SecretAddress).where(named, SecretAddress.revoked_at.is_(None)))


def end_about(session: Session, actor: Actor, purpose: Purpose, about: str) -> None:
    """End everybody's address of a record that is no more."""
    ended = (SecretAddress.purpose == purpose) & (SecretAddress.about == about)
    for made in session.scalars(select(SecretAddress).where(ended, SecretAddress.revoked_at.is_(None))).all():
        made.revoked_at = utc_now()
        session.flush()
        audit.record(session, actor, "address.revoked", made, after={"purpose": purpose, "about": about})


def end_addresses(session: Session, user_id: UUID) -> None:
    """End every address of an account that is closed: one that is opened again gets new ones."""
    own = SecretAddress.user_id == user_id, SecretAddress.revoked_at.is_(None)
    session.execute(update(SecretAddress).where(*own).values(revoked_at=utc_now()))


def _owner(session: Session, purpose: Purpose, about: str, secret: str) -> Actor:
    """Whose address it is. A look-up by SHA-256 tells a guesser nothing by its time."""
    statement = select(User).join(SecretAddress, SecretAddress.user_id == User.id)
    in_use = SecretAddress.revoked_at.is_(None), User.disabled_at.is_(None)
    of_feed = SecretAddress.purpose == purpose, SecretAddress.about == about
    named = SecretAddress.token_hash == sha256(secret), *of_feed
    owner = session.scalar(statement.where(*named, *in_use))
    if owner is None:
        raise NotSignedIn("This address is not valid any more; get a new one where you signed in")
    return Actor(owner.role, owner.organization_id, user_id=owner.id, may_write=False)
