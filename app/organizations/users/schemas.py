"""Accounts as admins see them. The e-mail address is the only personal field."""

import re
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.access.models import KeyScope
from app.core.actor import Role
from app.core.fields import Choice, Line
from app.core.http import Body
from app.organizations.schemas import Ref


def _email(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9-]+(\.[a-z0-9-]+)+", value.lower(), re.ASCII):
        raise ValueError("An e-mail address is written as name@example.org, in Latin letters")
    return value.lower()


Email = Annotated[str, Line(254, 3), AfterValidator(_email)]


class UserIn(Body):
    email: Email
    role: Choice[Role]
    organization: Ref


class UserPatch(Body):
    """Some fields of an account. `disabled` true signs it out everywhere, at once."""

    email: Email = ""
    role: Choice[Role] = Role.DONOR
    organization: Ref = ""
    disabled: bool = False


class UserOut(BaseModel):
    id: UUID
    email: str
    role: Role
    organization: str
    has_password: bool
    created_at: datetime
    disabled_at: datetime | None
    etag: str


class LinkOut(BaseModel):
    """The single-use link, in the first answer alone and only where no mail server is set; else it is mailed."""

    link: str | None = None
    mailed: bool = False


class UserAdded(UserOut):
    invitation: LinkOut


class UserFilter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    role: list[Role] = Field(default_factory=list, max_length=4)
    organization: str | None = Field(None, max_length=60)
    disabled: bool | None = None
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=2000)
    count: bool = False


class OwnUser(BaseModel):
    id: UUID
    email: str


class OwnKey(BaseModel):
    id: str
    name: str
    scope: KeyScope
    expires_at: datetime | None


class MeOut(BaseModel):
    """Who is calling, for which organization, and what that may do."""

    role: Role
    organization: str
    organization_name: str
    user: OwnUser | None
    key: OwnKey | None
    permissions: list[str]
