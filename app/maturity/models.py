"""A State's own assessment against the clauses of a guideline: levels now and wanted. Seen by officers alone."""

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import utc_now
from app.core.model import Base
from app.needs.models import Need
from app.practices.models import Clause, Practice

LOWEST, HIGHEST = 1, 5


class SelfAssessment(Base):
    """One State's sheet on one document; a newer sheet updates it."""

    __tablename__ = "self_assessment"
    __table_args__ = (
        UniqueConstraint("country", "practice_id"),
        ForeignKeyConstraint(["country_kind", "country"], ["term.kind", "term.code"]),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    ref: Mapped[str] = mapped_column(String(20), unique=True)
    country_kind: Mapped[str] = mapped_column(String(20), default="country")
    country: Mapped[str] = mapped_column(String(2))
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"))
    reference: Mapped[str] = mapped_column(String(300))
    received_on: Mapped[date]
    imported_at: Mapped[datetime] = mapped_column(default=utc_now)
    version: Mapped[int] = mapped_column(default=1)

    practice: Mapped[Practice] = relationship()
    levels: Mapped[list["MaturityLevel"]] = relationship(cascade="all, delete-orphan", back_populates="of")

    __mapper_args__ = {"version_id_col": version}


class MaturityLevel(Base):
    """Where a State says that it is on one clause, and the need that its gap became.

    `drafted` is the description that was written for the need: as long as it stands unchanged, a newer sheet may
    write it anew; what a person wrote since is never overwritten.
    """

    __tablename__ = "maturity_level"
    __table_args__ = (
        UniqueConstraint("self_assessment_id", "clause_id"),
        CheckConstraint(f"now BETWEEN {LOWEST} AND {HIGHEST}", name="now_in_range"),
        CheckConstraint(f"wanted BETWEEN {LOWEST} AND {HIGHEST}", name="wanted_in_range"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    self_assessment_id: Mapped[UUID] = mapped_column(ForeignKey("self_assessment.id"))
    clause_id: Mapped[UUID] = mapped_column(ForeignKey("practice_clause.id"))
    now: Mapped[int]
    wanted: Mapped[int]
    evidence: Mapped[str] = mapped_column(default="")
    need_id: Mapped[UUID | None] = mapped_column(ForeignKey("need.id"))
    drafted: Mapped[str] = mapped_column(default="")

    of: Mapped[SelfAssessment] = relationship(back_populates="levels")
    clause: Mapped[Clause] = relationship(lazy="joined")
    need: Mapped[Need | None] = relationship(lazy="joined")
