"""What delegations say and are shown, what is known of money, names that may be told, and kept searches."""

import enum
from datetime import date, datetime
from typing import Annotated, Any, TypeAlias
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.core.fields import Choice, Clearable, Code, Count, Currency, Day, Identifier, Line, Money, Paragraph
from app.core.http import Body
from app.interest.models import InterestKind, InterestStatus
from app.needs.schemas import NeedFilter
from app.referrals.models import Delivered, LineStatus, Part

Note: TypeAlias = Annotated[str, Paragraph(4_000)]
MOST_SEARCHES = 100


class InterestIn(Body):
    """A delegation's interest in a need that it sees. An amount is for funding alone, and names its currency."""

    need: Code
    kind: Choice[InterestKind]
    amount: Money | None = None
    currency: Currency | None = None
    note: Note = ""


class FundedLine(Body):
    """The line of a referral that the interest funds."""

    referral: Identifier
    line: Count


class InterestPatch(Body):
    """A delegation changes what it says while it is open, or withdraws; an officer answers and links."""

    kind: Choice[InterestKind] | None = None
    amount: Money | None = None
    currency: Currency | None = None
    note: Annotated[Note, Clearable("")] = ""
    status: Choice[InterestStatus] | None = None
    funds: FundedLine | None = None

    @model_validator(mode="after")
    def _keeps_what_is_required(self) -> "InterestPatch":
        for name in ("kind", "status"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(f"An interest has a {name}; it can be changed and not cleared")
        return self


class Funded(BaseModel):
    """What is shown of the referral that an interest funds. Officers alone read which one and whose it is."""

    status: LineStatus
    part: Part | None
    from_on: date | None
    outcome: Delivered | None
    confirmed: bool | None
    referral: UUID | None = None
    line: int | None = None
    organization: str | None = None


class InterestOut(BaseModel):
    """An interest. `title` is there while the reader sees the need; `due_on` is for officers."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    etag: str
    need: str
    title: str | None
    language: str | None
    delegation: str
    kind: InterestKind
    amount: Money | None
    currency: str | None
    note: str
    status: InterestStatus
    expressed_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    due_on: date | None
    overdue: bool | None
    moves: list[InterestStatus]
    referral: Funded | None


class InterestSort(enum.StrEnum):
    """`waiting` puts those that wait for an answer first, the oldest of them at the top."""

    NEWEST = "newest"
    OLDEST = "oldest"
    WAITING = "waiting"


class InterestFilter(BaseModel):
    """Parameters of the list. Repeated ones mean any of them."""

    need: Annotated[list[Code], Field(max_length=50)] = []
    delegation: Annotated[list[Code], Field(max_length=50)] = []
    kind: list[InterestKind] = Field(default_factory=list, max_length=3)
    status: list[InterestStatus] = Field(default_factory=list, max_length=4)
    sort: InterestSort = InterestSort.NEWEST


class Sum(BaseModel):
    amount: Money
    currency: str


class MissingSum(BaseModel):
    """What the indicative cost is not covered for, at either end that it names."""

    low: Money | None
    high: Money | None
    currency: str


class Funding(BaseModel):
    """What the reader may know of the money for a need.

    `missing` is null while it is not known, or not shown. `organizations` are the willing ones that agreed to be
    named, and for officers all of them. `pledged` is for officers: what acknowledged interests come to.
    """

    need: str
    ready: bool
    willing: bool | None = None
    organizations: list[str] = []
    cost: dict[str, Any] | None = None
    missing: MissingSum | None = None
    pledged: list[Sum] = []


class NamingIn(Body):
    """That an organization agreed to be named. Officers say which one and where it agreed."""

    organization: Code | None = None
    agreed_on: Day | None = None
    reference: Annotated[str, Line(300)] = ""


class NamingOut(BaseModel):
    need: str
    organization: str
    agreed_on: date
    reference: str
    recorded_at: datetime


class Names(BaseModel):
    items: list[NamingOut]


class NeedQuery(NeedFilter):
    """The parameters of the list of needs, with what delegations and officers may also ask."""

    ready_to_fund: bool = False


class SearchTerms(NeedQuery):
    """The same as a saved search keeps them. A misspelt one is refused: it would show too much."""

    model_config = ConfigDict(extra="forbid")


class SearchIn(Body):
    name: Annotated[str, Line(200, 1)]
    query: SearchTerms


class SearchOut(BaseModel):
    """A saved search. `path` is the same list in a browser; `address_since` when your secret address was made."""

    id: UUID
    name: str
    query: dict[str, Any]
    path: str
    feed: str
    created_at: datetime
    address_since: datetime | None


class Searches(BaseModel):
    items: list[SearchOut]


class FeedAddress(BaseModel):
    """The whole secret address of a feed: in the answer that made it alone, and null in one that is repeated."""

    address: str | None
