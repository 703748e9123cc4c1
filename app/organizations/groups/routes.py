from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.access.once import OnceDep
from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.db import SessionDep
from app.core.http import NeedsMatch, etag_of, next_path, require_match, set_etag
from app.core.paging import Page, PagingDep, set_link
from app.organizations.groups import queries, service
from app.organizations.groups.schemas import GroupIn, GroupOut, GroupPatch
from app.organizations.models import Group

router = APIRouter(prefix="/groups", tags=["organizations"])
Reader = Annotated[Actor, Depends(Requires(Permission.GROUP_READ))]
Manager = Annotated[Actor, Depends(Requires(Permission.GROUP_MANAGE))]


@router.get("", response_model=Page[GroupOut])
def list_groups(
    request: Request, response: Response, actor: Reader, session: SessionDep, paging: PagingDep
) -> Page[GroupOut]:
    """List the groups to which releases can be made, with their members."""
    found = queries.search(session, actor, paging)
    set_link(response, next_path(request), found)
    items = [queries.shown(session, row[0]) for row in found.rows]
    return Page(items=items, next=found.next, total=found.total)


@router.post("", response_model=GroupOut, status_code=201)
def create_group(
    response: Response, actor: Manager, session: SessionDep, values: GroupIn, once: OnceDep
) -> GroupOut:
    """Store a group with its dated members."""
    response.status_code = 201
    created = once(
        response,
        lambda: service.create(session, actor, values),
        lambda done: [done.ref],
        lambda refs: queries.get(session, actor, refs[0]),
    )
    return _answer(response, session, created)


@router.get("/{ref}", response_model=GroupOut)
def read_group(response: Response, actor: Reader, session: SessionDep, ref: str) -> GroupOut:
    """Read one group with its members, past ones too."""
    return _answer(response, session, queries.get(session, actor, ref))


@router.patch("/{ref}", response_model=GroupOut)
def change_group(
    if_match: NeedsMatch, response: Response, actor: Manager, session: SessionDep, ref: str, values: GroupPatch
) -> GroupOut:
    """Rename a group or set its members: who is left out is a member until today. Needs If-Match."""
    group = queries.get(session, actor, ref)
    require_match(if_match, etag_of(group.version))
    return _answer(response, session, service.update(session, actor, group, values))


def _answer(response: Response, session: SessionDep, group: Group) -> GroupOut:
    shown = queries.shown(session, group)
    set_etag(response, shown.etag)
    return shown
