"""What the portfolio says: needs that wait or are crowded, overlap, coverage, fairness and the pipeline."""

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field

from app.needs.models import Priority
from app.needs.schemas import Several


class PortfolioFilter(BaseModel):
    """Which needs. Repeated codes mean any of them; a region holds those that lie in it."""

    theme: Several = []
    region: Several = []


class PortfolioList(PortfolioFilter):
    model_config = ConfigDict(extra="forbid")

    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=2000)
    count: bool = False


class Waiting(BaseModel):
    """A need of the portfolio, by what is counted of it. `live` are its referral lines under way."""

    ref: str
    title: str
    language: str
    regions: list[str]
    themes: list[str]
    priority: Priority | None
    opened_at: datetime
    days_open: int
    live: int
    ended: int = Field(description="referral lines that were declined or retracted since it was opened")


class OverlapList(BaseModel):
    model_config = ConfigDict(extra="forbid")

    theme: Several = []
    programme: str | None = Field(None, max_length=60, description="only what overlaps with this one")
    limit: int = Field(20, ge=1, le=50, description="how many programmes are looked at, the newest first")
    cursor: str | None = Field(None, max_length=2000)


class OverlapSide(BaseModel):
    ref: str
    title: str
    language: str
    organization: str
    starts_on: date | None
    ends_on: date | None


class SharedOut(BaseModel):
    """One feature that both programmes have, in the words of each; `adds` of all sum to the score."""

    model_config = ConfigDict(from_attributes=True)

    kind: str
    feature: str
    label: str
    one: list[str]
    other: list[str]
    adds: float
    declared: bool


class OverlapOut(BaseModel):
    """Two programmes in the same place, theme and time that are alike: possibly the same work twice."""

    one: OverlapSide
    other: OverlapSide
    score: float
    themes: list[str]
    starts_on: date | None = Field(description="since when both run; null where neither says")
    ends_on: date | None
    shared: list[SharedOut]
    model: str


class Overlaps(BaseModel):
    """`looked_at` programmes were compared with all others; `next` goes on with older ones."""

    items: list[OverlapOut]
    looked_at: int
    floor: float = Field(description="both directions of the similarity reach it")
    next: str | None = None


class Cell(BaseModel):
    """What one theme has in one region. `without` needs have no live programme of that theme for their place."""

    theme: str
    region: str
    needs: int
    programmes: int
    without: int


class Coverage(BaseModel):
    """Counted from codes, over what the caller may see. A record counts in each cell that it has codes for."""

    day: date
    regions: list[str]
    themes: list[str]
    cells: list[Cell]
    needs: int = Field(description="open needs in all, with or without codes")
    programmes: int = Field(description="live programmes in all, funds apart")


class Share(BaseModel):
    """Of `needs` that were ever opened, how many were referred and taken up, and how soon the first referral was.

    Small numbers are shown with their `needs`: nothing is suppressed, and no State is compared with another.
    """

    code: str
    needs: int
    referred: int
    answered: int
    share_referred: float
    share_answered: float
    median_days: float | None = Field(description="from opening to the first referral; null where there is none")


class Fairness(BaseModel):
    all: Share
    regions: list[Share]
    themes: list[Share]


class Stage(BaseModel):
    """`now` needs are at this stage, for `median_days` in the middle; `reached` it or went beyond."""

    stage: str
    now: int
    reached: int
    conversion: float | None = Field(description="of those that reached the stage before; null for the first")
    median_days: float | None


class Pipeline(BaseModel):
    day: date
    needs: int
    stages: list[Stage]
