"""What waits for an account, how it wants to be told, the letters that tell it, and how far events were read."""

import enum
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import utc_now
from app.core.model import Base


class NoticeKind(enum.StrEnum):
    REFERRAL = "referral"
    ANSWER = "answer"
    OFFER = "offer"
    INTEREST = "interest"
    CONSENT = "consent"
    CLEARANCE = "clearance"
    CLOCK = "clock"
    FRESHNESS = "freshness"


class Delivery(enum.StrEnum):
    """When an account is told by e-mail. What waits is on its page whatever it chose."""

    AT_ONCE = "at_once"
    DAILY = "daily"
    NONE = "none"


class LetterStatus(enum.StrEnum):
    """Dropped: nothing of it may still be told. Unclear: it may have been sent, and is not sent twice."""

    QUEUED = "queued"
    SENT = "sent"
    DROPPED = "dropped"
    UNCLEAR = "unclear"
    FAILED = "failed"


class NoticeChoice(Base):
    """How an account wants to be told of one kind, where that is not the usual way."""

    __tablename__ = "notice_choice"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    kind: Mapped[NoticeKind] = mapped_column(primary_key=True)
    delivery: Mapped[Delivery]


class NoticeLetter(Base):
    """One e-mail to one account. Its text is made when it is sent, from what may be told then."""

    __tablename__ = "notice_letter"
    __table_args__ = (
        CheckConstraint("(status = 'queued') = (ended_at IS NULL)", name="end_is_dated"),
        Index(None, "status", "made_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    status: Mapped[LetterStatus] = mapped_column(default=LetterStatus.QUEUED)
    is_digest: Mapped[bool] = mapped_column(default=False)
    attempts: Mapped[int] = mapped_column(default=0)
    message: Mapped[str] = mapped_column(default="")
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    ended_at: Mapped[datetime | None]


class Notice(Base):
    """That something waits for one account: which thing and why, never what it says.

    `occasion` is the event or the day that it comes from: an account is told of an occasion once.
    """

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("user_id", "what", "subject_id", "occasion"),
        Index(None, "user_id", "made_at"),
        Index(None, "letter_id"),
        CheckConstraint("mail <> 'none' OR letter_id IS NULL", name="told_as_chosen"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    kind: Mapped[NoticeKind]
    what: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[UUID]
    occasion: Mapped[str] = mapped_column(String(100))
    mail: Mapped[Delivery]
    letter_id: Mapped[UUID | None] = mapped_column(ForeignKey("notice_letter.id"))
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    seen_at: Mapped[datetime | None]


class NoticeCursor(Base):
    """The newest audit event that was read, and the last day on which due lists were looked at: one row."""

    __tablename__ = "notice_cursor"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    number: Mapped[int] = mapped_column(default=0)
    looked_on: Mapped[date | None]


class AssuranceLink(Base):
    """A link in a letter by which its reader assures one programme, once. Only the secret's SHA-256 is stored."""

    __tablename__ = "assurance_link"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    programme_id: Mapped[UUID] = mapped_column(ForeignKey("programme.id"), index=True)
    secret_hash: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
