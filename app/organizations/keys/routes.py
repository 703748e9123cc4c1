from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from app.access.models import ApiKey
from app.access.once import OnceDep
from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.db import SessionDep
from app.core.http import IfMatch, NeedsMatch, etag_of, honour_match, next_path, require_match, set_etag
from app.core.paging import Page, set_link
from app.organizations.keys import queries, service
from app.organizations.keys.schemas import KeyFilter, KeyIn, KeyIssued, KeyOut, KeyPatch

router = APIRouter(prefix="/keys", tags=["keys"])
Manager = Annotated[Actor, Depends(Requires(Permission.KEY_MANAGE))]


@router.get("", response_model=Page[KeyOut])
def list_keys(
    request: Request,
    response: Response,
    actor: Manager,
    session: SessionDep,
    wanted: Annotated[KeyFilter, Query()],
) -> Page[KeyOut]:
    """List keys, newest first: a partner its own organization's, an admin all."""
    found = queries.search(session, actor, wanted)
    set_link(response, next_path(request), found)
    return Page(items=queries.rows_shown(found), next=found.next, total=found.total)


@router.post("", response_model=KeyIssued, status_code=201)
def issue_key(response: Response, actor: Manager, session: SessionDep, values: KeyIn, once: OnceDep) -> KeyIssued:
    """Issue a key. The whole key is in this answer alone; a repeated request has none."""
    response.status_code = 201
    key, text = once(
        response,
        lambda: service.issue(session, actor, values),
        lambda done: [done[0].public_id],
        lambda refs: (queries.get(session, actor, refs[0]), None),
    )
    return KeyIssued(**_answer(response, session, key).model_dump(), key=text)


@router.get("/{key_id}", response_model=KeyOut)
def read_key(response: Response, actor: Manager, session: SessionDep, key_id: str) -> KeyOut:
    """Read one key, without its secret."""
    return _answer(response, session, queries.get(session, actor, key_id))


@router.patch("/{key_id}", response_model=KeyOut)
def rename_key(
    if_match: NeedsMatch,
    response: Response,
    actor: Manager,
    session: SessionDep,
    key_id: str,
    values: KeyPatch,
) -> KeyOut:
    """Rename a key. Needs If-Match."""
    key = queries.get(session, actor, key_id)
    require_match(if_match, etag_of(key.version))
    return _answer(response, session, service.rename(session, actor, key, values))


@router.delete("/{key_id}", status_code=204)
def revoke_key(if_match: IfMatch, actor: Manager, session: SessionDep, key_id: str) -> None:
    """Revoke a key: it stops working at once, and stays in the list."""
    key = queries.get(session, actor, key_id)
    honour_match(if_match, etag_of(key.version))
    service.revoke(session, actor, key)


def _answer(response: Response, session: SessionDep, key: ApiKey) -> KeyOut:
    shown = queries.shown_alone(session, key)
    set_etag(response, shown.etag)
    return shown
