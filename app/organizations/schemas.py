"""What an organization looks like from outside."""

import re
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.core.fields import Choice, Clearable, Code, Day, Line, Paragraph
from app.core.http import Body
from app.organizations.models import Level, OrganizationKind


def _ref(value: str) -> str:
    if not re.fullmatch(r"[^\W_][\w.&+-]*", value):
        raise ValueError("A reference is an acronym: letters, digits, hyphens, dots, & and +, without spaces")
    return value


def _mailbox(value: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value):
        raise ValueError("A mailbox is written as office@example.org")
    return value


Ref = Annotated[str, Line(60, 1), AfterValidator(_ref)]
Mailbox = Annotated[str, Line(254, 3), AfterValidator(_mailbox)]
_BOTH_NAMES = ConfigDict(serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)


class MemberIn(Body):
    """A State's membership. `until` is the first day on which it is no member any more."""

    model_config = _BOTH_NAMES

    country: Code
    from_on: Day | None = Field(None, alias="from")
    until_on: Day | None = Field(None, alias="until")
    source: Annotated[str, Line(500), Clearable("")] = ""
    note: Annotated[str, Line(500), Clearable("")] = ""


class _Facts(Body):
    kind: Choice[OrganizationKind] = OrganizationKind.IMPLEMENTER
    parent: Ref | None = Field(None, description="reference of the body that it belongs to")
    mandate: Annotated[str, Paragraph(4000), Clearable("")] = ""
    state_coverage: Annotated[str, Paragraph(1000), Clearable("")] = ""
    web_domain: Annotated[str, Line(200), Clearable("")] = ""
    mailboxes: Annotated[list[Mailbox], Clearable(), Field(max_length=20)] = Field(default_factory=list)
    correspondence_language: Annotated[str, Line(2, 2)] = "en"
    source_note: Annotated[str, Paragraph(1000), Clearable("")] = ""
    invented: bool = False
    members: Annotated[list[MemberIn], Clearable(), Field(max_length=400)] = Field(default_factory=list)


class OrganizationIn(_Facts):
    ref: Ref
    name: Annotated[str, Line(300, 1)]
    level: Choice[Level]


class OrganizationPatch(_Facts):
    """Some fields of an organization; `members`, when sent, is the whole list."""

    ref: Ref = ""
    name: Annotated[str, Line(300, 1)] = ""
    level: Choice[Level] = Level.INTERNATIONAL


class MergeIn(Body):
    into: Ref


class MemberOut(BaseModel):
    model_config = ConfigDict(from_attributes=True, serialize_by_alias=True, validate_by_name=True)

    country: str
    from_on: date | None = Field(alias="from")
    until_on: date | None = Field(alias="until")
    source: str
    note: str


class OrganizationItem(BaseModel):
    """An organization in a list: all but the States that are its members."""

    ref: str
    name: str
    level: Level
    kind: OrganizationKind
    parent: str | None
    mandate: str
    state_coverage: str
    web_domain: str
    mailboxes: list[str]
    correspondence_language: str
    source_note: str
    invented: bool
    merged_into: str | None
    etag: str


class OrganizationOut(OrganizationItem):
    members: list[MemberOut]


class OrganizationFilter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    q: Annotated[str, Line(200)] | None = None
    kind: list[OrganizationKind] = Field(default_factory=list, max_length=3)
    level: list[Level] = Field(default_factory=list, max_length=5)
    member: str | None = Field(None, max_length=60, description="a State that belongs to it, such as TG")
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=2000)
    count: bool = False
