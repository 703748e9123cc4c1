"""Named lists of organizations, to which releases are made."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.core.fields import Clearable, Day, Line
from app.core.http import Body
from app.organizations.models import BuiltIn
from app.organizations.schemas import Ref


class GroupMemberIn(Body):
    """One organization's membership, from today if unsaid. `until` is the first day on which it is over."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    organization: Ref
    from_on: Day | None = Field(None, alias="from")
    until_on: Day | None = Field(None, alias="until")


class GroupIn(Body):
    ref: Ref
    name: Annotated[str, Line(200, 1)]
    members: Annotated[list[GroupMemberIn], Field(max_length=500)] = Field(default_factory=list)


class GroupPatch(Body):
    """A new name, a new list of members, or both. Who is left out of the list is a member until today."""

    name: Annotated[str, Line(200, 1)] = ""
    members: Annotated[list[GroupMemberIn], Clearable(), Field(max_length=500)] = Field(default_factory=list)


class GroupMemberOut(BaseModel):
    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)

    organization: str
    from_on: date | None = Field(None, alias="from")
    until_on: date | None = Field(None, alias="until")


class GroupOut(BaseModel):
    """A group. The members of a built-in one follow the organizations' kinds and have no dates."""

    ref: str
    name: str
    built_in: BuiltIn | None
    members: list[GroupMemberOut]
    etag: str
