"""What goes into pairings, decisions and suggestions, and what officers read of them."""

import enum
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.core.fields import Choice, Code, Codes, Day, Identifier, Line, Paragraph
from app.core.http import Body
from app.needs.schemas import Recipient
from app.pairings.models import Judgement, Origin, PairingStatus, Reason, RunStatus
from app.programmes.models import Applicant, Freshness, ProgrammeKind
from app.programmes.schemas import CoverageOut

Ref = Annotated[str, Line(60, 1)]
MOST_AT_ONCE = 200


class DecisionIn(Body):
    """One judgement. reject, defer and retract need a reason; `until` goes with defer."""

    judgement: Choice[Judgement]
    reason: Choice[Reason] | None = None
    note: Annotated[str, Paragraph(4000)] = ""
    until: Day | None = Field(None, description="the day on which a deferred pair is back; 30 days if unsaid")
    duplicate_of: Identifier | None = Field(None, description="the other pairing of the same need")


class DecisionOn(DecisionIn):
    """One of several judgements on the proposals of a need; `etag` is that of the pairing as it was read."""

    pairing: Identifier
    etag: Annotated[str, Line(100, 1)]


class DecisionsIn(Body):
    decisions: Annotated[list[DecisionOn], Field(min_length=1, max_length=MOST_AT_ONCE)]


class PairingIn(Body):
    need: Ref
    programme: Ref


class PairingSort(enum.StrEnum):
    BEST = "-score"
    LEAST = "score"
    NEWEST = "-proposed_at"
    OLDEST = "proposed_at"


class PairingFilter(BaseModel):
    """Query parameters shared by the API's list and the review queue; lists may be repeated."""

    model_config = ConfigDict(extra="ignore")

    status: list[PairingStatus] = Field(default_factory=list)
    theme: Codes = Field(default_factory=list, description="of the need")
    region: Codes = Field(default_factory=list, description="UN M49: the recipient lies in it")
    organization: Codes = Field(default_factory=list, description="that runs the programme")
    need: Codes = Field(default_factory=list)
    programme: Codes = Field(default_factory=list)
    min_score: float | None = Field(None, ge=0, le=1)
    min_age: int | None = Field(None, ge=0, le=36_500, description="days since it was proposed, at least")
    max_age: int | None = Field(None, ge=0, le=36_500, description="days since it was proposed, at most")
    changed_since_rejection: bool | None = None
    origin: list[Origin] = Field(default_factory=list, max_length=3)
    queue: bool | None = Field(
        None,
        description="only pairs with both sides open; true unless said where `status` is proposed alone",
    )
    left_out: bool | None = Field(
        None, description="true: only proposals for open needs that a fact shuts out, such as a stale programme"
    )
    sort: PairingSort = PairingSort.BEST


class Named(BaseModel):
    ref: str
    title: str


class Offered(Named):
    organization: str
    freshness: Freshness


class DecisionOut(BaseModel):
    number: int
    judgement: Judgement
    reason: Reason | None
    note: str
    until: date | None
    duplicate_of: UUID | None
    at: datetime
    officer: str | None = Field(description="the account's address; null for a key or the command line")


class PairingOut(BaseModel):
    id: UUID
    etag: str
    need: Named
    programme: Offered
    status: PairingStatus
    origin: Origin
    score: float
    contributions: list[dict[str, Any]]
    model: str
    need_revision: int
    proposed_at: datetime
    deferred_until: date | None
    decision: DecisionOut | None
    changed_since_rejection: bool
    left_out: str | None = Field(description="why this proposal is not in the queue: stale, full, …")
    moves: list[Judgement] = Field(description="the judgements that its status allows")


class Decisions(BaseModel):
    items: list[DecisionOut]


class Pairings(BaseModel):
    items: list[PairingOut]


class SpanOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    field: str
    start: int
    end: int


class ContributionOut(BaseModel):
    """One feature's share of the score: the weights of all of them sum to it."""

    model_config = ConfigDict(from_attributes=True)

    kind: str
    feature: str
    label: str
    need: list[str]
    programme: list[str]
    weight: float
    sentence: str
    declared: bool
    need_spans: list[SpanOut]
    programme_spans: list[SpanOut]


class GateOut(BaseModel):
    gate: str
    passed: bool
    detail: str


class ProgrammeCard(BaseModel):
    """What a suggestion says of its programme."""

    ref: str
    title: str
    organization: str
    kind: ProgrammeKind
    coverage: CoverageOut
    freshness: Freshness
    assured_until: date
    ends_on: date | None
    applies: Applicant | None
    calls_open_on: date | None
    calls_close_on: date | None


class SuggestionOut(BaseModel):
    """A programme's place for a need. `rank` is null where a gate shuts it out."""

    programme: ProgrammeCard
    rank: int | None
    score: float
    proposed: bool
    contributions: list[ContributionOut] | None
    gates: list[GateOut]
    model: str
    why_not: list[str] = Field(description="what keeps it from being proposed, in words")
    pairing: UUID | None = Field(None, description="the stored pair, where there is one")
    pairing_status: PairingStatus | None = None


class Suggestions(BaseModel):
    """Ranked programmes for a need, and apart from them the funds that could pay for it."""

    need: str | None
    model: str
    items: list[SuggestionOut]
    ways_to_pay: list[SuggestionOut]


class SuggestionIn(Body):
    """A text that is not stored, with whatever codes are known; the others are inferred."""

    title: Annotated[str, Line(300)] = ""
    description: Annotated[str, Paragraph(20_000)] = ""
    language: Code | None = None
    themes: Codes = Field(default_factory=list)
    dimensions: Codes = Field(default_factory=list)
    functions: Codes = Field(default_factory=list)
    weapons: Codes = Field(default_factory=list)
    assistance_types: Codes = Field(default_factory=list)
    recipient: Recipient | None = None


class SuggestionFilter(BaseModel):
    model_config = ConfigDict(extra="ignore")

    k: int = Field(10, ge=1, le=100, description="how many programmes at most")
    explain: bool = Field(True, description="false leaves the contributions out")
    include_ineligible: bool = Field(False, description="add what a gate shuts out, with the reason")
    programme: Annotated[str, Line(60)] = Field("", description="only this one: why it is, or is not, proposed")


class MatchRunIn(Body):
    full: bool = Field(False, description="refit the statistics and rank every open need anew")


class MatchRunOut(BaseModel):
    """How far a run is, and what it found. `kept` counts pairs that were there and are proposed still."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    full: bool
    status: RunStatus
    model: str | None
    needs_total: int
    needs_done: int
    new: int
    kept: int
    superseded: int
    message: str | None
    queued_at: datetime
    ended_at: datetime | None


class GroupWeight(BaseModel):
    group: str
    weight: float
    meaning: str


class ModelOut(BaseModel):
    """The model in force: what scores depend on besides the records."""

    name: str
    fingerprint: str
    installed: str = Field(description="the model that came with this version; another name in force was learnt")
    weights: list[GroupWeight]
    floor: float
    floor_without_geography: float
    floors: str
    concepts: int
    themes: int
