"""Every controlled vocabulary as rows, so that a code that does not exist cannot be stored."""

from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from app.core.model import Base


class Term(Base):
    """One code of one vocabulary: theme, dimension, function, weapon, assistance_type, country, region, …"""

    __tablename__ = "term"

    kind: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    parent: Mapped[str | None]
    labels: Mapped[dict[str, Any]]
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
