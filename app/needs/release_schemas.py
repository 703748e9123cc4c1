"""What goes into the consent ledger and what officers read from it."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from app.core.fields import Choice, Line, Moment
from app.core.http import Body
from app.needs.models import Basis, ReleaseFields


def _midnight(value: Any, days: int = 0) -> Any:
    """A day alone means the midnight (UTC) that it begins with; `days` later where it is the last day."""
    try:
        day = date.fromisoformat(value) if isinstance(value, str) and len(value) == len("2026-01-31") else None
        return datetime.combine(day + timedelta(days=days), time(), UTC) if day else value
    except (ValueError, OverflowError):
        raise ValueError("Write a day as 2027-12-31 or a time as 2027-12-31T09:00:00Z") from None


def _end_of_day(value: Any) -> Any:
    return _midnight(value, days=1)


Start = Annotated[Moment, BeforeValidator(_midnight)]
End = Annotated[Moment, BeforeValidator(_end_of_day)]


class Audience(Body):
    """Either a group or one organization, by reference."""

    group: Annotated[str, Line(60, 1)] | None = None
    organization: Annotated[str, Line(60, 1)] | None = None

    @model_validator(mode="after")
    def _names_one(self) -> "Audience":
        if (self.group is None) == (self.organization is None):
            raise ValueError("name either a group or one organization")
        return self


class Consent(Body):
    """One State's consent, with the document or call that it rests on."""

    country: Annotated[str, Line(2, 1)]
    reference: Annotated[str, Line(300, 1)]


class ReleaseIn(Body):
    """A permission to show a revision. `from` and `until` are times; a silence procedure sets `from` itself."""

    model_config = ConfigDict(populate_by_name=True)

    audience: Audience
    excepted: list[Annotated[str, Line(60, 1)]] = Field(default_factory=list, alias="except", max_length=300)
    fields: Choice[ReleaseFields]
    basis: Choice[Basis]
    reference: Annotated[str, Line(300, 1)]
    revision: int | None = Field(None, ge=1, le=1_000_000)
    starts_at: Start | None = Field(None, alias="from")
    ends_at: End | None = Field(None, alias="until")
    consents: list[Consent] = Field(default_factory=list, max_length=200)


class AssessmentReleaseIn(ReleaseIn):
    """One act for the needs of an assessment: all that are no draft, or those named."""

    needs: list[Annotated[str, Line(20, 1)]] | None = Field(None, max_length=1000)


class ReleaseOut(BaseModel):
    """One line of the ledger. `missing_consents` are the States that have not yet consented."""

    model_config = ConfigDict(populate_by_name=True)

    id: UUID
    need: str
    revision: int
    audience: dict[str, str]
    excepted: list[str] = Field(alias="except")
    fields: ReleaseFields
    basis: Basis
    reference: str
    starts_at: datetime = Field(alias="from")
    ends_at: datetime | None = Field(alias="until")
    recorded_at: datetime
    recorded_by: str | None = Field(description="the officer's account; null for a key or the command line")
    complete_at: datetime | None
    withdrawn_at: datetime | None
    in_force: bool
    missing_consents: list[str]


class Sight(BaseModel):
    """That an organization can see a revision of a need, or its summary."""

    organization: str
    revision: int
    fields: ReleaseFields


class Ledger(BaseModel):
    """The releases of a need, and who sees what by them at `at`."""

    at: datetime
    items: list[ReleaseOut]
    seen_by: list[Sight]


class Preview(BaseModel):
    """A need exactly as an audience would read it, with warnings where its text points to one State."""

    shown: dict[str, object]
    warnings: list[str]
