"""What waits for an account and its choices, as they are read and changed."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from app.core.fields import Choice, Identifier
from app.core.http import Body
from app.notices.models import Delivery, NoticeKind


class NoticeOut(BaseModel):
    """One thing that waits: what happened, to which reference, and where to read on."""

    id: UUID
    kind: NoticeKind
    says: str
    ref: str
    path: str
    at: datetime


class NoticesOut(BaseModel):
    etag: str
    items: list[NoticeOut] = Field(description="what waits and you see now, the newest first, at most 200")
    choices: dict[NoticeKind, Delivery] = Field(description="when you are told of each kind by e-mail")
    mailed: bool = Field(description="whether this system sends e-mail at all")
    daily_hour: int = Field(description="the hour, UTC, at which due lists are looked at and digests are sent")


class Choices(Body):
    """When to be told of each kind; absent is kept, null is the usual way."""

    referral: Choice[Delivery] | None = None
    answer: Choice[Delivery] | None = None
    offer: Choice[Delivery] | None = None
    interest: Choice[Delivery] | None = None
    consent: Choice[Delivery] | None = None
    clearance: Choice[Delivery] | None = None
    clock: Choice[Delivery] | None = None
    freshness: Choice[Delivery] | None = None


class NoticesPatch(Body):
    choices: Choices = Field(default_factory=Choices)
    seen: list[Identifier] = Field(default_factory=list, max_length=200, description="notices that no longer wait")
