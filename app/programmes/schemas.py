"""What a programme looks like from outside: what comes in, and the two field sets that go out."""

import enum
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Self, TypeAlias, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, model_validator

from app.core.fields import (
    Choice,
    Clearable,
    Codes,
    Count,
    Currency,
    Day,
    Line,
    Money,
    Paragraph,
    WebAddress,
    as_number,
)
from app.core.http import Body
from app.core.paging import Page, Paging
from app.practices.citing import Citations
from app.programmes.models import Applicant, Freshness, PartnerRole, ProgrammeKind, ProgrammeStatus, Provenance

T = TypeVar("T")
MOST_ROWS = 1000
Cleared: TypeAlias = Annotated[T, Clearable()]
Ref = Annotated[str, Line(60, 1)]
Activity = Annotated[str, Line(500, 1)]
Number = Annotated[Decimal, PlainSerializer(as_number, when_used="json")]


class ProgrammeSort(enum.StrEnum):
    NEWEST = "-created_at"
    OLDEST = "created_at"
    TITLE = "title"
    LEAST_ASSURED = "assured_until"


class Coverage(Body):
    """Where it serves; the union of the four counts."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)

    is_global: bool = Field(False, alias="global")
    regions: Cleared[Codes] = Field(default_factory=list, description="UN M49, such as 011")
    countries: Cleared[Codes] = Field(default_factory=list, description="ISO 3166-1 alpha-2, such as TG")
    members_of: Cleared[list[Ref]] = Field(default_factory=list, max_length=50, description="organizations' refs")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.is_global or self.regions or self.countries or self.members_of):
            raise ValueError("Say where: global true, or at least one region, country or members_of")
        return self


class Partner(Body):
    """Another organization in it; no role where the source names none."""

    organization: Ref
    role: Choice[PartnerRole] | None = None


class Origin(Body):
    """Who entered the record and what it rests on. `kind` follows from who writes: it is there to be read."""

    kind: Choice[Provenance] | None = None
    source_url: Annotated[WebAddress, Clearable("")] = ""
    caveat: Annotated[str, Paragraph(2000), Clearable("")] = ""
    verification: Annotated[str, Line(20), Clearable("")] = ""


Partners = Annotated[list[Partner], Field(max_length=100), AfterValidator(lambda rows: _each_once(rows))]


class _Texts(Body):
    """The fields that creating and changing share. In a change an absent field is kept and null clears."""

    kind: Choice[ProgrammeKind] = ProgrammeKind.ASSISTANCE
    activities: Cleared[list[Activity]] = Field(default_factory=list, max_length=50)
    language: Annotated[str, Line(2, 2)] = Field("en", description="of the title and the summary")
    dimensions: Cleared[Codes] = Field(default_factory=list)
    functions: Cleared[Codes] = Field(default_factory=list)
    weapons: Cleared[Codes] = Field(default_factory=list)
    assistance_types: Cleared[Codes] = Field(default_factory=list)
    languages: Cleared[Codes] = Field(default_factory=list, description="in which it is delivered")
    excluded: Cleared[Codes] = Field(default_factory=list, description="countries that it cannot serve")
    clauses: Cleared[Citations] = Field(default_factory=list)
    eligibility_notes: Annotated[str, Paragraph(4000), Clearable("")] = ""
    partners: Cleared[Partners] = Field(default_factory=list)
    starts_on: Day | None = None
    ends_on: Day | None = None
    actual_starts_on: Day | None = None
    actual_ends_on: Day | None = None
    capacity: Count | None = Field(None, description="recipients at a time")
    budget: Money | None = None
    currency: Currency | None = None
    funding: Annotated[str, Paragraph(1000), Clearable("")] = ""
    web_page: Annotated[WebAddress, Clearable("")] = ""
    applies: Choice[Applicant] | None = Field(None, description="who applies to a fund")
    calls_open_on: Day | None = None
    calls_close_on: Day | None = None
    ceiling: Money | None = Field(None, description="the most that a fund gives to one application")
    provenance: Origin = Field(default_factory=Origin)
    illustrative: bool = False
    assured_until: Day | None = None


class ProgrammeIn(_Texts):
    """A new programme, or, with an `external_id` that its organization has used, a change of that one."""

    organization: Ref | None = Field(None, description="a partner may leave it out: it is its own")
    external_id: Annotated[str, Line(100, 1)] | None = None
    title: Annotated[str, Line(300, 1)]
    summary: Annotated[str, Paragraph(10_000, 1)]
    themes: Codes = Field(min_length=1)
    coverage: Coverage
    status: Choice[ProgrammeStatus] | None = None


class ProgrammeRow(ProgrammeIn):
    """A row of a file. `ref`, in a file that was exported here, says which record it is."""

    ref: Ref | None = None


class ProgrammePatch(_Texts):
    """Some fields of a programme. Its status has a path of its own."""

    external_id: Annotated[str, Line(100, 1)] | None = None
    title: Annotated[str, Line(300, 1)] = ""
    summary: Annotated[str, Paragraph(10_000, 1)] = ""
    themes: Codes = Field(default_factory=list, min_length=1)
    coverage: Coverage = Field(default_factory=lambda: Coverage(is_global=True))


class ProgrammeMove(Body):
    status: Choice[ProgrammeStatus]
    reason: Annotated[str, Paragraph(2000)] = ""


class Assurance(Body):
    """That the record is right today; for how long, if not for the usual time."""

    assured_until: Day | None = None


class MergeIn(Body):
    into: Ref


class CoverageOut(BaseModel):
    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)

    is_global: bool = Field(alias="global")
    regions: list[str]
    countries: list[str]
    members_of: list[str]


class PartnerOut(BaseModel):
    organization: str
    role: PartnerRole | None


class OriginOut(BaseModel):
    kind: Provenance
    source_url: str
    caveat: str
    verification: str


class ProgrammePublic(BaseModel):
    """A live programme as any signed-in reader sees it."""

    ref: str
    etag: str = ""
    kind: ProgrammeKind
    organization: str
    organization_name: str
    external_id: str | None
    title: str
    summary: str
    activities: list[str]
    language: str
    themes: list[str]
    dimensions: list[str]
    functions: list[str]
    weapons: list[str]
    assistance_types: list[str]
    languages: list[str]
    coverage: CoverageOut
    clauses: list[str]
    partners: list[PartnerOut]
    starts_on: date | None
    ends_on: date | None
    actual_starts_on: date | None
    actual_ends_on: date | None
    budget: Number | None
    currency: str | None
    funding: str
    web_page: str
    applies: Applicant | None
    calls_open_on: date | None
    calls_close_on: date | None
    ceiling: Number | None
    provenance: OriginOut
    illustrative: bool
    status: ProgrammeStatus
    assured_until: date
    freshness: Freshness


class ProgrammeOwn(ProgrammePublic):
    """Everything: for CTED and for the organization that runs it."""

    excluded: list[str]
    eligibility_notes: str
    capacity: int | None
    merged_into: str | None
    contradictions: list[str] = Field(description="where status and dates disagree; never mended by itself")
    created_at: datetime
    changed_at: datetime


ProgrammeView = ProgrammeOwn | ProgrammePublic


class ProgrammeFilter(BaseModel):
    """Query parameters shared by the API's list, the pages and the exports; each may be repeated."""

    model_config = ConfigDict(extra="forbid")

    q: Annotated[str, Line(200)] = ""
    theme: Codes = Field(default_factory=list)
    region: Codes = Field(default_factory=list, description="serves somewhere in it")
    country: Codes = Field(default_factory=list, description="serves it")
    dimension: Codes = Field(default_factory=list)
    function: Codes = Field(default_factory=list)
    weapon: Codes = Field(default_factory=list)
    assistance_type: Codes = Field(default_factory=list)
    kind: list[ProgrammeKind] = Field(default_factory=list)
    organization: Codes = Field(default_factory=list)
    status: list[ProgrammeStatus] = Field(default_factory=list)
    freshness: list[Freshness] = Field(default_factory=list)
    sort: ProgrammeSort = ProgrammeSort.NEWEST


class ProgrammeListing(ProgrammeFilter):
    """What a list is asked: the filter and the page of it."""

    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=2000)
    count: bool = False
    facets: bool = False

    @property
    def paging(self) -> Paging:
        return Paging(self.limit, self.cursor, self.count)


class ProgrammePage(Page[ProgrammeView]):
    """A page of programmes; `facets` count what the caller may see, by field and code, when asked for."""

    facets: dict[str, dict[str, int]] | None = None


class RowError(BaseModel):
    pointer: str
    message: str


class RowResult(BaseModel):
    """What became of one row of a bulk request: its reference, or why it was refused."""

    row: int = Field(description="counts from 0, as in the request")
    status: int = Field(description="201 created, 200 updated, otherwise as a single request would be answered")
    ref: str | None = None
    detail: str | None = None
    errors: list[RowError] = Field(default_factory=list)


class BulkIn(Body):
    items: list[dict[str, Any]] = Field(min_length=1, max_length=MOST_ROWS)


class BulkOut(BaseModel):
    created: int
    updated: int
    refused: int
    results: list[RowResult]

    @classmethod
    def of(cls, results: list[RowResult]) -> Self:
        refused = sum(result.ref is None for result in results)
        created = sum(result.status == 201 for result in results)
        updated = len(results) - refused - created
        return cls(created=created, updated=updated, refused=refused, results=results)


def _each_once(rows: list[Partner]) -> list[Partner]:
    pairs = [(row.organization, row.role) for row in rows]
    if len(set(pairs)) < len(pairs):
        raise ValueError("The same organization is named twice with the same role")
    return rows
