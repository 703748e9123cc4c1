"""Organizations as choices in forms."""

from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.paging import Paging
from app.organizations import queries
from app.organizations.schemas import OrganizationFilter

_MOST = 2000


def organization_choices(session: Session, actor: Actor) -> list[tuple[str, str]]:
    """(ref, ref and name) of every organization, by ref."""
    found = queries.search(session, actor, OrganizationFilter(), Paging(limit=_MOST))
    return [(row.Organization.ref, f"{row.Organization.ref} · {row.Organization.name}") for row in found.rows]
