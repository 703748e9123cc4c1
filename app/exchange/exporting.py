"""Write what the caller may see to a file: the same queries and views as the API's lists, nothing beside them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.core.actor import Actor, Role
from app.core.paging import Found, Paging
from app.exchange import codecs, shapes
from app.exchange.marked import Marked, marked
from app.exchange.models import ExportKind, Format
from app.exchange.schemas import NeedRow
from app.exchange.shapes import Column
from app.needs import queries as needs
from app.needs.schemas import NeedFilter, NeedFull, NeedOfficer
from app.organizations import queries as organizations
from app.organizations.models import Organization
from app.organizations.schemas import OrganizationFilter, OrganizationIn, OrganizationOut
from app.pairings import queries as pairings
from app.pairings.schemas import PairingFilter, PairingOut
from app.programmes import queries as programmes
from app.programmes.schemas import ProgrammeFilter, ProgrammeOwn, ProgrammePublic, ProgrammeRow

Filter = OrganizationFilter | ProgrammeFilter | NeedFilter | PairingFilter
WHOLE: Mapping[str, type[BaseModel]] = {
    ExportKind.ORGANIZATIONS: OrganizationOut,
    ExportKind.PROGRAMMES: ProgrammeOwn,
    ExportKind.NEEDS: NeedOfficer,
    ExportKind.PAIRINGS: PairingOut,
}
_ROWS: Mapping[str, type[BaseModel]] = {
    ExportKind.ORGANIZATIONS: OrganizationIn,
    ExportKind.PROGRAMMES: ProgrammeRow,
    ExportKind.NEEDS: NeedRow,
}
FILTERS: Mapping[ExportKind, type[Filter]] = {
    ExportKind.ORGANIZATIONS: OrganizationFilter,
    ExportKind.PROGRAMMES: ProgrammeFilter,
    ExportKind.NEEDS: NeedFilter,
    ExportKind.PAIRINGS: PairingFilter,
}
EXPORTED = "export.made"
_AT_ONCE = 1000
_LEFT_OUT = {"etag"}  # says which version a file shows, and would be stale when it is read


def export_file(session: Session, actor: Actor, wanted: Filter, form: Format) -> tuple[bytes, Marked]:
    """Return a file of everything that the actor may see of what is wanted, with the fields it may see; and how
    it is marked."""
    kind = _kind_of(wanted)
    marking = marked(session, actor, kind)
    columns = _columns(kind, _shown_to(actor, kind))
    documents = (
        view.model_dump(mode="json", by_alias=True, exclude=_LEFT_OUT) for view in _views(session, actor, wanted)
    )
    if form is Format.JSONL:
        return codecs.write(form, (), documents), marking
    flat = (shapes.flat(columns, document) for document in documents)
    return codecs.write(form, [column.path for column in columns], flat, marking.about), marking


def exported(wanted: Filter, form: Format, marking: Marked) -> dict[str, Any]:
    """What the audit trail keeps of an export: what was asked for, in which form, for whom and how marked."""
    asked = wanted.model_dump(mode="json", exclude_defaults=True)
    return {"format": form, "asked": asked, **marking.told}


def everything(kind: ExportKind) -> Filter:
    """The filter that asks for all records of a kind."""
    return FILTERS[kind].model_validate({})


def _kind_of(wanted: Filter) -> ExportKind:
    return next(kind for kind, filtered in FILTERS.items() if isinstance(wanted, filtered))


def _views(session: Session, actor: Actor, wanted: Filter) -> Iterator[BaseModel]:
    paging: Paging | None = Paging(_AT_ONCE)
    while paging:
        views, following = _page(session, actor, wanted, paging)
        yield from views
        paging = Paging(_AT_ONCE, following) if following else None


def _page(
    session: Session, actor: Actor, wanted: Filter, paging: Paging
) -> tuple[Sequence[BaseModel], str | None]:
    if isinstance(wanted, OrganizationFilter):
        found = organizations.search(session, actor, wanted, paging)
        return _with_members(session, found), found.next
    if isinstance(wanted, ProgrammeFilter):
        programme_views, found = programmes.page(session, actor, wanted, paging)
        return programme_views, found.next
    if isinstance(wanted, NeedFilter):
        page = needs.listed(session, actor, wanted, paging)
        return page.items, page.next
    pairing_views, found = pairings.page(session, actor, wanted, paging)
    return pairing_views, found.next


def _with_members(session: Session, found: Found) -> list[OrganizationOut]:
    bodies = [row.Organization for row in found.rows]
    ids = [body.id for body in bodies]
    session.scalars(
        select(Organization).where(Organization.id.in_(ids)).options(selectinload(Organization.members))
    ).all()
    return [organizations.shown(body) for body in bodies]


def _shown_to(actor: Actor, kind: ExportKind) -> type[BaseModel]:
    """The view with most fields that the actor can be shown."""
    if kind is ExportKind.PROGRAMMES and actor.role is Role.DONOR:
        return ProgrammePublic
    if kind is ExportKind.NEEDS and not actor.is_cted:
        return NeedFull
    return WHOLE[kind]


def _columns(kind: ExportKind, view: type[BaseModel]) -> list[Column]:
    """The view's fields in its order; what can be imported is written as the importer reads it."""
    row = _ROWS.get(kind)
    importable = shapes.columns_of(row) if row else ()
    shown = shapes.columns_of(view, "serialization")
    columns: list[Column] = []
    for name in view.model_fields:
        own = [column for column in importable if _top(column) == name]
        columns += own or [column for column in shown if _top(column) == name]
    return [column for column in columns if column.path not in _LEFT_OUT]


def _top(column: Column) -> str:
    return column.path.partition(".")[0]
