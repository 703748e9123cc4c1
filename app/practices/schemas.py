"""What goes into practices, and what leaves them: documents, versions, clauses, differences, comments."""

import enum
import re
from datetime import date, datetime
from typing import Annotated, Any, TypeAlias
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from app.core.fields import Choice, Code, Day, Line, Paragraph
from app.core.http import Body
from app.practices.models import Disposition, Stage, VersionStatus

LONGEST_DOCUMENT = 1_000_000


def _reference(value: str) -> str:
    if not re.fullmatch("[A-Z0-9][A-Z0-9-]{1,38}[A-Z0-9]", value):
        raise ValueError("A reference is 3 to 40 capital letters, digits and hyphens, such as GUIDE-2370")
    return value


Reference: TypeAlias = Annotated[str, Line(40), AfterValidator(_reference)]


class PracticeIn(Body):
    """A new document, without any text yet."""

    ref: Reference
    title: Annotated[str, Line(300, 1)]
    about: Annotated[str, Paragraph(4_000)] = ""
    language: Code = "en"
    illustrative: bool = False


class VersionIn(Body):
    """A version as Markdown: each heading begins a clause. It opens for consultation.

    Braces behind a heading state its id and codes: `{#marking .upstream themes="WPN-MRT" weapons="SALW"
    provisions="2370:6"}`. `compared_with` is the version that a dry run compared with, 0 for none: 412 if it is
    another one now.
    """

    markdown: Annotated[str, Paragraph(LONGEST_DOCUMENT, 1)]
    note: Annotated[str, Paragraph(4_000)] = ""
    compared_with: int | None = Field(None, ge=0, le=100_000)


class VersionMove(Body):
    """Publish a consultation version (`current`), or take it back (`withdrawn`)."""

    status: Choice[VersionStatus]


class VersionHead(BaseModel):
    number: int
    etag: str
    status: VersionStatus
    note: str
    clauses: int
    opened_at: datetime
    published_at: datetime | None


class PracticeOut(BaseModel):
    """A document with the versions that the reader may see, the newest first."""

    ref: str
    title: str
    about: str
    language: str
    illustrative: bool
    current: int | None
    consultation: int | None
    versions: list[VersionHead]


class ClauseOut(BaseModel):
    """A clause as one version has it. `id` is what needs and programmes cite."""

    id: str
    practice: str
    anchor: str
    version: int
    number: str
    level: int
    title: str
    body: str
    stage: Stage | None
    themes: list[str]
    weapons: list[str]
    provisions: list[dict[str, Any]]


class VersionOut(VersionHead):
    """One wording of a document, whole."""

    practice: str
    title: str
    language: str
    preamble: str
    texts: list[ClauseOut]


class ClauseFilter(BaseModel):
    """Which clauses of a version; repeated ones mean any of them."""

    model_config = ConfigDict(extra="forbid")

    theme: list[Code] = Field(default_factory=list, max_length=50)
    weapon: list[Code] = Field(default_factory=list, max_length=50)
    stage: list[Stage] = Field(default_factory=list, max_length=2)
    version: Annotated[int, Field(ge=1, le=100_000)] | None = None


class Change(enum.StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


class Words(BaseModel):
    """A run of words: in both texts (`same`), or in one of them."""

    kind: str = Field(description="same, added or removed")
    text: str


class ClauseDiff(BaseModel):
    """What became of one clause. Of a changed one the heading and the text, in runs of words."""

    id: str
    change: Change
    number: str
    title: str
    number_before: str | None
    heading: list[Words]
    text: list[Words]
    codes_changed: bool


class Diff(BaseModel):
    practice: str
    before: int
    after: int
    clauses: list[ClauseDiff]


class PlanRow(BaseModel):
    """One heading of a file: the clause that it is taken for, how that was found, and what would change.

    `how`: id, heading, number, similar, returned (an id of an older version) or new; `likeness` from 0 to 1.
    """

    line: int
    number: str
    title: str
    anchor: str
    how: str
    likeness: float
    title_before: str | None
    change: Change
    stage: Stage | None
    themes: list[str]
    weapons: list[str]
    provisions: list[dict[str, Any]]


class Plan(BaseModel):
    """What a file would become: nothing of it is kept. `dropped` are clauses that the file no longer has."""

    practice: str
    compared_with: int
    title: str
    rows: list[PlanRow]
    dropped: list[ClauseOut]


class CommentIn(Body):
    """A comment on one clause of the consultation version.

    Officers, and they alone, say on whose behalf: a State or a workshop, with the source and the day.
    """

    clause: Annotated[str, Line(60, 1)]
    text: Annotated[str, Paragraph(10_000, 1)]
    country: Code | None = None
    workshop: Annotated[str, Line(300)] = ""
    source: Annotated[str, Line(500)] = ""
    said_on: Day | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> "CommentIn":
        if self.country and self.workshop:
            raise ValueError("Name a State or a workshop, not both")
        if bool(self.country or self.workshop) != bool(self.source and self.said_on):
            raise ValueError("On behalf of a State or a workshop give `source` and `said_on`, and only then")
        return self


class DispositionIn(Body):
    """How a comment is treated and why. `asked` says in neutral words what it asked for.

    Both are published with the version, without names: they may not name who commented.
    """

    disposition: Choice[Disposition]
    reason: Annotated[str, Paragraph(4_000, 1)]
    asked: Annotated[str, Paragraph(2_000)] = ""


class CommentOut(BaseModel):
    """A comment, for officers and for who made it. For the latter its treatment is there once it is published."""

    id: UUID
    etag: str
    practice: str
    version: int
    clause: str
    text: str
    organization: str
    country: str | None
    workshop: str
    source: str
    said_on: date | None
    made_at: datetime
    disposition: Disposition | None
    reason: str
    asked: str


class CommentFilter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    clause: Annotated[str, Line(60)] = ""
    version: Annotated[int, Field(ge=1, le=100_000)] | None = None
    disposition: list[Disposition] = Field(default_factory=list, max_length=4)
    open: bool = Field(False, description="only those without a disposition yet; for officers")
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=2000)
    count: bool = False


class Treated(BaseModel):
    """How one comment was treated. Who made it is not said."""

    clause: str
    number: str
    title: str
    asked: str
    disposition: Disposition
    reason: str


class Treatment(BaseModel):
    """The record that is published with a version: each comment on its consultation, without names."""

    practice: str
    version: int
    items: list[Treated]


class CitationState(enum.StrEnum):
    """What became of a clause since it was cited."""

    AS_CITED = "as_cited"
    CHANGED = "changed"
    REMOVED = "removed"


class Citation(BaseModel):
    """A clause as it was cited: the version then, and whether the current one still says the same."""

    clause: str
    practice: str
    anchor: str
    title: str
    number: str
    version: int
    current: int | None
    state: CitationState
