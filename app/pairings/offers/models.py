"""A partner's own proposal to meet a need: it makes, or is laid to, the one pairing of both sides."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import utc_now
from app.core.model import Base
from app.organizations.models import Organization
from app.pairings.models import Pairing


class Offer(Base):
    """One offer. What became of it is read from the pairing; only that it was withdrawn is the offer's own."""

    __tablename__ = "offer"
    __table_args__ = (
        Index(
            "uq_offer_standing",
            "pairing_id",
            unique=True,
            sqlite_where=text("withdrawn_at IS NULL"),
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    pairing_id: Mapped[UUID] = mapped_column(ForeignKey("pairing.id"))
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organization.id"), index=True)
    note: Mapped[str] = mapped_column(default="")
    offered_at: Mapped[datetime] = mapped_column(default=utc_now)
    user_id: Mapped[UUID | None]
    withdrawn_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    pairing: Mapped[Pairing] = relationship()
    organization: Mapped[Organization] = relationship()

    __mapper_args__ = {"version_id_col": version}
