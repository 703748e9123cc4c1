from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from app.access.once import OnceDep
from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.db import SessionDep
from app.core.http import NeedsMatch, etag_of, next_path, require_match, set_etag
from app.core.paging import Page, Paging, set_link
from app.organizations import queries, service
from app.organizations.models import Organization
from app.organizations.schemas import (
    MergeIn,
    OrganizationFilter,
    OrganizationIn,
    OrganizationItem,
    OrganizationOut,
    OrganizationPatch,
)

router = APIRouter(prefix="/organizations", tags=["organizations"])
Reader = Annotated[Actor, Depends(Requires(Permission.ORGANIZATION_READ))]
Writer = Annotated[Actor, Depends(Requires(Permission.ORGANIZATION_WRITE))]


@router.get("", response_model=Page[OrganizationItem])
def list_organizations(
    request: Request,
    response: Response,
    actor: Reader,
    session: SessionDep,
    wanted: Annotated[OrganizationFilter, Query()],
) -> Page[OrganizationItem]:
    """List organizations by reference."""
    found = queries.search(session, actor, wanted, Paging(wanted.limit, wanted.cursor, wanted.count))
    set_link(response, next_path(request), found)
    return Page(items=[queries.listed(row[0]) for row in found.rows], next=found.next, total=found.total)


@router.post("", response_model=OrganizationOut, status_code=201)
def create_organization(
    response: Response, actor: Writer, session: SessionDep, values: OrganizationIn, once: OnceDep
) -> OrganizationOut:
    """Store an organization."""
    response.status_code = 201
    created = once(
        response,
        lambda: service.create(session, actor, values),
        lambda done: [done.ref],
        lambda refs: queries.get(session, actor, refs[0]),
    )
    return _answer(response, created)


@router.get("/{ref}", response_model=OrganizationOut)
def read_organization(response: Response, actor: Reader, session: SessionDep, ref: str) -> OrganizationOut:
    """Read one organization with the States that are its members."""
    return _answer(response, queries.get(session, actor, ref))


@router.patch("/{ref}", response_model=OrganizationOut)
def change_organization(
    if_match: NeedsMatch,
    response: Response,
    actor: Writer,
    session: SessionDep,
    ref: str,
    values: OrganizationPatch,
) -> OrganizationOut:
    """Change an organization: absent fields are kept, null clears. Needs If-Match."""
    organization = queries.get(session, actor, ref)
    require_match(if_match, etag_of(organization.version))
    return _answer(response, service.update(session, actor, organization, values))


@router.post("/{ref}/merge", response_model=OrganizationOut)
def merge_organization(
    if_match: NeedsMatch,
    response: Response,
    actor: Writer,
    session: SessionDep,
    ref: str,
    values: MergeIn,
    once: OnceDep,
) -> OrganizationOut:
    """Mark a duplicate as merged into another record. Needs If-Match."""

    def do() -> Organization:
        organization = queries.get(session, actor, ref)
        require_match(if_match, etag_of(organization.version))
        return service.merge(session, actor, organization, values.into)

    merged = once(response, do, lambda done: [done.ref], lambda refs: queries.get(session, actor, refs[0]))
    return _answer(response, merged)


def _answer(response: Response, organization: Organization) -> OrganizationOut:
    shown = queries.shown(organization)
    set_etag(response, shown.etag)
    return shown
