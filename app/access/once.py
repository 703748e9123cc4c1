"""A thing is done once for each key, an Idempotency-Key or a form's: a replay answers as it may be seen now."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, TypeVar

from fastapi import Depends, Header, Request, Response
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.access.authentication import CurrentActor
from app.access.models import IdempotencyRecord
from app.core.db import SessionDep, utc_now
from app.core.errors import Conflict, Invalid

T = TypeVar("T")
KEPT = timedelta(days=1)
UNDER_WAY = 0


class Once:
    """Call as `once(response, do, name, find)` in a POST route; without the header it just calls `do`."""

    def __init__(self, session: SessionDep, actor: CurrentActor, key: str | None, request_hash: str) -> None:
        self._session, self._principal, self._key, self._hash = session, actor.principal, key, request_hash

    def __call__(
        self,
        response: Response,
        do: Callable[[], T],
        name: Callable[[T], list[str]],
        find: Callable[[list[str]], T],
    ) -> T:
        """Run `do` once per key.

        `name` gives what is kept of its result (references), `find` reads it again for a replay. Sets the
        response's status on a replay. Raises Invalid when the key came with another request.
        """
        if self._key is None:
            return do()
        record = claim(self._session, self._principal, self._key, self._hash)
        if record.request_hash != self._hash:
            raise Invalid.field("Idempotency-Key", "This key was used for another request; use a new one")
        if record.status != UNDER_WAY:
            response.status_code = record.status
            response.headers["Idempotent-Replayed"] = "true"
            return find(record.subject)
        result = do()
        record.status, record.subject = response.status_code or 200, name(result)
        return result


def claim(session: Session, principal: str, key: str, request_hash: str) -> IdempotencyRecord:
    """Return what was kept of a key, or a new record, UNDER_WAY, for the caller to complete when it is done.

    Waits for another transaction that uses the key now. Raises Conflict when that one's record is gone again.
    """
    session.execute(delete(IdempotencyRecord).where(IdempotencyRecord.created_at < utc_now() - KEPT))
    if known := session.get(IdempotencyRecord, (principal, key)):
        return known
    record = IdempotencyRecord(
        principal=principal, key=key, request_hash=request_hash, status=UNDER_WAY, subject=[]
    )
    try:
        with session.begin_nested():
            session.add(record)
    except IntegrityError:
        if (first := session.get(IdempotencyRecord, (principal, key))) is None:
            raise Conflict("A request with this key ended a moment ago; ask again") from None
        return first
    return record


async def _body_hash(request: Request) -> str:
    named = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return hashlib.sha256(named + await request.body()).hexdigest()


def _once(
    session: SessionDep,
    actor: CurrentActor,
    request_hash: Annotated[str, Depends(_body_hash)],
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
) -> Once:
    return Once(session, actor, idempotency_key, request_hash)


OnceDep = Annotated[Once, Depends(_once)]
