"""What a briefing says, and what is kept when one was given. Outside its annex it names no need and no State."""

import enum
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.core.fields import Day, Line, Paragraph
from app.core.http import Body
from app.needs.schemas import NeedFull, NeedSummary
from app.referrals.models import DeclineReason

RECIPIENT = "the Counter-Terrorism Committee"


class Figure(enum.StrEnum):
    NEW = "new"
    ACCEPTED = "accepted"
    CONVEYED = "conveyed"
    UNSUPPORTED = "unsupported"
    DELIVERED = "delivered"
    PARTLY_DELIVERED = "partly_delivered"
    NOT_DELIVERED = "not_delivered"
    NOT_CONFIRMED = "not_confirmed"
    DECLINED = "declined"


class BriefingFilter(BaseModel):
    """The period, its last day included; unsaid, it runs from the last briefing until today."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    from_on: Day | None = Field(None, alias="from")
    until_on: Day | None = Field(None, alias="to")
    group: Annotated[str, Line(60, 1)] | None = None


class PrintFilter(BriefingFilter):
    """The same, and for whom it is printed."""

    recipient: Annotated[str, Line(200, 1)] = RECIPIENT


class Period(BaseModel):
    """From the beginning of one day to the end of another."""

    model_config = ConfigDict(populate_by_name=True, frozen=True)

    from_on: date = Field(alias="from")
    until_on: date = Field(alias="to")


class Count(BaseModel):
    """A number of the period, and that of the period before."""

    now: int = 0
    before: int = 0


class FigureOut(Count):
    figure: Figure
    title: str


class DeclinedOut(Count):
    reason: DeclineReason


class Row(BaseModel):
    """The figures of one region or theme; `code` is null for needs that name none."""

    code: str | None
    label: str
    figures: dict[Figure, Count]


class Annex(BaseModel):
    """Needs exactly as they are released to a group, and nothing else of them."""

    group: str
    needs: list[NeedFull | NeedSummary]


class BriefingOut(BaseModel):
    """Figures of a period beside those of the one before. A need of two regions counts in both."""

    period: Period
    previous: Period
    figures: list[FigureOut]
    declined: list[DeclinedOut]
    regions: list[Row]
    themes: list[Row]
    illustrative: int
    annex: Annex | None


class BriefingIn(Body):
    """That a briefing was given. Unsaid, its period runs from the last one until the day on which it was given."""

    model_config = ConfigDict(populate_by_name=True)

    from_on: Day | None = Field(None, alias="from")
    until_on: Day | None = Field(None, alias="to")
    given_on: Day | None = None
    note: Annotated[str, Paragraph(2_000)] = ""


class GivenOut(BaseModel):
    """A briefing that was given; the next is due so many months after `given_on`."""

    id: UUID
    period: Period
    given_on: date
    note: str
    recorded_at: datetime
