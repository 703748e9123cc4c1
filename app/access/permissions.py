"""Who may do what: the whole policy on one screen."""

import enum
from typing import Annotated

from fastapi import Depends

from app.access.authentication import current_actor
from app.core.actor import Actor, Role
from app.core.errors import NotPermitted


class Permission(enum.StrEnum):
    ORGANIZATION_READ = "organization:read"
    ORGANIZATION_WRITE = "organization:write"
    GROUP_MANAGE = "group:manage"
    GROUP_READ = "group:read"
    USER_MANAGE = "user:manage"
    KEY_MANAGE = "key:manage"
    ME = "me"
    ASSESSMENT_READ = "assessment:read"
    ASSESSMENT_WRITE = "assessment:write"
    NEED_READ = "need:read"
    NEED_WRITE = "need:write"
    RELEASE_READ = "release:read"
    RELEASE_WRITE = "release:write"
    PROGRAMME_READ = "programme:read"
    PROGRAMME_WRITE = "programme:write"
    PAIRING_READ = "pairing:read"
    PAIRING_DECIDE = "pairing:decide"
    MATCH_RUN = "match:run"
    MODEL_READ = "model:read"
    CANDIDATE_READ = "candidate:read"
    MODEL_MANAGE = "model:manage"
    IMPORT = "import"
    EXPORT = "export"
    AUDIT_READ = "audit:read"
    AUDIT_READ_ALL = "audit:read_all"
    JOB_READ = "job:read"
    REFERRAL_READ = "referral:read"
    REFERRAL_CONVEY = "referral:convey"
    REFERRAL_ANSWER = "referral:answer"
    ADVISORY_READ = "advisory:read"
    ADVISORY_MANAGE = "advisory:manage"
    CLEARANCE_READ = "clearance:read"
    CLEARANCE_GIVE = "clearance:give"
    OFFER_MAKE = "offer:make"
    OFFER_READ = "offer:read"
    INTEREST_READ = "interest:read"
    INTEREST_EXPRESS = "interest:express"
    INTEREST_CHANGE = "interest:change"
    SEARCH_KEEP = "search:keep"
    NOTICE_READ = "notice:read"
    NOTICE_CHOOSE = "notice:choose"
    CLOCK_READ = "clock:read"
    BRIEFING_READ = "briefing:read"
    BRIEFING_GIVE = "briefing:give"
    PORTFOLIO_READ = "portfolio:read"
    COVERAGE_READ = "coverage:read"
    FILE_READ = "file:read"
    PRACTICE_WRITE = "practice:write"
    PRACTICE_READ = "practice:read"
    COMMENT_WRITE = "comment:write"
    MATURITY_READ = "maturity:read"
    MATURITY_WRITE = "maturity:write"


P = Permission
_EVERYBODY = {
    P.ME, P.ORGANIZATION_READ, P.NEED_READ, P.PROGRAMME_READ, P.EXPORT, P.REFERRAL_READ, P.SEARCH_KEEP,
    P.NOTICE_READ, P.NOTICE_CHOOSE, P.COVERAGE_READ, P.PRACTICE_READ, P.COMMENT_WRITE,
}  # fmt: skip
_OFFICER = _EVERYBODY | {
    P.GROUP_READ, P.ASSESSMENT_READ, P.ASSESSMENT_WRITE, P.NEED_WRITE, P.RELEASE_READ, P.RELEASE_WRITE,
    P.PROGRAMME_WRITE, P.PAIRING_READ, P.PAIRING_DECIDE, P.MATCH_RUN, P.MODEL_READ, P.IMPORT, P.AUDIT_READ,
    P.JOB_READ, P.REFERRAL_CONVEY, P.REFERRAL_ANSWER, P.ADVISORY_READ, P.CLEARANCE_READ, P.CLEARANCE_GIVE,
    P.OFFER_READ, P.INTEREST_READ, P.INTEREST_CHANGE, P.CLOCK_READ, P.BRIEFING_READ, P.BRIEFING_GIVE,
    P.PORTFOLIO_READ, P.FILE_READ, P.PRACTICE_WRITE, P.MATURITY_READ, P.MATURITY_WRITE,
}  # fmt: skip

_PARTNER = _EVERYBODY | {
    P.PROGRAMME_WRITE, P.KEY_MANAGE, P.IMPORT, P.JOB_READ, P.REFERRAL_ANSWER, P.OFFER_MAKE, P.OFFER_READ,
}  # fmt: skip
_DONOR = _EVERYBODY | {P.INTEREST_READ, P.INTEREST_EXPRESS, P.INTEREST_CHANGE}

GRANTS: dict[Role, set[Permission]] = {
    Role.ADMIN: set(Permission) - {P.OFFER_MAKE, P.INTEREST_EXPRESS},
    Role.OFFICER: _OFFICER,
    Role.PARTNER: _PARTNER,
    Role.DONOR: _DONOR,
}
READS = {permission for permission in Permission if permission.value.endswith(":read")} | {
    P.ME, P.EXPORT, P.AUDIT_READ_ALL,
}  # fmt: skip


class Requires:
    """A dependency that yields the current actor if their role, and their key's scope, grant the permission.

    Raises NotPermitted before any record is looked up, so that a refusal says nothing of what exists.
    """

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    def __call__(self, actor: Annotated[Actor, Depends(current_actor)]) -> Actor:
        check(actor, self.permission)
        return actor


def check(actor: Actor, permission: Permission) -> None:
    """Raise NotPermitted unless `actor` holds `permission`."""
    if permission not in GRANTS[actor.role]:
        raise NotPermitted(f"The role {actor.role} does not grant {permission}")
    if permission not in granted(actor):
        raise NotPermitted(f"This key only reads; {permission} needs a key that may write")


def granted(actor: Actor) -> set[Permission]:
    """What the actor's role grants, as far as its key's scope goes."""
    return GRANTS[actor.role] if actor.may_write else GRANTS[actor.role] & READS
