"""That a State asked for, or agreed in writing to, the silence procedure: without it silence is no basis."""

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import utc_now
from app.core.model import Base


class SilenceAgreement(Base):
    """One State's agreement, with its document. At most one of a State runs; an ended one stays as it was."""

    __tablename__ = "silence_agreement"
    __table_args__ = (
        ForeignKeyConstraint(["kind", "code"], ["term.kind", "term.code"]),
        CheckConstraint("length(trim(reference)) > 0", name="has_reference"),
        Index(
            "uq_silence_agreement_running",
            "code",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    kind: Mapped[str] = mapped_column(String(20), default="country")
    code: Mapped[str] = mapped_column(String(2))
    reference: Mapped[str] = mapped_column(String(300))
    document_url: Mapped[str | None] = mapped_column(String(500))
    agreed_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(default=utc_now)
    recorded_by_id: Mapped[UUID | None]
    ended_at: Mapped[datetime | None]
    ending_reference: Mapped[str] = mapped_column(String(300), default="")
    ended_by_id: Mapped[UUID | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
