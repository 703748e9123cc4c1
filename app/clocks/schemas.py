"""What officers read of the clocks, and what a hand-over asks for and answers."""

import enum
from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.clocks.table import ClockName, Unit
from app.core.fields import Code, Day, Line, Paragraph
from app.core.http import Body

Email = Annotated[str, Line(254, 3)]


class Whose(enum.StrEnum):
    """Whose due list: one's own with what is everybody's, that of all officers, or what no officer answers for."""

    MINE = "mine"
    ALL = "all"
    UNASSIGNED = "unassigned"


class ClockFilter(BaseModel):
    """Parameters of the due list. `officer` goes before `whose`; without either it is one's own."""

    model_config = ConfigDict(extra="forbid")

    clock: Annotated[list[ClockName], Field(max_length=len(ClockName))] = []
    whose: Whose | None = None
    officer: Email | None = None
    until: Day | None = None
    overdue: bool = False


class ClockListing(ClockFilter):
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=2000)
    count: bool = False


class NextStep(BaseModel):
    """What has to be done next, and the page on which it is."""

    do: str
    path: str


class Due(BaseModel):
    """One running clock. `days` are those left, below nought when it is overdue; `ref` is a reference alone."""

    clock: ClockName
    title: str
    id: str
    ref: str
    line: int | None
    started_on: date
    due_on: date
    days: int
    overdue: bool
    responsible: str | None
    next: NextStep


class Tally(BaseModel):
    """How many clocks of a kind run, and how many of them are overdue."""

    running: int
    overdue: int


class DueList(BaseModel):
    """A page of the due list, what is longest overdue first; `counts` are those of the whole list by clock."""

    items: list[Due]
    next: str | None = None
    total: int | None = None
    counts: dict[ClockName, Tally] | None = None


class ClockOut(BaseModel):
    """A clock as the settings have it."""

    clock: ClockName
    title: str
    practice: str
    unit: Unit
    count: int | None
    setting: str | None


class HandoverIn(Body):
    """Whose needs and assessments pass to whom: all of them, or the needs that are named.

    Without `from` needs are named that nobody answers for. `deputy` is who stands in from now on.
    """

    from_: Annotated[Email | None, Field(alias="from")] = None
    to: Email
    needs: Annotated[list[Code], Field(max_length=1000)] = []
    all: bool = False
    deputy: Email | None = None
    reason: Annotated[str, Paragraph(2_000, 1)]

    @model_validator(mode="after")
    def _passes_something_on(self) -> "HandoverIn":
        if self.from_ is None and self.all:
            raise ValueError("Say `from` whom all needs pass, or name the needs")
        if bool(self.needs) == self.all:
            raise ValueError("Name the needs, or say that it is `all`")
        if self.deputy is not None and self.deputy.lower() == self.to.lower():
            raise ValueError("The deputy is another officer than the one who takes over")
        if self.from_ is not None and self.from_.lower() == self.to.lower():
            raise ValueError("Hand over to another officer")
        return self


class HandoverOut(BaseModel):
    """What passed on, by reference."""

    model_config = ConfigDict(populate_by_name=True)

    from_: Annotated[str | None, Field(alias="from")]
    to: str
    needs: list[str]
    assessments: list[str]


class AddressOut(BaseModel):
    """The address of the calendar feed. Its secret is in this answer alone."""

    address: str
