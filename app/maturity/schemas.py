"""What goes into a self-assessment, and what officers read of it: one State at a time."""

import enum
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field

from app.core.fields import Code, Day, Line, Paragraph
from app.core.http import Body
from app.maturity.models import HIGHEST, LOWEST
from app.needs.models import NeedStatus, Outcome
from app.practices.schemas import Reference

MOST_ROWS = 500


def _number(value: Any) -> Any:
    """A sheet's cell is text: 3 and, as spreadsheets write it, 3.0."""
    written = value.strip().removesuffix(".0") if isinstance(value, str) else value
    return int(written) if isinstance(written, str) and written.isascii() and written.isdigit() else written


Level = Annotated[int, Field(ge=LOWEST, le=HIGHEST), BeforeValidator(_number)]


class LevelIn(Body):
    """One row: a clause by its id, the level now and the one wanted, and what shows it."""

    clause: Annotated[str, Line(110, 1)]
    now: Level
    wanted: Level
    evidence: Annotated[str, Paragraph(8_000)] = ""


class SheetIn(Body):
    """A State's sheet on a document. With `dry_run` nothing is kept."""

    country: Code
    practice: Reference
    reference: Annotated[str, Line(300, 1)] = Field(description="of the State's own document")
    received_on: Day
    dry_run: bool = False


class SelfAssessmentIn(SheetIn):
    """The same with its rows; each is taken or refused by itself."""

    rows: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MOST_ROWS)]


class RowOutcome(enum.StrEnum):
    """What became of a row: a need drafted or updated, one kept as a person left it, or none wanted."""

    DRAFTED = "drafted"
    UPDATED = "updated"
    KEPT = "kept"
    NO_GAP = "no_gap"


class RowTaken(BaseModel):
    row: int = Field(description="counts from 1")
    clause: str
    outcome: RowOutcome
    need: str | None


class RowRefused(BaseModel):
    row: int
    errors: list[str]


class SheetOut(BaseModel):
    """What became of a sheet. `ref` is empty after a dry run of a first sheet."""

    ref: str
    taken: list[RowTaken]
    refused: list[RowRefused]


class LevelOut(BaseModel):
    """One clause: what the State said, the need that the gap became, and what became of that need."""

    clause: str
    number: str
    title: str
    now: int
    wanted: int
    evidence: str
    need: str | None
    status: NeedStatus | None
    outcome: Outcome | None


class SelfAssessmentHead(BaseModel):
    """That a State sent a sheet. No level and no count of them: States are not compared."""

    ref: str
    etag: str
    country: str
    practice: str
    reference: str
    received_on: date


class SelfAssessmentOut(SelfAssessmentHead):
    """One State's sheet, whole."""

    levels: list[LevelOut]
