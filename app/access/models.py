import enum
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.actor import Role
from app.core.db import utc_now
from app.core.model import Base


class User(Base):
    """An account: one organization, one role in it. The e-mail address is the only personal data kept."""

    __tablename__ = "account"
    __table_args__ = (CheckConstraint("email = lower(email)", name="email_is_lower_case"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    role: Mapped[Role]
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organization.id"), index=True)
    password_hash: Mapped[str | None]
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class UserSession(Base):
    """A signed-in browser. Only the SHA-256 of its random id is stored, so a copy of the table opens nothing."""

    __tablename__ = "user_session"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class LinkPurpose(enum.StrEnum):
    INVITATION = "invitation"
    RESET = "reset"


class SignInLink(Base):
    """A single-use link by which somebody sets a password."""

    __tablename__ = "sign_in_link"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    purpose: Mapped[LinkPurpose]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class KeyScope(enum.StrEnum):
    READ = "read"
    WRITE = "write"


class ApiKey(Base):
    """A key of an organization's system. It reads and writes as `role` would; `scope` read only reads."""

    __tablename__ = "api_key"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    public_id: Mapped[str] = mapped_column(String(16), unique=True)
    secret_hash: Mapped[str] = mapped_column(String(64))
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organization.id"), index=True)
    role: Mapped[Role]
    scope: Mapped[KeyScope] = mapped_column(default=KeyScope.WRITE)
    name: Mapped[str] = mapped_column(String(100), default="")
    created_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    created_by_key_id: Mapped[UUID | None] = mapped_column(ForeignKey("api_key.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class IdempotencyRecord(Base):
    """That a POST was done: kept a day, so that a repeated one is answered and not done again."""

    __tablename__ = "idempotency_record"

    principal: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    request_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    subject: Mapped[list[str]]
    created_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
