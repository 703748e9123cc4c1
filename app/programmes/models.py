"""What an organization offers: assistance, a fund, or a roster or tool."""

import enum
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID, uuid4

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Numeric,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import utc_now
from app.core.model import Base
from app.organizations.models import Organization


class ProgrammeKind(enum.StrEnum):
    ASSISTANCE = "assistance"
    FUND = "fund"
    ROSTER_OR_TOOL = "roster_or_tool"


class ProgrammeStatus(enum.StrEnum):
    DRAFT = "draft"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"


class Freshness(enum.StrEnum):
    """Derived from `assured_until`, never stored."""

    FRESH = "fresh"
    DUE = "due"
    OVERDUE = "overdue"
    STALE = "stale"


class Provenance(enum.StrEnum):
    ORGANIZATION = "organization"
    PUBLIC_SOURCES = "public_sources"


class Applicant(enum.StrEnum):
    STATE = "state"
    IMPLEMENTER = "implementer"


class PartnerRole(enum.StrEnum):
    FUNDING = "funding"
    ACCOUNTABLE = "accountable"
    IMPLEMENTING = "implementing"


class Programme(Base):
    __tablename__ = "programme"
    __table_args__ = (
        UniqueConstraint("organization_id", "external_id"),
        CheckConstraint("ends_on IS NULL OR starts_on IS NULL OR ends_on >= starts_on", name="dates_in_order"),
        CheckConstraint(
            "kind = 'fund' OR (applicant IS NULL AND ceiling IS NULL)", name="only_funds_are_applied_for"
        ),
        CheckConstraint(
            "calls_close_on IS NULL OR calls_open_on IS NULL OR calls_close_on >= calls_open_on",
            name="calls_in_order",
        ),
        CheckConstraint("(budget IS NULL AND ceiling IS NULL) OR currency IS NOT NULL", name="money_has_currency"),
        CheckConstraint("capacity IS NULL OR capacity > 0", name="capacity_is_positive"),
        CheckConstraint("merged_into_id IS NULL OR status = 'ended'", name="merged_is_ended"),
        Index(None, "status", "assured_until"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    ref: Mapped[str] = mapped_column(String(20), unique=True)
    kind: Mapped[ProgrammeKind] = mapped_column(default=ProgrammeKind.ASSISTANCE)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organization.id"), index=True)
    external_id: Mapped[str | None] = mapped_column(String(100))
    status: Mapped[ProgrammeStatus] = mapped_column(default=ProgrammeStatus.DRAFT)
    title: Mapped[str] = mapped_column(String(300))
    summary: Mapped[str]
    activities: Mapped[list[str]] = mapped_column(default=list)
    language: Mapped[str] = mapped_column(String(2))
    is_global: Mapped[bool] = mapped_column(default=False)
    eligibility_notes: Mapped[str] = mapped_column(default="")
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    actual_starts_on: Mapped[date | None]
    actual_ends_on: Mapped[date | None]
    capacity: Mapped[int | None]
    budget: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))
    currency: Mapped[str | None] = mapped_column(String(3))
    clauses: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    funding: Mapped[str] = mapped_column(default="")
    web_page: Mapped[str] = mapped_column(String(500), default="")
    applicant: Mapped[Applicant | None]
    calls_open_on: Mapped[date | None]
    calls_close_on: Mapped[date | None]
    ceiling: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))
    provenance: Mapped[Provenance] = mapped_column(default=Provenance.ORGANIZATION)
    source_url: Mapped[str] = mapped_column(String(500), default="")
    caveat: Mapped[str] = mapped_column(default="")
    verification: Mapped[str] = mapped_column(String(20), default="")
    illustrative: Mapped[bool] = mapped_column(default=False)
    assured_until: Mapped[date]
    merged_into_id: Mapped[UUID | None] = mapped_column(ForeignKey("programme.id"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    changed_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    version: Mapped[int] = mapped_column(default=1)

    organization: Mapped[Organization] = relationship()
    codes: Mapped[list["ProgrammeCode"]] = relationship(
        order_by="ProgrammeCode.position", cascade="all, delete-orphan"
    )
    members_of: Mapped[list[Organization]] = relationship(secondary="programme_members_of")
    partners: Mapped[list["ProgrammePartner"]] = relationship(
        order_by="ProgrammePartner.position", cascade="all, delete-orphan"
    )
    merged_into: Mapped["Programme | None"] = relationship(remote_side="Programme.id")
    search: Mapped["ProgrammeSearch | None"] = relationship(cascade="all, delete-orphan")

    __mapper_args__ = {"version_id_col": version}


class ProgrammeCode(Base):
    """One code in one field: themes, dimensions, functions, weapons, assistance_types, languages,
    countries, regions, excluded (countries that it cannot serve)."""

    __tablename__ = "programme_code"
    __table_args__ = (
        ForeignKeyConstraint(["kind", "code"], ["term.kind", "term.code"]),
        Index(None, "field", "code", "programme_id"),
    )

    programme_id: Mapped[UUID] = mapped_column(ForeignKey("programme.id"), primary_key=True)
    field: Mapped[str] = mapped_column(String(20), primary_key=True)
    code: Mapped[str] = mapped_column(String(60), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    position: Mapped[int]


class ProgrammeMembersOf(Base):
    __tablename__ = "programme_members_of"

    programme_id: Mapped[UUID] = mapped_column(ForeignKey("programme.id"), primary_key=True)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organization.id"), primary_key=True)


class ProgrammePartner(Base):
    """Another organization in the programme. The role is empty where the source names none."""

    __tablename__ = "programme_partner"
    __table_args__ = (UniqueConstraint("programme_id", "organization_id", "role"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    programme_id: Mapped[UUID] = mapped_column(ForeignKey("programme.id"))
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organization.id"))
    role: Mapped[PartnerRole | None]
    position: Mapped[int]

    organization: Mapped[Organization] = relationship()


class ProgrammeSearch(Base):
    """What search finds of a programme: one row each, with a number of its own, which SQLite's index needs."""

    __tablename__ = "programme_search"

    id: Mapped[int] = mapped_column(primary_key=True)
    programme_id: Mapped[UUID] = mapped_column(ForeignKey("programme.id"), unique=True)
    tokens: Mapped[str]
