"""What a partner offers, what became of it, and the needs that are like its own programmes."""

import enum
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, SerializeAsAny

from app.core.fields import Paragraph
from app.core.http import Body
from app.needs.schemas import NeedSummary
from app.pairings.models import PairingStatus
from app.pairings.schemas import ContributionOut, Named, Ref


class OfferIn(Body):
    """One programme of one's own for a need."""

    programme: Ref
    note: Annotated[str, Paragraph(4000)] = ""


class OfferStatus(enum.StrEnum):
    """What became of an offer, as its organization is told. Who decided, and why, is not said."""

    UNDER_REVIEW = "under_review"
    ACCEPTED = "accepted"
    CONVEYED = "conveyed"
    NOT_TAKEN_UP = "not_taken_up"
    WITHDRAWN = "withdrawn"


class OfferOut(BaseModel):
    """An offer. The need's title is there while the reader sees the need; the pairing is for officers."""

    id: UUID
    etag: str
    need: str
    title: str | None
    programme: Named
    organization: str
    note: str
    status: OfferStatus
    offered_at: datetime
    withdrawn_at: datetime | None
    pairing: UUID | None
    pairing_status: PairingStatus | None


class LikeMine(BaseModel):
    """A need as it is released, and the programme of one's own that is most like it.

    The weights sum to the score; the words are of the released text alone. `proposed`: it reaches the floor
    from which the matcher proposes.
    """

    need: SerializeAsAny[NeedSummary]
    programme: Named
    score: float
    proposed: bool
    contributions: list[ContributionOut]
    offered: OfferStatus | None = Field(description="what became of an offer of this programme, if there is one")


class NeedsLikeMine(BaseModel):
    """The needs most like one's own programmes, the most alike first; `compared` counts those looked at."""

    items: list[LikeMine]
    compared: int
    model: str
