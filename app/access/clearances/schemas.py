"""What officers read of a held act, and how they decide on it."""

import enum
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.access.clearances.models import Act
from app.core.fields import Paragraph
from app.core.http import Body


class ClearanceState(enum.StrEnum):
    WAITING = "waiting"
    CLEARED = "cleared"
    REFUSED = "refused"


class ClearanceFilter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    state: ClearanceState | None = None
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=2000)
    count: bool = False


class ClearanceDecisionIn(Body):
    """Whether a second officer lets the act happen. A refusal says why."""

    cleared: bool
    note: Annotated[str, Paragraph(2_000)] = ""


class ClearanceOut(BaseModel):
    """An act that waits, or waited, for a second officer: `body` is what was asked for `about`."""

    id: UUID
    etag: str
    act: Act
    about: str
    body: dict[str, Any]
    state: ClearanceState
    asked_at: datetime
    asked_by: str | None = Field(description="the account that asked, or stands behind the key; null for neither")
    decided_at: datetime | None
    decided_by: str | None
    note: str
    made: list[str] = Field(description="the ids of what was made when it was cleared")
