"""Writers take turns, and a turn ends where the answer begins."""

import anyio
from starlette.types import Message, Receive, Scope, Send

from app.core.turns import WriteTurns

ASKED = {"type": "http", "method": "POST"}


def test_who_reads_an_answer_slowly_keeps_no_other_writer_waiting():
    answered = []

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})

    async def read_nothing(message: Message) -> None:
        if message["type"] == "http.response.body":
            await anyio.sleep_forever()

    async def read(message: Message) -> None:
        answered.append(message["type"])

    async def both() -> None:
        turns = WriteTurns(answer, seconds=30)
        async with anyio.create_task_group() as group:
            group.start_soon(turns, ASKED, None, read_nothing)
            await anyio.wait_all_tasks_blocked()
            await turns(ASKED, None, read)
            group.cancel_scope.cancel()

    anyio.run(both)

    assert answered == ["http.response.start", "http.response.body"]
