"""Who is acting: what services and queries take in place of a request."""

import enum
from dataclasses import dataclass
from uuid import UUID


class Role(enum.StrEnum):
    ADMIN = "admin"
    OFFICER = "officer"
    PARTNER = "partner"
    DONOR = "donor"


@dataclass(frozen=True, slots=True)
class Actor:
    """One account, key or process. `label` is what the audit trail shows: user, key, operator or system."""

    role: Role
    organization_id: UUID
    user_id: UUID | None = None
    key_id: UUID | None = None
    label: str = "user"
    may_write: bool = True

    @property
    def is_cted(self) -> bool:
        """Officers and admins read everything; everybody else reads through releases."""
        return self.role in {Role.ADMIN, Role.OFFICER}

    @property
    def principal(self) -> str:
        """Names the caller across requests, for idempotency and rate limits."""
        return f"key:{self.key_id}" if self.key_id else f"{self.label}:{self.user_id}"
