"""API keys as their owners see them. A key's secret is in the first answer alone."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.access.models import KeyScope
from app.core.actor import Role
from app.core.fields import Choice, Line, Moment
from app.core.http import Body
from app.organizations.schemas import Ref

Name = Annotated[str, Line(100)]


class KeyIn(Body):
    """A new key; for one's own organization and with one's own role if nothing else is said."""

    name: Name = ""
    organization: Ref | None = None
    role: Choice[Role] | None = None
    scope: Choice[KeyScope] = KeyScope.WRITE
    expires_at: Moment | None = Field(None, description="none: until it is revoked")


class KeyPatch(Body):
    name: Name


class KeyOut(BaseModel):
    """`id` is the middle part of the key itself, so that its holder can name it."""

    id: str
    name: str
    organization: str
    role: Role
    scope: KeyScope
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    etag: str


class KeyIssued(KeyOut):
    key: str | None = Field(description="the whole key; shown this once, never again")


class KeyFilter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    organization: str | None = Field(None, max_length=60)
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=2000)
    count: bool = False
