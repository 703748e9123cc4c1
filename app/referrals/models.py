"""One letter to one organization about accepted pairings: its lines, what each side said, and advisory notes."""

import enum
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import utc_now
from app.core.model import Base
from app.needs.models import Need, Release
from app.organizations.models import Organization
from app.pairings.models import Pairing
from app.programmes.models import Programme


class LineStatus(enum.StrEnum):
    CONVEYED = "conveyed"
    TAKEN_UP = "taken_up"
    IN_DELIVERY = "in_delivery"
    COMPLETED = "completed"
    DECLINED = "declined"
    RETRACTED = "retracted"


LIVE = (LineStatus.CONVEYED, LineStatus.TAKEN_UP, LineStatus.IN_DELIVERY)


class Move(enum.StrEnum):
    TAKE_UP = "take_up"
    DECLINE = "decline"
    ASK = "ask"
    ANSWER = "answer"
    START = "start"
    REPORT = "report"
    INQUIRE = "inquire"
    COMPLETE = "complete"
    RETRACT = "retract"


class Side(enum.StrEnum):
    """Whose outcome it is. Officers record the State's, and may record what an organization wrote to them."""

    ORGANIZATION = "organization"
    STATE = "state"


class Delivered(enum.StrEnum):
    DELIVERED = "delivered"
    PARTLY_DELIVERED = "partly_delivered"
    NOT_DELIVERED = "not_delivered"


class Part(enum.StrEnum):
    WHOLE = "whole"
    PART = "part"


class DeclineReason(enum.StrEnum):
    NO_FUNDS = "no_funds"
    NO_CAPACITY = "no_capacity"
    OUTSIDE_MANDATE = "outside_mandate"
    ACCESS_OR_SECURITY = "access_or_security"
    DUE_DILIGENCE = "due_diligence"
    ALREADY_COVERED = "already_covered"
    OTHER = "other"


class Diligence(enum.StrEnum):
    """What the provider says of its own due diligence on security forces, never its content."""

    NOT_APPLICABLE = "not_applicable"
    DONE = "done"
    DONE_WITH_MITIGATION = "done_with_mitigation"
    REFUSED = "refused"


class Referral(Base):
    """One letter to one organization. It exists once conveyed: what waits for clearance is held elsewhere."""

    __tablename__ = "referral"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organization.id"), index=True)
    note: Mapped[str] = mapped_column(default="")
    conveyed_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    conveyed_by_id: Mapped[UUID | None]
    cleared_by_id: Mapped[UUID | None]
    version: Mapped[int] = mapped_column(default=1)

    organization: Mapped[Organization] = relationship()
    lines: Mapped[list["ReferralLine"]] = relationship(order_by="ReferralLine.n", back_populates="referral")
    co_implementers: Mapped[list[Organization]] = relationship(
        secondary="referral_co_implementer", order_by=Organization.ref
    )
    funds: Mapped[list[Programme]] = relationship(secondary="referral_fund", order_by=Programme.ref)

    __mapper_args__ = {"version_id_col": version}


class ReferralCoImplementer(Base):
    """An organization that would take part. It sees the need only where a release names it."""

    __tablename__ = "referral_co_implementer"

    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"), primary_key=True)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organization.id"), primary_key=True)


class ReferralFund(Base):
    """A fund as a way to pay for what is referred."""

    __tablename__ = "referral_fund"

    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"), primary_key=True)
    programme_id: Mapped[UUID] = mapped_column(ForeignKey("programme.id"), primary_key=True)


class ReferralLine(Base):
    """One conveyance of one pairing: its answer, what must be there before the start, its end.

    `release_id` is the full release by which the organization sees the need; `question_at` is set while the
    organization waits for an officer's answer.
    """

    __tablename__ = "referral_line"
    __table_args__ = (
        UniqueConstraint("referral_id", "n"),
        UniqueConstraint("referral_id", "pairing_id"),
        Index(
            "uq_referral_line_live_pairing",
            "pairing_id",
            unique=True,
            sqlite_where=text("status IN ('conveyed', 'taken_up', 'in_delivery')"),
            postgresql_where=text("status IN ('conveyed', 'taken_up', 'in_delivery')"),
        ),
        Index(None, "need_id", "status"),
        Index(None, "status", "conveyed_at"),
        CheckConstraint("(status = 'declined') = (decline_reason IS NOT NULL)", name="declined_has_reason"),
        CheckConstraint(
            "(status IN ('completed', 'declined', 'retracted')) = (ended_at IS NOT NULL)", name="end_is_dated"
        ),
        CheckConstraint(
            "status NOT IN ('taken_up', 'in_delivery', 'completed') OR part IS NOT NULL", name="taken_up_says_how"
        ),
        CheckConstraint(
            "status NOT IN ('in_delivery', 'completed') OR (started_on IS NOT NULL AND accepted_on IS NOT NULL)",
            name="started_after_acceptance",
        ),
        CheckConstraint("(accepted_on IS NULL) = (acceptance_reference IS NULL)", name="acceptance_is_whole"),
        CheckConstraint("(diligence IS NULL) = (diligence_on IS NULL)", name="diligence_is_dated"),
        CheckConstraint("(status = 'completed') = (confirmed IS NOT NULL)", name="completed_says_if_confirmed"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    n: Mapped[int]
    pairing_id: Mapped[UUID] = mapped_column(ForeignKey("pairing.id"), index=True)
    need_id: Mapped[UUID] = mapped_column(ForeignKey("need.id"))
    release_id: Mapped[UUID] = mapped_column(ForeignKey("release.id"), index=True)
    status: Mapped[LineStatus] = mapped_column(default=LineStatus.CONVEYED)
    conveyed_at: Mapped[datetime] = mapped_column(default=utc_now)
    answered_at: Mapped[datetime | None]
    question_at: Mapped[datetime | None]
    part: Mapped[Part | None]
    what: Mapped[str] = mapped_column(default="")
    from_on: Mapped[date | None]
    if_funded: Mapped[bool] = mapped_column(default=False)
    accepted_on: Mapped[date | None]
    acceptance_reference: Mapped[str | None] = mapped_column(String(300))
    diligence: Mapped[Diligence | None]
    diligence_on: Mapped[date | None]
    diligence_reference: Mapped[str] = mapped_column(String(300), default="")
    started_on: Mapped[date | None]
    decline_reason: Mapped[DeclineReason | None]
    inquired_on: Mapped[date | None]
    confirmed: Mapped[bool | None]
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    referral: Mapped[Referral] = relationship(back_populates="lines")
    pairing: Mapped[Pairing] = relationship()
    need: Mapped[Need] = relationship()
    release: Mapped[Release] = relationship()
    answers: Mapped[list["LineAnswer"]] = relationship(order_by="LineAnswer.number", back_populates="line")
    outcomes: Mapped[list["LineOutcome"]] = relationship(order_by="LineOutcome.number", back_populates="line")

    __mapper_args__ = {"version_id_col": version}


class LineAnswer(Base):
    """One move of a line, by either side, as it was made; a report is a LineOutcome instead. Never changed."""

    __tablename__ = "line_answer"
    __table_args__ = (UniqueConstraint("line_id", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    line_id: Mapped[UUID] = mapped_column(ForeignKey("referral_line.id"))
    number: Mapped[int]
    move: Mapped[Move]
    by_officer: Mapped[bool]
    reason: Mapped[DeclineReason | None]
    note: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime] = mapped_column(default=utc_now)
    user_id: Mapped[UUID | None]

    line: Mapped[ReferralLine] = relationship(back_populates="answers")


class LineOutcome(Base):
    """What one side reports of the delivery. The newest of a side counts, none is overwritten."""

    __tablename__ = "line_outcome"
    __table_args__ = (UniqueConstraint("line_id", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    line_id: Mapped[UUID] = mapped_column(ForeignKey("referral_line.id"))
    number: Mapped[int]
    side: Mapped[Side]
    by_officer: Mapped[bool]
    outcome: Mapped[Delivered]
    note: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime] = mapped_column(default=utc_now)
    user_id: Mapped[UUID | None]

    line: Mapped[ReferralLine] = relationship(back_populates="outcomes")


class Advisory(Base):
    """A dated note on a State (embargo, notification) that whoever conveys acknowledges. Never a gate."""

    __tablename__ = "advisory"
    __table_args__ = (
        ForeignKeyConstraint(["country_kind", "country"], ["term.kind", "term.code"]),
        Index(None, "country"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    country_kind: Mapped[str] = mapped_column(String(20), default="country")
    country: Mapped[str] = mapped_column(String(2))
    text: Mapped[str]
    source: Mapped[str] = mapped_column(String(500))
    dated_on: Mapped[date]
    ended_on: Mapped[date | None]
    recorded_at: Mapped[datetime] = mapped_column(default=utc_now)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class AdvisoryAcknowledgement(Base):
    """That the officer who conveyed a referral had read a note."""

    __tablename__ = "advisory_acknowledgement"

    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"), primary_key=True)
    advisory_id: Mapped[UUID] = mapped_column(ForeignKey("advisory.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(default=utc_now)
