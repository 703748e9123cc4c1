"""What tables of recommendations were taken in, and what each row of them said when it was last taken."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import utc_now
from app.core.model import Base


class TakenTable(Base):
    """One table that was taken in, and what became of its rows. `rows` holds what was refused as it came."""

    __tablename__ = "taken_table"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    assessment_id: Mapped[UUID] = mapped_column(ForeignKey("assessment.id"), index=True)
    file_name: Mapped[str] = mapped_column(String(200), default="")
    result: Mapped[dict[str, Any]]
    at: Mapped[datetime] = mapped_column(default=utc_now)
    user_id: Mapped[UUID | None]
    key_id: Mapped[UUID | None]


class TakenRow(Base):
    """What the table said of one need when last taken: by it a change of the table is told from an officer's."""

    __tablename__ = "taken_row"
    __table_args__ = (UniqueConstraint("need_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    need_id: Mapped[UUID] = mapped_column(ForeignKey("need.id"))
    table_id: Mapped[UUID] = mapped_column(ForeignKey("taken_table.id"))
    said: Mapped[dict[str, Any]]
