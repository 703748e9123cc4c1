from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class EventOut(BaseModel):
    """One change: who, when, what, and the changed fields before and after."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    at: datetime
    actor_label: str
    actor_user_id: UUID | None
    actor_key_id: UUID | None
    action: str
    subject_type: str
    subject_id: str
    subject_ref: str | None
    before: dict[str, Any]
    after: dict[str, Any]
    request_id: str
    hash: str
