"""Comments on consultations over HTTP: who is signed in comments and reads their own, officers treat all."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from app.access.once import OnceDep
from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.db import SessionDep
from app.core.http import NeedsMatch, etag_of, next_path, require_match, set_etag
from app.core.paging import Page, Paging, set_link
from app.practices import comments, queries
from app.practices.models import ClauseComment
from app.practices.schemas import CommentFilter, CommentIn, CommentOut, DispositionIn
from app.practices.shown import comment as shown_comment

router = APIRouter(prefix="/practices/{ref}/comments", tags=["practices"])
Reader = Annotated[Actor, Depends(Requires(Permission.PRACTICE_READ))]
Speaker = Annotated[Actor, Depends(Requires(Permission.COMMENT_WRITE))]
Officer = Annotated[Actor, Depends(Requires(Permission.PRACTICE_WRITE))]


@router.get("")
def list_comments(
    request: Request,
    response: Response,
    actor: Reader,
    session: SessionDep,
    ref: str,
    wanted: Annotated[CommentFilter, Query()],
) -> Page[CommentOut]:
    """The comments of your own organization, for officers all, the oldest first."""
    paging = Paging(wanted.limit, wanted.cursor, wanted.count)
    items, found = queries.comments(session, actor, ref, wanted, paging)
    set_link(response, next_path(request), found)
    return Page(items=items, next=found.next, total=found.total)


@router.post("", status_code=201)
def make_comment(
    request: Request,
    response: Response,
    actor: Speaker,
    session: SessionDep,
    ref: str,
    values: CommentIn,
    once: OnceDep,
) -> CommentOut:
    """Comment on a clause of the version that is open for consultation."""
    response.status_code = 201
    comment = once(
        response,
        lambda: comments.make(session, actor, queries.consultation(session, actor, ref), values),
        lambda made: [str(made.id)],
        lambda kept: queries.comment(session, actor, ref, UUID(kept[0])),
    )
    response.headers["Location"] = f"{request.url.path}/{comment.id}"
    return _answer(response, actor, comment)


@router.get("/{comment_id}")
def read_comment(response: Response, actor: Reader, session: SessionDep, ref: str, comment_id: UUID) -> CommentOut:
    """One comment; how it was treated is there once the version is published."""
    return _answer(response, actor, queries.comment(session, actor, ref, comment_id))


@router.post("/{comment_id}/disposition")
def dispose_of_comment(
    if_match: NeedsMatch,
    response: Response,
    actor: Officer,
    session: SessionDep,
    ref: str,
    comment_id: UUID,
    values: DispositionIn,
    once: OnceDep,
) -> CommentOut:
    """Say how a comment is treated, with the reason. Both are published with the version, without names."""

    def do() -> ClauseComment:
        comment = queries.comment(session, actor, ref, comment_id)
        require_match(if_match, etag_of(comment.version))
        return comments.dispose(session, actor, comment, values)

    disposed = once(
        response,
        do,
        lambda done: [str(done.id)],
        lambda kept: queries.comment(session, actor, ref, UUID(kept[0])),
    )
    return _answer(response, actor, disposed)


def _answer(response: Response, actor: Actor, comment: ClauseComment) -> CommentOut:
    shown = shown_comment(actor, comment)
    set_etag(response, shown.etag)
    return shown
