"""A stored programme-need proposal, its explanation, and the append-only decisions on it."""

import enum
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import utc_now
from app.core.model import Base
from app.needs.models import Need
from app.programmes.models import Programme


class PairingStatus(enum.StrEnum):
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DEFERRED = "deferred"
    CONVEYED = "conveyed"
    RETRACTED = "retracted"
    SUPERSEDED = "superseded"


class Origin(enum.StrEnum):
    MATCHER = "matcher"
    OFFICER = "officer"
    PARTNER = "partner"


class Judgement(enum.StrEnum):
    ACCEPT = "accept"
    REJECT = "reject"
    DEFER = "defer"
    RETRACT = "retract"
    REOPEN = "reopen"


class Reason(enum.StrEnum):
    WRONG_THEME = "wrong_theme"
    WRONG_CAPACITY = "wrong_capacity"
    REGION_NOT_COVERED = "region_not_covered"
    DUPLICATE_OF = "duplicate_of"
    PROGRAMME_FULL = "programme_full"
    TIMING = "timing"
    ALREADY_ASSISTED = "already_assisted"
    OTHER_PREFERRED = "other_preferred"
    POLITICAL_OR_CONSENT = "political_or_consent"
    OTHER = "other"


class Pairing(Base):
    """One per (need, programme), so that the matcher can be run again freely; its status is the one truth."""

    __tablename__ = "pairing"
    __table_args__ = (
        UniqueConstraint("need_id", "programme_id"),
        CheckConstraint("(status = 'deferred') = (deferred_until IS NOT NULL)", name="deferred_is_dated"),
        CheckConstraint("score >= 0 AND score <= 1", name="score_is_a_share"),
        Index(None, "status", "score", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    need_id: Mapped[UUID] = mapped_column(ForeignKey("need.id"))
    programme_id: Mapped[UUID] = mapped_column(ForeignKey("programme.id"), index=True)
    status: Mapped[PairingStatus] = mapped_column(default=PairingStatus.PROPOSED)
    origin: Mapped[Origin]
    score: Mapped[float]
    contributions: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    need_revision: Mapped[int]
    model: Mapped[str] = mapped_column(String(120))
    proposed_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    deferred_until: Mapped[date | None]
    rejected_facts: Mapped[str | None] = mapped_column(String(64))
    changed_since_rejection: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)

    need: Mapped[Need] = relationship()
    programme: Mapped[Programme] = relationship()
    decisions: Mapped[list["Decision"]] = relationship(
        order_by="Decision.number", back_populates="pairing", foreign_keys="Decision.pairing_id"
    )

    __mapper_args__ = {"version_id_col": version, "version_id_generator": False}


class Decision(Base):
    """One officer's judgement. The newest counts, none is overwritten; triggers refuse changes."""

    __tablename__ = "decision"
    __table_args__ = (
        UniqueConstraint("pairing_id", "number"),
        CheckConstraint(
            "judgement NOT IN ('reject', 'defer', 'retract') OR reason IS NOT NULL", name="has_reason"
        ),
        CheckConstraint("(judgement = 'defer') = (until_on IS NOT NULL)", name="defer_is_dated"),
        CheckConstraint("(reason = 'duplicate_of') = (duplicate_of_id IS NOT NULL)", name="duplicate_is_named"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    pairing_id: Mapped[UUID] = mapped_column(ForeignKey("pairing.id"))
    number: Mapped[int]
    judgement: Mapped[Judgement]
    reason: Mapped[Reason | None]
    note: Mapped[str] = mapped_column(default="")
    until_on: Mapped[date | None]
    duplicate_of_id: Mapped[UUID | None] = mapped_column(ForeignKey("pairing.id"))
    facts: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(default=utc_now)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))

    pairing: Mapped[Pairing] = relationship(back_populates="decisions", foreign_keys=[pairing_id])


class RunStatus(enum.StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class MatchRun(Base):
    """One run of the matcher over open needs: what it was asked, how far it is, and what it found."""

    __tablename__ = "match_run"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    full: Mapped[bool]
    status: Mapped[RunStatus] = mapped_column(default=RunStatus.QUEUED)
    model: Mapped[str | None] = mapped_column(String(120))
    seen_event: Mapped[int | None]
    needs_total: Mapped[int] = mapped_column(default=0)
    needs_done: Mapped[int] = mapped_column(default=0)
    new: Mapped[int] = mapped_column(default=0)
    kept: Mapped[int] = mapped_column(default=0)
    superseded: Mapped[int] = mapped_column(default=0)
    message: Mapped[str | None]
    started_by_id: Mapped[UUID | None]
    queued_at: Mapped[datetime] = mapped_column(default=utc_now)
    ended_at: Mapped[datetime | None]
