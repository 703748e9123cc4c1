"""Organizations as choices in forms."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.paging import Paging
from app.organizations import queries
from app.organizations.models import Organization
from app.organizations.roles import suitable_roles
from app.organizations.schemas import OrganizationFilter

_MOST = 2000


def organization_choices(
    session: Session, actor: Actor, wanted: OrganizationFilter | None = None
) -> list[tuple[str, str]]:
    """(ref, ref and name) of every organization, or of those wanted, by ref."""
    return [_choice(organization) for organization in _all(session, actor, wanted)]


def choices_by_role(session: Session, actor: Actor) -> Mapping[str, list[tuple[str, str]]]:
    """The same, under the roles that the actor may give there; the actor's own first."""
    found: dict[str, list[tuple[str, str]]] = {}
    for organization in sorted(_all(session, actor), key=lambda one: one.id != actor.organization_id):
        roles = " or ".join(suitable_roles(actor, organization))
        found.setdefault(f"For {roles}", []).append(_choice(organization))
    return found


def _all(session: Session, actor: Actor, wanted: OrganizationFilter | None = None) -> list[Organization]:
    found = queries.search(session, actor, wanted or OrganizationFilter(), Paging(limit=_MOST))
    return [row.Organization for row in found.rows]


def _choice(organization: Organization) -> tuple[str, str]:
    return organization.ref, f"{organization.ref} · {organization.name}"
