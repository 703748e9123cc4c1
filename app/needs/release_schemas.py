"""What goes into the consent ledger and what officers read from it."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, TypeAlias
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from app.core.fields import Choice, Day, Line, Moment, Paragraph, WebAddress
from app.core.http import Body
from app.needs.models import Basis, Ending, ReleaseFields


def _midnight(value: Any, days: int = 0) -> Any:
    """A day alone means the midnight (UTC) that it begins with; `days` later where it is the last day."""
    try:
        day = date.fromisoformat(value) if isinstance(value, str) and len(value) == len("2026-01-31") else None
        return datetime.combine(day + timedelta(days=days), time(), UTC) if day else value
    except (ValueError, OverflowError):
        raise ValueError("Write a day as 2027-12-31 or a time as 2027-12-31T09:00:00Z") from None


def _end_of_day(value: Any) -> Any:
    return _midnight(value, days=1)


Reference: TypeAlias = Annotated[str, Line(300, 1)]
Revision: TypeAlias = Annotated[int, Field(ge=1, le=1_000_000)]
NeedRef: TypeAlias = Annotated[str, Line(20, 1)]
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
    reference: Reference
    document_url: WebAddress | None = None


class ReleaseIn(Body):
    """A permission to show a revision. `from` and `until` are times; a silence procedure sets `from` itself."""

    model_config = ConfigDict(populate_by_name=True)

    audience: Audience
    excepted: list[Annotated[str, Line(60, 1)]] = Field(default_factory=list, alias="except", max_length=300)
    fields: Choice[ReleaseFields]
    basis: Choice[Basis]
    reference: Reference
    document_url: WebAddress | None = None
    revision: Revision | None = None
    starts_at: Start | None = Field(None, alias="from")
    ends_at: End | None = Field(None, alias="until")
    consents: list[Consent] = Field(default_factory=list, max_length=200)


class AssessmentReleaseIn(ReleaseIn):
    """One act for the needs of an assessment: all that are no draft, or those named.

    `revisions` says which text of a need was consented to; the newest one where it does not.
    """

    revision: None = None
    needs: list[NeedRef] | None = Field(None, max_length=1000)
    revisions: dict[NeedRef, Revision] = Field(default_factory=dict, max_length=1000)

    def of(self, ref: str, states: list[str]) -> ReleaseIn:
        """The same permission for one need, with the consents of its own States."""
        shared = self.model_copy(update={"revision": self.revisions.get(ref)})
        shared.consents = [consent for consent in self.consents if consent.country in states]
        return shared


class ExtensionIn(Body):
    """A permission to show the same audience a newer revision. Without `until` the end stays as it was."""

    model_config = ConfigDict(populate_by_name=True)

    basis: Choice[Basis]
    reference: Reference
    document_url: WebAddress | None = None
    revision: Revision | None = None
    starts_at: Start | None = Field(None, alias="from")
    ends_at: End | None = Field(None, alias="until")
    consents: list[Consent] = Field(default_factory=list, max_length=200)


class Withdrawal(Body):
    """What a withdrawal rests on. It may be left out: sight ends at once, whatever the papers say."""

    reference: Annotated[str, Line(300)] = ""
    document_url: WebAddress | None = None
    note: Annotated[str, Paragraph(2_000)] = ""


class Objection(Withdrawal):
    """That a State objected in a silence procedure, and where it is written."""

    reference: Reference
    country: Annotated[str, Line(2, 1)] | None = None


class AgreementIn(Body):
    """That a State asked for, or agreed in writing to, the silence procedure."""

    country: Annotated[str, Line(2, 1)]
    reference: Reference
    document_url: WebAddress | None = None
    agreed_on: Day


class AgreementEnd(Body):
    """That the State no longer agrees, and where it says so."""

    reference: Annotated[str, Line(300)] = ""


class AgreementOut(BaseModel):
    id: UUID
    etag: str
    country: str
    reference: str
    document_url: str | None
    agreed_on: date
    recorded_at: datetime
    ended_at: datetime | None
    ending_reference: str


class ConsentOut(BaseModel):
    """One State's recorded consent."""

    model_config = ConfigDict(from_attributes=True, populate_by_name=True)

    country: str = Field(validation_alias="code")
    reference: str
    document_url: str | None
    recorded_at: datetime


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
    document_url: str | None
    consents: list[ConsentOut]
    starts_at: datetime = Field(alias="from")
    ends_at: datetime | None = Field(alias="until")
    recorded_at: datetime
    recorded_by: str | None = Field(description="the officer's account; null for a key or the command line")
    cleared_by: str | None = Field(description="the second officer's account, where one was asked for")
    complete_at: datetime | None
    extends: UUID | None
    superseded_at: datetime | None = Field(description="when the line that extends this one took its place")
    withdrawn_at: datetime | None
    ending: Ending | None
    ending_country: str | None
    ending_reference: str
    ending_url: str | None
    ending_note: str
    in_force: bool
    missing_consents: list[str]


class Sight(BaseModel):
    """That an organization can see a revision of a need, or its summary."""

    organization: str
    revision: int
    fields: ReleaseFields


class SightOfNeed(BaseModel):
    """A need that somebody can see: which revision of it, and whether in full."""

    need: str
    title: str
    revision: int
    fields: ReleaseFields


class Ledger(BaseModel):
    """The releases of a need, and who could see what by them from `at` until `until` (the same for a moment)."""

    at: datetime
    until: datetime
    items: list[ReleaseOut]
    seen_by: list[Sight]


class Difference(BaseModel):
    """One released field that two revisions say otherwise; a text also in parts {kept, added, removed}."""

    field: str
    before: Any
    after: Any
    parts: list[tuple[str, str]]


class Preview(BaseModel):
    """A need exactly as an audience would read it, with warnings where its text points to one State."""

    shown: dict[str, object]
    warnings: list[str]
