"""What is sent with a table of recommendations, and what became of each row."""

import enum
from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

from pydantic import BaseModel, Field

from app.core.fields import Choice, Line
from app.core.http import Body
from app.needs.schemas import Specificity

Cell: TypeAlias = Annotated[str, Field(max_length=2_500_000)]


class ColumnField(enum.StrEnum):
    """What a column can say."""

    SOURCE_REF = "source_ref"
    TITLE = "title"
    DESCRIPTION = "description"
    PROVISION = "provision"
    PRIORITY = "priority"
    INSTITUTION = "institution"
    EXISTING_EFFORTS = "existing_efforts"
    WANTED_BY = "wanted_by"


class Keep(enum.StrEnum):
    """Whose text is kept where the table and the need both changed."""

    TABLE = "table"
    NEED = "need"


class RowChoice(Body):
    """What an officer decides on a row that asks; `etag`: of the need as it was read, where 412 is wanted."""

    source_ref: Annotated[str, Line(100, 1)]
    keep: Choice[Keep]
    etag: Annotated[str, Line(60)] | None = None


Columns: TypeAlias = Annotated[
    list[Annotated[list[Choice[ColumnField] | None], Field(max_length=60)]], Field(max_length=100)
]


class TableOptions(Body):
    """What each column of each table says, where the guess is wrong, and the choices on rows that ask."""

    columns: Columns = Field(default_factory=list)
    choices: list[RowChoice] = Field(default_factory=list, max_length=2_000)


class TableIn(TableOptions):
    """A table as text: HTML, or cells between tabs, bars, commas or semicolons."""

    text: Cell


class TableOut(BaseModel):
    """How one table was read: its headings, and what each column is taken for."""

    table: int
    name: str
    headings: list[str]
    columns: list[ColumnField | None]
    rows: int
    recognized: bool


class CellFault(BaseModel):
    """What is wrong in a column, or was understood in another way than it may be meant."""

    column: str
    value: str
    reason: str


class Difference(BaseModel):
    """A field of which the table says something else than the need does now."""

    field: str
    table: Any
    need: Any


Outcome: TypeAlias = Literal["created", "updated", "unchanged", "asks", "refused", "skipped"]


class RowOut(BaseModel):
    """What became of a row. `asks`: table and need both changed, nothing was touched, say which is to be kept."""

    table: int
    row: int
    source_ref: str
    outcome: Outcome
    need: str | None = None
    etag: str | None = None
    title: str = ""
    text: str = ""
    specificity: Specificity | None = None
    suggested: list[str] = Field(default_factory=list)
    differences: list[Difference] = Field(default_factory=list)
    errors: list[CellFault] = Field(default_factory=list)
    notes: list[CellFault] = Field(default_factory=list)


class TableResult(BaseModel):
    """What became of a table, row by row. Nothing is kept of a dry run."""

    id: UUID | None = None
    dry_run: bool
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    asks: int = 0
    refused: int = 0
    skipped: int = 0
    tables: list[TableOut]
    rows: list[RowOut]
