"""Which role an account or a key may have in which organization."""

from app.core.actor import Actor, Role
from app.core.errors import Invalid
from app.organizations.models import BuiltIn, Organization, OrganizationKind
from app.organizations.queries import KINDS_OF

_KINDS = {Role.PARTNER: KINDS_OF[BuiltIn.PARTNERS], Role.DONOR: KINDS_OF[BuiltIn.DONORS]}


def suits(kind: OrganizationKind, role: Role) -> bool:
    """Whether an organization of this kind can have partners or donors; of other roles it says nothing."""
    return kind in _KINDS.get(role, (kind,))


def suitable_roles(actor: Actor, organization: Organization) -> list[Role]:
    """The roles that `actor` may give in `organization`."""
    own = organization.id == actor.organization_id
    return [role for role in Role if suits(organization.kind, role) and (own or role in _KINDS)]


def require_suitable(actor: Actor, organization: Organization, role: Role) -> None:
    """Raise Invalid unless `actor` may give `role` in `organization`.

    Partners belong where programmes are run and donors where they are funded. Officers and admins belong to
    the office of the admin who makes them: as the first one is made at the command line, that is CTED alone.
    """
    if not suits(organization.kind, role):
        kinds = " or ".join(kind.value for kind in _KINDS[role])
        message = f"A {role} belongs to an organization of the kind {kinds}; {organization.ref} is another"
        raise Invalid.field("/role", message)
    if role not in _KINDS and organization.id != actor.organization_id:
        raise Invalid.field("/role", f"The role {role} is for CTED's own staff, not for {organization.ref}")
