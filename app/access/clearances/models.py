"""An act that waits for a second officer: what was asked, by whom, and how it was decided."""

import enum
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import utc_now
from app.core.model import Base


class Act(enum.StrEnum):
    RELEASE = "release"
    EXTENSION = "extension"
    ASSESSMENT_RELEASES = "assessment_releases"
    REFERRAL = "referral"


class Clearance(Base):
    """One held act. `body` is what was asked, `about` the reference of what it is about, `made` what came of it.

    `cleared` is empty while it waits. Whoever asked for it never clears it: the table itself refuses that.
    """

    __tablename__ = "clearance"
    __table_args__ = (
        CheckConstraint("(decided_at IS NULL) = (cleared IS NULL)", name="decision_is_dated"),
        CheckConstraint("NOT cleared OR decided_by_id <> asked_by_id", name="by_another"),
        Index(None, "decided_at", "asked_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    act: Mapped[Act]
    about: Mapped[str] = mapped_column(String(60))
    body: Mapped[dict[str, Any]]
    asked_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    asked_by_key_id: Mapped[UUID | None] = mapped_column(ForeignKey("api_key.id"))
    asked_at: Mapped[datetime] = mapped_column(default=utc_now)
    decided_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    decided_at: Mapped[datetime | None]
    cleared: Mapped[bool | None]
    note: Mapped[str] = mapped_column(default="")
    made: Mapped[list[str]] = mapped_column(default=list)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
