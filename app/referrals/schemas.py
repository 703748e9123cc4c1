"""What goes into referrals, their moves and advisory notes, and what each side reads of them."""

from datetime import date, datetime
from typing import Annotated, TypeAlias
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.core.fields import Choice, Code, Codes, Day, Identifier, Line, Paragraph
from app.core.http import Body
from app.needs.models import Basis
from app.needs.release_schemas import Consent, End, Start
from app.referrals.models import DeclineReason, Delivered, Diligence, LineStatus, Move, Part, Side

MOST_LINES = 100
Reference: TypeAlias = Annotated[str, Line(300, 1)]


class ReleaseBasis(Body):
    """On what a State lets the organization see its needs: the release that conveying records where it lacks."""

    model_config = ConfigDict(populate_by_name=True)

    basis: Choice[Basis]
    reference: Reference
    starts_at: Start | None = Field(None, alias="from")
    ends_at: End | None = Field(None, alias="until")
    consents: list[Consent] = Field(default_factory=list, max_length=200)


class ReferralIn(Body):
    """One letter: accepted pairings of programmes of one organization, each of which becomes a line."""

    organization: Annotated[str, Line(60, 1)]
    pairings: Annotated[list[Identifier], Field(min_length=1, max_length=MOST_LINES)]
    note: Annotated[str, Paragraph(4000)] = Field("", description="kept by CTED; the organization does not see it")
    release: ReleaseBasis | None = Field(
        None, description="where no full release of a need's newest text is in force"
    )
    co_implementers: Codes = Field(default_factory=list, description="organizations that would take part")
    funds: Codes = Field(default_factory=list, description="references of funds that could pay")
    acknowledged: Annotated[list[Identifier], Field(max_length=200)] = Field(
        default_factory=list, description="advisory notes on the States that were read"
    )


class Acceptance(Body):
    """That the State accepted, and the document that says so."""

    on: Day
    reference: Reference


class DiligenceIn(Body):
    """What the provider says of its own due diligence, never its content."""

    result: Choice[Diligence]
    on: Day
    reference: Annotated[str, Line(300)] = ""


class MoveIn(Body):
    """One move of a line.

    To take_up needs a part, to decline or retract a reason, to ask or answer a note, to start the State's
    acceptance, to report an outcome.
    """

    move: Choice[Move]
    note: Annotated[str, Paragraph(4000)] = ""
    reason: Annotated[str, Line(40)] | None = Field(
        None, description="decline: " + ", ".join(DeclineReason) + "; retract: a reason as of a decision"
    )
    part: Choice[Part] | None = None
    what: Annotated[str, Paragraph(2000)] | None = Field(None, description="which part is taken up")
    from_on: Day | None = Field(None, description="from when, if taken up")
    if_funded: bool | None = Field(None, description="taken up only if somebody pays")
    on: Day | None = Field(None, description="start, inquire: the day; today if unsaid")
    accepted: Acceptance | None = None
    diligence: DiligenceIn | None = None
    outcome: Choice[Delivered] | None = None
    side: Choice[Side] | None = Field(None, description="report: officers may record what the organization wrote")


class Titled(BaseModel):
    ref: str
    title: str


class AnswerOut(BaseModel):
    """One move as it was made. The organization reads officers' answers, and no other note of theirs."""

    move: Move
    by_officer: bool
    reason: DeclineReason | None
    note: str
    at: datetime


class OutcomeOut(BaseModel):
    """What one side reported."""

    side: Side
    by_officer: bool
    outcome: Delivered
    note: str
    at: datetime


class LineOwn(BaseModel):
    """A line as its organization reads it. `need` is null where no release shows it to the organization now."""

    n: int
    etag: str
    need: Titled | None
    programme: Titled
    status: LineStatus
    conveyed_at: datetime
    answered_at: datetime | None
    question_at: datetime | None = Field(description="since when a question waits for an officer's answer")
    part: Part | None
    what: str
    from_on: date | None
    if_funded: bool
    decline_reason: DeclineReason | None
    started_on: date | None
    ended_at: datetime | None
    answers: list[AnswerOut]
    outcomes: list[OutcomeOut]
    moves: list[Move] = Field(description="the moves that you may make")


class LineOfficer(LineOwn):
    """A line as officers read it."""

    need: Titled
    pairing: UUID
    release: UUID
    in_sight: bool = Field(description="whether the organization sees the need in full now")
    accepted_on: date | None
    acceptance_reference: str | None
    diligence: Diligence | None
    diligence_on: date | None
    diligence_reference: str
    inquired_on: date | None
    confirmed: bool | None = Field(description="completed: whether the State said how it went")
    attention: list[str] = Field(description="what of it is put before the officer")


class ReferralOwn(BaseModel):
    """A letter as its organization reads it."""

    id: UUID
    etag: str
    organization: str
    conveyed_at: datetime
    co_implementers: list[str]
    funds: list[Titled]
    lines: list[LineOwn]


class ReferralOfficer(ReferralOwn):
    """A letter as officers read it."""

    lines: list[LineOfficer]  # type: ignore[assignment]
    note: str
    conveyed_by: str | None
    cleared_by: str | None
    advisories: list["AdvisoryOut"] = Field(description="the notes that were acknowledged")


ReferralView: TypeAlias = ReferralOfficer | ReferralOwn


class ReferralFilter(BaseModel):
    """Parameters of the list. Repeated ones mean any of them; of one letter one line is enough."""

    model_config = ConfigDict(extra="ignore")

    status: list[LineStatus] = Field(default_factory=list, max_length=6)
    organization: Codes = Field(default_factory=list)
    need: Codes = Field(default_factory=list)
    live: bool | None = Field(
        None, description="with a line that is conveyed, taken up or in delivery, or without"
    )


class AdvisoryIn(Body):
    """A dated note on a State, such as an embargo or a duty to notify."""

    country: Code
    text: Annotated[str, Paragraph(4000, 1)]
    source: Annotated[str, Line(500, 1)]
    dated_on: Day
    ended_on: Day | None = None


class AdvisoryPatch(Body):
    """A change: an absent field is kept, and null takes the end away."""

    text: Annotated[str, Paragraph(4000, 1)] | None = None
    source: Annotated[str, Line(500, 1)] | None = None
    dated_on: Day | None = None
    ended_on: Day | None = None

    @model_validator(mode="after")
    def _keeps_what_is_required(self) -> "AdvisoryPatch":
        for name in ("text", "source", "dated_on"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(f"A note must have a {name}; it can be changed and not cleared")
        return self


class AdvisoryOut(BaseModel):
    """A note on a State. `in_force` says whether it is shown to whoever conveys today."""

    id: UUID
    etag: str
    country: str
    text: str
    source: str
    dated_on: date
    ended_on: date | None
    in_force: bool
