"""Work that returns is enqueued once for each time, by however many workers."""

import threading
from pathlib import Path

from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.db import make_engine, session_factory
from app.core.jobs import Job, Recurring, enqueue_recurring, run_forever
from app.core.migrate import upgrade
from tests.conftest import run_jobs


def keys(session: Session) -> list[str | None]:
    return list(session.scalars(select(Job.key).where(Job.kind == "tick").order_by(Job.key)))


def test_each_time_is_enqueued_once_and_none_is_none(app: FastAPI, session: Session):
    times = iter(["monday", "monday", None, "tuesday"])
    work = Recurring("tick", 1.0, lambda _session: next(times))

    added = [enqueue_recurring(app.state.open_session, work) for _ in range(4)]

    assert added == [True, False, False, True]
    assert keys(session) == ["tick:monday", "tick:tuesday"]


def test_a_time_that_is_done_does_not_return(app: FastAPI, session: Session):
    app.state.job_handlers = {"tick": lambda _session, _job: None}
    work = Recurring("tick", 1.0, lambda _session: "monday")

    enqueue_recurring(app.state.open_session, work)
    run_jobs(app)

    assert (enqueue_recurring(app.state.open_session, work), run_jobs(app)) == (False, 0)


def test_two_workers_do_it_once(tmp_path: Path):
    engine = make_engine(f"sqlite:///{tmp_path / 'counterpart.db'}")
    with engine.begin() as connection:
        upgrade(connection)
    done, stop = [], threading.Event()
    work = Recurring("tick", 0.01, lambda _session: "monday")

    def tick(_session: Session, job: Job) -> None:
        done.append(job.key)

    def worker() -> None:
        run_forever(session_factory(engine), {"tick": tick}, stop, 0.01, [work])

    workers = [threading.Thread(target=worker) for _ in range(4)]
    for one in workers:
        one.start()
    threading.Event().wait(1)
    stop.set()
    for one in workers:
        one.join()
    engine.dispose()

    assert done == ["tick:monday"]
