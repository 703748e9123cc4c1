from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.db import SessionDep
from app.core.http import NeedsMatch, require_match, set_etag
from app.notices import queries, service
from app.notices.schemas import NoticesOut, NoticesPatch

router = APIRouter(prefix="/notices", tags=["notices"])
Reader = Annotated[Actor, Depends(Requires(Permission.NOTICE_READ))]
Chooser = Annotated[Actor, Depends(Requires(Permission.NOTICE_CHOOSE))]


@router.get("", response_model=NoticesOut)
def read_notices(request: Request, response: Response, actor: Reader, session: SessionDep) -> NoticesOut:
    """Read what waits for you, and when you are told of it by e-mail. The tag is that of the choices."""
    return _answer(request, response, actor, session)


@router.patch("", response_model=NoticesOut)
def change_notices(
    if_match: NeedsMatch,
    request: Request,
    response: Response,
    actor: Chooser,
    session: SessionDep,
    values: NoticesPatch,
) -> NoticesOut:
    """Choose how you are told of each kind, and mark notices as seen. Needs If-Match."""
    require_match(if_match, queries.overview(session, actor, request.app.state.settings).etag)
    service.change(session, actor, values)
    session.flush()
    return _answer(request, response, actor, session)


def _answer(request: Request, response: Response, actor: Actor, session: SessionDep) -> NoticesOut:
    found = queries.overview(session, actor, request.app.state.settings)
    set_etag(response, found.etag)
    return found
