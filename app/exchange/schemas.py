"""What comes in with a file and what is said of it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.core.fields import Line
from app.exchange.models import Format, ImportKind
from app.needs.schemas import NeedIn


class NeedRow(NeedIn):
    """A row of a file. `ref`, in a file that was exported here, says which record it is."""

    ref: Annotated[str, Line(60)] | None = None


class CellError(BaseModel):
    """What is wrong with one cell, and where: the row as a spreadsheet counts, whose header is row 1."""

    row: int
    column: str
    value: str
    reason: str


class ImportOut(BaseModel):
    """What became of a file. The wrong rows can be had as a file, mended and sent again."""

    id: UUID
    kind: ImportKind
    format: Format
    file_name: str
    dry_run: bool = Field(description="whether nothing was kept: it was only tried")
    rows: int
    created: int
    updated: int
    unchanged: int
    refused: int
    errors: list[CellError]
    refused_rows: str | None = Field(description="address of the wrong rows, as a file of the same format")
    at: datetime


class ImportListing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: list[ImportKind] = Field(default_factory=list, max_length=3)
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=2000)
    count: bool = False
