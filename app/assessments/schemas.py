"""What goes into an assessment and what officers read of it."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.assessments.models import Agreement, AssessmentKind
from app.core.fields import Choice, Codes, Day, Line
from app.core.http import Body


class AssessmentIn(Body):
    """A visit or other assessment. With an `external_id` that exists, posting it again updates it."""

    external_id: Annotated[str, Line(100, 1)] | None = None
    kind: Choice[AssessmentKind]
    states: Annotated[Codes, Field(min_length=1)]
    visit_from: Day | None = None
    visit_until: Day | None = None
    draft_sent_on: Day | None = None
    adopted_on: Day | None = None
    report_received_on: Day | None = None
    observations_received_on: Day | None = None
    steps_reported_on: Day | None = None
    symbol: Annotated[str, Line(60, 1)] | None = None
    agreement: Choice[Agreement] = Agreement.PENDING
    agreement_on: Day | None = None
    responsible: Annotated[str, Line(254, 3)] | None = None
    deputy: Annotated[str, Line(254, 3)] | None = None
    illustrative: bool = False


class AssessmentPatch(AssessmentIn):
    """An absent field is kept and null clears."""

    kind: Choice[AssessmentKind] | None = None  # type: ignore[assignment]
    states: Annotated[Codes, Field(min_length=1)] | None = None  # type: ignore[assignment]


class AssessmentOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    ref: str
    etag: str
    external_id: str | None
    kind: AssessmentKind
    states: list[str]
    visit_from: date | None
    visit_until: date | None
    draft_sent_on: date | None
    adopted_on: date | None
    report_received_on: date | None
    observations_received_on: date | None
    steps_reported_on: date | None
    symbol: str
    agreement: Agreement
    agreement_on: date | None
    responsible: str | None
    deputy: str | None
    illustrative: bool


class AssessmentFilter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    state: list[str] = Field(default_factory=list, max_length=50)
    kind: list[AssessmentKind] = Field(default_factory=list, max_length=6)
    agreement: Agreement | None = None
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=2000)
    count: bool = False
