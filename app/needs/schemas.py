"""What goes into a need, and what leaves it for each kind of reader."""

import enum
from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, Field, model_validator

from app.core.fields import Choice, Code, Codes, Currency, Day, Line, Money, Paragraph
from app.core.http import Body
from app.needs.models import BeneficiaryKind, NeedStatus, Outcome, Priority, Source, TranslationQuality
from app.practices.citing import Citations

Title: TypeAlias = Annotated[str, Line(300, 1)]
Description: TypeAlias = Annotated[str, Paragraph(20_000, 1)]
Reason: TypeAlias = Annotated[str, Paragraph(2_000, 1)]


class Recipient(Body):
    """Who has the gap: States, a region, or the members of an organization; `context` is a remark."""

    countries: Annotated[Codes, Field(min_length=1)] | None = None
    region: Code | None = None
    members_of: Code | None = None
    context: Annotated[str, Line(300)] = ""

    @model_validator(mode="after")
    def _names_one(self) -> "Recipient":
        if sum(value is not None for value in (self.countries, self.region, self.members_of)) != 1:
            raise ValueError("Name one of countries, region and members_of")
        return self


class ProvisionIn(Body):
    """A resolution or instrument by its code, and a paragraph of it: 2370, "6"; 1373, "2 (a)"."""

    instrument: Code
    paragraph: Annotated[str, Line(40, 1)] | None = None


class Translation(Body):
    """The text in another language, and how far it can be relied on."""

    title: Title
    description: Description
    quality: Choice[TranslationQuality] = TranslationQuality.UNOFFICIAL


class IndicativeCost(Body):
    """A range, or either end of it, and who estimated it."""

    low: Money | None = None
    high: Money | None = None
    currency: Currency
    estimated_by: Annotated[str, Line(200)] = ""

    @model_validator(mode="after")
    def _is_in_order(self) -> "IndicativeCost":
        if self.low is None and self.high is None:
            raise ValueError("Give low, high or both")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError("`low` is above `high`")
        return self


class _Optional(Body):
    """What a need may say besides what it must. Null, like an absent field of a new need, says nothing."""

    language: Code | None = None
    translations: dict[Code, Translation] | None = None
    themes: Codes | None = None
    dimensions: Codes | None = None
    functions: Codes | None = None
    weapons: Codes | None = None
    assistance_types: Codes | None = None
    provisions: Annotated[list[ProvisionIn], Field(max_length=100)] | None = None
    clauses: Citations | None = None
    priority: Choice[Priority] | None = None
    beneficiary_kind: Choice[BeneficiaryKind] | None = None
    institution: Annotated[str, Line(300)] | None = None
    existing_efforts: Annotated[str, Paragraph(10_000)] | None = None
    indicative_cost: IndicativeCost | None = None
    wanted_by: Day | None = None
    unconfirmed: Codes | None = None
    assessment: Annotated[str, Line(100, 1)] | None = None
    source_ref: Annotated[str, Line(100, 1)] | None = None
    responsible: Annotated[str, Line(254, 3)] | None = None
    deputy: Annotated[str, Line(254, 3)] | None = None
    illustrative: bool | None = None


class NeedIn(_Optional):
    """A new need. `unconfirmed` marks codes that were suggested and not confirmed, as `themes:WPN-PSM`."""

    recipient: Recipient
    title: Title
    description: Description
    source: Choice[Source]


class NeedPatch(_Optional):
    """A change: an absent field is kept, null clears."""

    recipient: Recipient | None = None
    title: Title | None = None
    description: Description | None = None
    source: Choice[Source] | None = None

    @model_validator(mode="after")
    def _keeps_what_is_required(self) -> "NeedPatch":
        for name in ("recipient", "title", "description", "source"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(f"A need must have a {name}; it can be changed and not cleared")
        return self


class NeedMove(Body):
    """A new status. Closing takes an outcome, reopening a reason, opening a vague need an override_reason."""

    status: Choice[NeedStatus]
    outcome: Choice[Outcome] | None = None
    reason: Reason | None = None
    override_reason: Reason | None = None


class NeedMerge(Body):
    """The need that stays."""

    into: Code


class NeedSummary(BaseModel):
    """What a summary release shows, and nothing else."""

    fields: Literal["summary"] = "summary"
    ref: str
    etag: str = ""
    status: NeedStatus
    title: str
    language: str
    translations: dict[str, dict[str, Any]]
    regions: list[str]
    themes: list[str]
    dimensions: list[str]
    functions: list[str]
    weapons: list[str]
    priority: Priority | None
    illustrative: bool


class _Full(NeedSummary):
    """All that a State can release."""

    fields: Literal["full"] = "full"  # type: ignore[assignment]
    recipient: dict[str, Any]
    description: str
    institution: str
    assistance_types: list[str]
    provisions: list[dict[str, Any]]
    clauses: list[str]
    existing_efforts: str
    indicative_cost: dict[str, Any] | None
    wanted_by: date | None


class NeedFull(_Full):
    """What a full release shows."""


class Disclosure(enum.StrEnum):
    """How far groups see a need at present: none, some but not donors, donors.

    A release to one organization leaves it restricted: the ledger says who sees it.
    """

    RESTRICTED = "restricted"
    PARTNERS = "partners"
    OPEN = "open"


class NeedOfficer(_Full):
    """Everything, for CTED alone."""

    revision: int
    outcome: Outcome | None
    beneficiary_kind: BeneficiaryKind | None
    disclosure: Disclosure
    source: Source
    assessment: str | None
    source_ref: str | None
    responsible: str | None
    deputy: str | None
    residual_of: str | None
    merged_into: str | None
    merged_from: list[str]
    override_reason: str | None
    unconfirmed: list[str]
    created_at: datetime
    changed_at: datetime


NeedView: TypeAlias = NeedOfficer | NeedFull | NeedSummary


class NeedSort(enum.StrEnum):
    NEWEST = "newest"
    OLDEST = "oldest"
    TITLE = "title"
    PRIORITY = "priority"
    WANTED_BY = "wanted_by"


Several: TypeAlias = Annotated[list[Code], Field(max_length=50)]


class NeedFilter(BaseModel):
    """Parameters of the list, shared by the API, the pages and exports. Repeated ones mean any of them."""

    q: Annotated[str, Line(300)] = ""
    theme: Several = []
    region: Several = []
    country: Several = []
    dimension: Several = []
    function: Several = []
    weapon: Several = []
    assistance_type: Several = []
    provision: Several = []
    instrument: Several = []
    clause: list[Annotated[str, Line(110, 1)]] = Field(default_factory=list, max_length=50)
    priority: list[Priority] = Field(default_factory=list, max_length=3)
    status: list[NeedStatus] = Field(default_factory=list, max_length=4)
    since: Day | None = None
    assessment: Several = []
    beneficiary_kind: list[BeneficiaryKind] = Field(default_factory=list, max_length=20)
    responsible: Several = []
    sort: NeedSort | None = None


Facets: TypeAlias = dict[str, dict[str, int]]


class NeedPage(BaseModel):
    """A page of needs. `facets` counts, for each filter, what the caller may see under all other filters."""

    items: list[NeedView]
    next: str | None = None
    total: int | None = None
    facets: Facets | None = None


class SpecificityIn(Body):
    """A text to check before it is saved."""

    title: Annotated[str, Line(300)] = ""
    description: Annotated[str, Paragraph(20_000)] = ""
    language: Code | None = None
    institution: Annotated[str, Line(300)] = ""
    beneficiary_kind: Choice[BeneficiaryKind] | None = None
    provisions: list[ProvisionIn] = Field(default_factory=list, max_length=100)
    existing_efforts: Annotated[str, Paragraph(10_000)] = ""
    themes: Codes = Field(default_factory=list)


class Missing(BaseModel):
    """A rule that the text does not meet, what would meet it, and the words that stand against it if any."""

    rule: str
    hint: str
    found: str = ""


class Met(BaseModel):
    """A rule that the text meets, and the words that meet it."""

    rule: str
    evidence: str


class Specificity(BaseModel):
    """How specific a need is: the share of rules it meets, and what is missing."""

    score: float
    threshold: float
    passes: bool
    missing: list[Missing]
    met: list[Met]
