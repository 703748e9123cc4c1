import enum
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.access.models import User
from app.core.db import utc_now
from app.core.model import Base


class AssessmentKind(enum.StrEnum):
    COMPREHENSIVE = "comprehensive"
    FOCUSED = "focused"
    REGIONAL = "regional"
    FOLLOW_UP = "follow_up"
    ADVOCACY = "advocacy"
    SURVEY = "survey"


class Agreement(enum.StrEnum):
    YES = "yes"
    NO = "no"
    PENDING = "pending"


class Assessment(Base):
    """A visit or other assessment of one or more States. Seen by officers alone."""

    __tablename__ = "assessment"
    __table_args__ = (
        CheckConstraint("visit_until IS NULL OR visit_until >= visit_from", name="visit_in_order"),
        CheckConstraint(
            "observations_received_on IS NULL OR report_received_on IS NOT NULL", name="observations_follow_report"
        ),
        CheckConstraint("steps_reported_on IS NULL OR report_received_on IS NOT NULL", name="steps_follow_report"),
        CheckConstraint("(agreement = 'pending') = (agreement_on IS NULL)", name="agreement_is_dated"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    ref: Mapped[str] = mapped_column(String(20), unique=True)
    external_id: Mapped[str | None] = mapped_column(String(100), unique=True)
    kind: Mapped[AssessmentKind]
    visit_from: Mapped[date | None]
    visit_until: Mapped[date | None]
    draft_sent_on: Mapped[date | None]
    adopted_on: Mapped[date | None]
    report_received_on: Mapped[date | None]
    observations_received_on: Mapped[date | None]
    steps_reported_on: Mapped[date | None]
    symbol: Mapped[str] = mapped_column(String(60), default="")
    agreement: Mapped[Agreement] = mapped_column(default=Agreement.PENDING)
    agreement_on: Mapped[date | None]
    responsible_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    deputy_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    illustrative: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    version: Mapped[int] = mapped_column(default=1)

    responsible: Mapped[User | None] = relationship(foreign_keys=[responsible_id], lazy="joined")
    deputy: Mapped[User | None] = relationship(foreign_keys=[deputy_id], lazy="joined")
    states: Mapped[list["AssessmentState"]] = relationship(
        order_by="AssessmentState.code", cascade="all, delete-orphan", lazy="selectin"
    )

    __mapper_args__ = {"version_id_col": version}


class AssessmentState(Base):
    __tablename__ = "assessment_state"
    __table_args__ = (ForeignKeyConstraint(["kind", "code"], ["term.kind", "term.code"]),)

    assessment_id: Mapped[UUID] = mapped_column(ForeignKey("assessment.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), default="country", primary_key=True)
    code: Mapped[str] = mapped_column(String(2), primary_key=True)
