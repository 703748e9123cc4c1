from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from app.access.models import User
from app.access.once import OnceDep
from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.db import SessionDep
from app.core.http import IfMatch, NeedsMatch, etag_of, honour_match, next_path, require_match, set_etag
from app.core.paging import Page, set_link
from app.organizations.users import queries, service
from app.organizations.users.schemas import (
    LinkOut,
    MeOut,
    UserAdded,
    UserFilter,
    UserIn,
    UserOut,
    UserPatch,
)

router = APIRouter(tags=["users"])
Manager = Annotated[Actor, Depends(Requires(Permission.USER_MANAGE))]
Self = Annotated[Actor, Depends(Requires(Permission.ME))]


@router.get("/me", response_model=MeOut)
def read_me(actor: Self, session: SessionDep) -> MeOut:
    """Who am I, and what may I?"""
    return queries.me(session, actor)


@router.get("/users", response_model=Page[UserOut])
def list_users(
    request: Request,
    response: Response,
    actor: Manager,
    session: SessionDep,
    wanted: Annotated[UserFilter, Query()],
) -> Page[UserOut]:
    """List accounts by e-mail address."""
    found = queries.search(session, actor, wanted)
    set_link(response, next_path(request), found)
    return Page(items=queries.rows_shown(found), next=found.next, total=found.total)


@router.post("/users", response_model=UserAdded, status_code=201)
def add_user(
    request: Request, response: Response, actor: Manager, session: SessionDep, values: UserIn, once: OnceDep
) -> UserAdded:
    """Make an account. Its invitation is mailed, or is in this answer alone where no mail server is set."""
    response.status_code = 201
    settings = request.app.state.settings
    user, link = once(
        response,
        lambda: service.add(session, actor, values, settings),
        lambda done: [str(done[0].id)],
        lambda refs: (queries.get(session, actor, UUID(refs[0])), LinkOut()),
    )
    return UserAdded(**_answer(response, session, user).model_dump(), invitation=link)


@router.get("/users/{user_id}", response_model=UserOut)
def read_user(response: Response, actor: Manager, session: SessionDep, user_id: UUID) -> UserOut:
    """Read one account."""
    return _answer(response, session, queries.get(session, actor, user_id))


@router.patch("/users/{user_id}", response_model=UserOut)
def change_user(
    if_match: NeedsMatch,
    response: Response,
    actor: Manager,
    session: SessionDep,
    user_id: UUID,
    values: UserPatch,
) -> UserOut:
    """Change an account: absent fields are kept. Needs If-Match."""
    user = queries.get(session, actor, user_id)
    require_match(if_match, etag_of(user.version))
    return _answer(response, session, service.update(session, actor, user, values))


@router.delete("/users/{user_id}", status_code=204)
def disable_user(if_match: IfMatch, actor: Manager, session: SessionDep, user_id: UUID) -> None:
    """Disable an account: whoever is signed in with it is out at once. Its history stays."""
    user = queries.get(session, actor, user_id)
    honour_match(if_match, etag_of(user.version))
    service.disable(session, actor, user)


@router.post("/users/{user_id}/reset", response_model=LinkOut)
def reset_user(
    request: Request, response: Response, actor: Manager, session: SessionDep, user_id: UUID, once: OnceDep
) -> LinkOut:
    """Give a single-use link to set a new password: mailed, or in this answer alone without a mail server."""
    user = queries.get(session, actor, user_id)
    settings = request.app.state.settings
    return once(
        response,
        lambda: service.reset(session, actor, user, settings),
        lambda _: [],
        lambda _: LinkOut(),
    )


def _answer(response: Response, session: SessionDep, user: User) -> UserOut:
    shown = queries.shown_alone(session, user)
    set_etag(response, shown.etag)
    return shown
