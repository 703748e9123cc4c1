"""Candidate models as admins see them: weights, figures on held-out decisions, officers, disagreements."""

import enum
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.core.fields import Paragraph
from app.core.http import Body
from app.pairings.models import PairingStatus


class CandidateIn(Body):
    """What to say of the training; the decisions are those that are stored."""

    note: Annotated[str, Paragraph(2000)] = ""


class HeldOut(BaseModel):
    """How well scores foretell decisions that they were not learnt from."""

    model_config = ConfigDict(from_attributes=True)

    auc: float = Field(description="the chance that an accepted pair scores above a rejected one")
    log_loss: float = Field(description="mean surprise at a decision, in nats; less is better")
    precision: float = Field(description="share accepted in the half that scores highest")


class OfficerOut(BaseModel):
    """One officer's decisions beside what those of all others would lead one to expect."""

    model_config = ConfigDict(from_attributes=True)

    officer: str
    decisions: int
    accepted: int
    expected: float
    leaning: float = Field(description="standard errors by which more (below 0: fewer) are accepted than expected")
    surprise: float = Field(description="standard errors by which decisions are less predictable than expected")
    stands_out: bool


class Drift(BaseModel):
    """One group's weight before and after."""

    group: str
    present: float
    candidate: float
    change: float


class CandidateFigures(BaseModel):
    """What a candidate rests on. A spread of 0 says that the decisions gave no reason to move a weight."""

    decisions: int
    accepted: int
    left_out: dict[str, int] = Field(description="decisions not learnt from, by why")
    spread: float = Field(description="how far the prior lets a weight move, chosen by cross-validation")
    present: HeldOut
    candidate: HeldOut
    gain: float = Field(description="by how much log loss falls")
    gain_error: float
    officers: list[OfficerOut]
    drift: list[Drift]


class Change(enum.StrEnum):
    GAINED = "gained"
    LOST = "lost"


class Disagreement(BaseModel):
    """A pair that one model proposes and the other does not."""

    need: str
    programme: str
    change: Change
    present: float = Field(description="its score under the model in force")
    candidate: float
    status: PairingStatus | None = Field(description="of the stored pair, where there is one")


class Disagreements(BaseModel):
    """What would be proposed otherwise, over some open needs; at most 100 pairs are listed, widest apart first."""

    needs: int
    proposed: int = Field(description="pairs proposed under the model in force")
    gained: int
    lost: int
    items: list[Disagreement]


class CandidateOut(BaseModel):
    """A learnt model beside the one that was in force when it was trained."""

    name: str
    fingerprint: str
    in_force: bool
    compared_with: str
    floor: float
    weights: dict[str, float]
    figures: CandidateFigures
    disagreements: Disagreements
    note: str
    trained_at: datetime
    trained_by: str | None
    outdated: bool = Field(description="the glossary or taxonomy changed since: train again")


class InForceOut(BaseModel):
    """The model that is in force now, and the one before."""

    name: str
    before: str
    advice: Literal["Stored proposals keep their scores until a full match run"] = (
        "Stored proposals keep their scores until a full match run"
    )
