"""What files were imported, by whom, and the rows that came back."""

import enum
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import utc_now
from app.core.model import Base


class ImportKind(enum.StrEnum):
    ORGANIZATIONS = "organizations"
    PROGRAMMES = "programmes"
    NEEDS = "needs"


class ExportKind(enum.StrEnum):
    ORGANIZATIONS = "organizations"
    PROGRAMMES = "programmes"
    NEEDS = "needs"
    PAIRINGS = "pairings"


class Format(enum.StrEnum):
    CSV = "csv"
    JSONL = "jsonl"
    XLSX = "xlsx"


class Import(Base):
    """One file. `refused_rows` holds the wrong rows as a file of the same format, to be mended and sent again."""

    __tablename__ = "import_batch"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    kind: Mapped[ImportKind]
    format: Mapped[Format]
    file_name: Mapped[str] = mapped_column(String(200), default="")
    dry_run: Mapped[bool]
    rows: Mapped[int]
    created: Mapped[int]
    updated: Mapped[int]
    unchanged: Mapped[int]
    refused: Mapped[int]
    errors: Mapped[list[dict[str, Any]]]
    refused_rows: Mapped[bytes | None] = mapped_column(LargeBinary)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organization.id"), index=True)
    user_id: Mapped[UUID | None]
    key_id: Mapped[UUID | None]
    at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
