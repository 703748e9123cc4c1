"""On SQLite, requests that may write take turns: who waits, waits in the event loop and holds no thread.

A writing request holds the database's one write lock from its authentication on, and needs a thread of the pool
for its route. Were others to wait for the lock in threads, they could leave it none.
"""

import asyncio
from contextlib import ExitStack
from weakref import WeakKeyDictionary

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.answers import refuse

READS = frozenset({"GET", "HEAD", "OPTIONS"})


class WriteTurns:
    """Let one writing request of this process run at a time; 503 for one whose turn does not come in `seconds`."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self.app, self.seconds = app, seconds
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in READS:
            await self.app(scope, receive, send)
            return
        turn = self._turns.setdefault(asyncio.get_running_loop(), asyncio.Lock())
        try:
            async with asyncio.timeout(self.seconds):
                await turn.acquire()
        except TimeoutError:
            busy = HTTPException(503, "Too many are writing at once; nothing was saved, try again shortly", RETRY)
            await refuse(scope, receive, send, busy)
            return
        ends = ExitStack()
        ends.callback(turn.release)

        async def pass_on(message: Message) -> None:
            ends.close()  # the transaction ended before its answer begins; who reads slowly keeps nobody waiting
            await send(message)

        with ends:
            await self.app(scope, receive, pass_on)


RETRY = {"Retry-After": "5"}
