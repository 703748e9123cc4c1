"""That a briefing was given, on which day and of which period. Never changed: the next clock counts from it."""

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import utc_now
from app.core.model import Base


class Briefing(Base):
    """One briefing of the Committee. `from_on` and `until_on` both belong to its period."""

    __tablename__ = "briefing"
    __table_args__ = (
        CheckConstraint("until_on >= from_on", name="in_order"),
        CheckConstraint("given_on >= until_on", name="given_after_period"),
        Index(None, "given_on"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    from_on: Mapped[date]
    until_on: Mapped[date]
    given_on: Mapped[date]
    note: Mapped[str] = mapped_column(default="")
    recorded_at: Mapped[datetime] = mapped_column(default=utc_now)
    recorded_by_id: Mapped[UUID | None]
