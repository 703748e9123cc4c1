"""Idempotency-Key on POSTs: a thing is done once, and a replay answers from its record as it may be seen now."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, TypeVar

from fastapi import Depends, Header, Request, Response
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from app.access.authentication import CurrentActor
from app.access.models import IdempotencyRecord
from app.core.db import SessionDep, utc_now
from app.core.errors import Conflict, Invalid

T = TypeVar("T")
KEPT = timedelta(days=1)


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
        response's status on a replay. Raises Invalid when the key came with another request, Conflict when
        the first one is still running.
        """
        if self._key is None:
            return do()
        if record := self._known():
            return self._replay(response, record, find)
        result = do()
        self._keep(response.status_code or 200, name(result))
        return result

    def _known(self) -> IdempotencyRecord | None:
        self._session.execute(delete(IdempotencyRecord).where(IdempotencyRecord.created_at < utc_now() - KEPT))
        own = (IdempotencyRecord.principal == self._principal) & (IdempotencyRecord.key == self._key)
        return self._session.scalar(select(IdempotencyRecord).where(own))

    def _replay(self, response: Response, record: IdempotencyRecord, find: Callable[[list[str]], T]) -> T:
        if record.request_hash != self._hash:
            raise Invalid.field("Idempotency-Key", "This key was used for another request; use a new one")
        response.status_code = record.status
        response.headers["Idempotent-Replayed"] = "true"
        return find(record.subject)

    def _keep(self, status: int, subject: list[str]) -> None:
        record = IdempotencyRecord(
            principal=self._principal, key=self._key, request_hash=self._hash, status=status, subject=subject
        )
        self._session.add(record)
        try:
            self._session.flush()
        except IntegrityError:
            raise Conflict("A request with this Idempotency-Key is being answered; ask again shortly") from None


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
