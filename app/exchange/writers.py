"""How a row of each kind is written: by the same services as a single request."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.permissions import Permission
from app.core.actor import Actor
from app.core.errors import NotFound
from app.core.rows import Writer, Written
from app.exchange.models import ImportKind
from app.exchange.schemas import NeedRow
from app.needs import queries as needs
from app.needs import service as need_service
from app.needs.heads import by_source
from app.needs.models import Need
from app.organizations import service as organization_service
from app.organizations.models import Organization
from app.organizations.schemas import OrganizationIn, OrganizationPatch
from app.programmes.bulk import ProgrammeWriter
from app.programmes.service import Rules

WRITES: Mapping[ImportKind, Permission] = {
    ImportKind.ORGANIZATIONS: Permission.ORGANIZATION_WRITE,
    ImportKind.PROGRAMMES: Permission.PROGRAMME_WRITE,
    ImportKind.NEEDS: Permission.NEED_WRITE,
}


def writer_of(
    session: Session, actor: Actor, kind: ImportKind, rules: Rules, only_new: bool = False
) -> Writer[Any]:
    """Return what writes rows of `kind`; with `only_new` records that exist are left as they are."""
    if kind is ImportKind.ORGANIZATIONS:
        return OrganizationWriter(session, actor, only_new)
    if kind is ImportKind.PROGRAMMES:
        return ProgrammeWriter(session, actor, rules, only_new=only_new)
    return NeedWriter(session, actor, only_new)


class OrganizationWriter:
    """Organizations are known by their reference."""

    schema: type[OrganizationIn] = OrganizationIn

    def __init__(self, session: Session, actor: Actor, only_new: bool) -> None:
        self.session, self.actor, self.only_new = session, actor, only_new
        self.known: dict[str, Organization] = {}

    def prepare(self, batch: Sequence[OrganizationIn]) -> None:
        refs = [values.ref for values in batch]
        found = self.session.scalars(select(Organization).where(Organization.ref.in_(refs)))
        self.known = {organization.ref: organization for organization in found}

    def key(self, values: OrganizationIn) -> Hashable | None:
        return values.ref

    def key_field(self, values: OrganizationIn) -> str:
        return "ref"

    def write(self, values: OrganizationIn) -> Written:
        existing = self.known.get(values.ref)
        if existing is None:
            created = organization_service.create(self.session, self.actor, values)
            return Written(created.ref, "created")
        if self.only_new and not _is_bare(existing):
            return Written(existing.ref, "unchanged")
        version = existing.version
        organization_service.update(self.session, self.actor, existing, _patch(values))
        return Written(existing.ref, "unchanged" if existing.version == version else "updated")


class NeedWriter:
    """Needs are known by the line of the source that they come from, or in an exported file by their reference."""

    schema: type[NeedRow] = NeedRow

    def __init__(self, session: Session, actor: Actor, only_new: bool) -> None:
        self.session, self.actor, self.only_new = session, actor, only_new

    def prepare(self, batch: Sequence[NeedRow]) -> None:
        """Nothing is looked up beforehand: sources are few."""

    def key(self, values: NeedRow) -> Hashable | None:
        if values.ref:
            return values.ref
        return (values.assessment, values.source_ref) if values.source_ref else None

    def key_field(self, values: NeedRow) -> str:
        return "ref" if values.ref else "source_ref"

    def write(self, values: NeedRow) -> Written:
        existing = self._find(values)
        if existing is None:
            return Written(need_service.create(self.session, self.actor, values).ref, "created")
        if self.only_new:
            return Written(existing.ref, "unchanged")
        version = existing.version
        need_service.update(self.session, self.actor, existing, values)
        return Written(existing.ref, "unchanged" if existing.version == version else "updated")

    def _find(self, values: NeedRow) -> Need | None:
        if values.ref:
            try:
                return needs.load(self.session, self.actor, values.ref)
            except NotFound:  # a file from elsewhere: its references say nothing here
                pass
        return by_source(self.session, self.actor, values)


def _is_bare(organization: Organization) -> bool:
    """Whether it has only a name, as `init` makes CTED."""
    return organization.version == 1 and not organization.mandate


def _patch(values: OrganizationIn) -> OrganizationPatch:
    """The same fields as a change; they were validated with `values`."""
    sent = values.model_fields_set
    return OrganizationPatch.model_construct(set(sent), **{name: getattr(values, name) for name in sent})
