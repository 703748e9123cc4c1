"""What delegations say of needs, which organizations may be named to them, and searches that people keep."""

import enum
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.actor import Role
from app.core.db import utc_now
from app.core.model import Base
from app.needs.models import Need
from app.organizations.models import Organization
from app.referrals.models import ReferralLine

_LIVE = "status IN ('open', 'acknowledged')"


class InterestKind(enum.StrEnum):
    INFORMATION = "information"
    CO_FUNDING = "co_funding"
    FULL_FUNDING = "full_funding"


class InterestStatus(enum.StrEnum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    WITHDRAWN = "withdrawn"
    FULFILLED = "fulfilled"


class Interest(Base):
    """A delegation's interest in a need. `line` is what it funds: its status and outcome that delegation sees."""

    __tablename__ = "interest"
    __table_args__ = (
        CheckConstraint("(amount IS NULL) = (currency IS NULL)", name="amount_has_currency"),
        CheckConstraint("kind <> 'information' OR amount IS NULL", name="information_costs_nothing"),
        CheckConstraint("status <> 'open' OR answered_at IS NULL", name="open_is_unanswered"),
        CheckConstraint(
            "status NOT IN ('acknowledged', 'fulfilled') OR answered_at IS NOT NULL", name="answer_is_dated"
        ),
        CheckConstraint("(status IN ('withdrawn', 'fulfilled')) = (ended_at IS NOT NULL)", name="end_is_dated"),
        CheckConstraint("status <> 'fulfilled' OR line_id IS NOT NULL", name="fulfilled_names_referral"),
        Index(
            "uq_interest_live",
            "need_id",
            "organization_id",
            unique=True,
            sqlite_where=text(_LIVE),
            postgresql_where=text(_LIVE),
        ),
        Index(None, "organization_id", "expressed_at"),
        Index(None, "status", "expressed_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    need_id: Mapped[UUID] = mapped_column(ForeignKey("need.id"))
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organization.id"))
    kind: Mapped[InterestKind]
    amount: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))
    currency: Mapped[str | None] = mapped_column(String(3))
    note: Mapped[str] = mapped_column(default="")
    status: Mapped[InterestStatus] = mapped_column(default=InterestStatus.OPEN)
    line_id: Mapped[UUID | None] = mapped_column(ForeignKey("referral_line.id"), index=True)
    expressed_at: Mapped[datetime] = mapped_column(default=utc_now)
    expressed_by_id: Mapped[UUID | None]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    need: Mapped[Need] = relationship()
    organization: Mapped[Organization] = relationship()
    line: Mapped[ReferralLine | None] = relationship()

    __mapper_args__ = {"version_id_col": version}


class NamingConsent(Base):
    """That an organization agreed to be named, in connection with a need, to those who may read it in full."""

    __tablename__ = "naming_consent"
    __table_args__ = (
        CheckConstraint("length(trim(reference)) > 0", name="has_reference"),
        Index(
            "uq_naming_consent_in_force",
            "need_id",
            "organization_id",
            unique=True,
            sqlite_where=text("withdrawn_at IS NULL"),
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    need_id: Mapped[UUID] = mapped_column(ForeignKey("need.id"))
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organization.id"), index=True)
    agreed_on: Mapped[date]
    reference: Mapped[str] = mapped_column(String(300))
    recorded_at: Mapped[datetime] = mapped_column(default=utc_now)
    recorded_by_id: Mapped[UUID | None]
    withdrawn_at: Mapped[datetime | None]

    need: Mapped[Need] = relationship()
    organization: Mapped[Organization] = relationship()


class SavedSearch(Base):
    """The parameters of a list of needs, kept under a name.

    Outside CTED it is its organization's; of officers each keeps their own. `wanted` holds what was asked, not
    what was found.
    """

    __tablename__ = "saved_search"
    __table_args__ = (Index(None, "organization_id", "role"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    name: Mapped[str] = mapped_column(String(200))
    wanted: Mapped[dict[str, Any]]
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organization.id"))
    role: Mapped[Role]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"), index=True)
    key_id: Mapped[UUID | None] = mapped_column(ForeignKey("api_key.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
