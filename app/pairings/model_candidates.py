"""Models learnt from decisions, each beside its figures; at most one is in force, else the installed one is."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core.db import utc_now
from app.core.model import Base


class ModelCandidate(Base):
    """Weights and a floor, with what they were learnt from. Nothing but `in_force` ever changes."""

    __tablename__ = "model_candidate"
    __table_args__ = (
        CheckConstraint("floor >= 0 AND floor <= 1", name="floor_is_a_share"),
        Index(
            "ix_model_candidate_in_force",
            "in_force",
            unique=True,
            sqlite_where=text("in_force"),
            postgresql_where=text("in_force"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    number: Mapped[int] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    knowledge_fingerprint: Mapped[str] = mapped_column(String(64))
    compared_with: Mapped[str] = mapped_column(String(120))
    weights: Mapped[dict[str, Any]]
    floor: Mapped[float]
    figures: Mapped[dict[str, Any]]
    disagreements: Mapped[dict[str, Any]]
    note: Mapped[str] = mapped_column(default="")
    in_force: Mapped[bool] = mapped_column(default=False)
    trained_at: Mapped[datetime] = mapped_column(default=utc_now)
    trained_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))

    @property
    def ref(self) -> str:
        """What the audit trail calls it."""
        return self.name


def in_force(session: Session) -> ModelCandidate | None:
    """The candidate that is in force; None where the installed model is."""
    return session.scalar(select(ModelCandidate).where(ModelCandidate.in_force))
