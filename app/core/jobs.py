"""Background work as rows: enqueued in the transaction of the change, claimed by one statement."""

import enum
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import structlog
from sqlalchemy import ColumnElement, Index, Select, String, false, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core.actor import Actor
from app.core.db import SessionFactory, utc_now
from app.core.errors import NotFound
from app.core.model import Base

log = structlog.get_logger()
ATTEMPTS = 5
# Between claiming and beginning: what runs holds its row, or SQLite's write lock, until its process dies.
LEASE = timedelta(minutes=1)


class JobStatus(enum.StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Job(Base):
    """One piece of work. `progress` is what its owner may be shown while it runs.

    `key` is what work that returns is known by, so that several workers enqueue it once.
    """

    __tablename__ = "job"
    __table_args__ = (Index(None, "status", "due_at"), Index("uq_job_key", "key", unique=True))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    kind: Mapped[str]
    key: Mapped[str | None] = mapped_column(String(200))
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)
    status: Mapped[JobStatus] = mapped_column(default=JobStatus.QUEUED)
    attempts: Mapped[int] = mapped_column(default=0)
    progress: Mapped[dict[str, Any]] = mapped_column(default=dict)
    message: Mapped[str | None]
    user_id: Mapped[UUID | None]
    enqueued_at: Mapped[datetime] = mapped_column(default=utc_now)
    due_at: Mapped[datetime] = mapped_column(default=utc_now)
    claimed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class Lost(Exception):
    """Every process that took a job up died before its end."""


Handler = Callable[[Session, Job], None]


@dataclass(frozen=True, slots=True)
class Recurring:
    """Work that returns. `due` only reads: it names the next time that is to be done now, or says None.

    A process asks it every `every` seconds. The same name is enqueued once, whoever asks.
    """

    kind: str
    every: float
    due: Callable[[Session], str | None]


def enqueue(session: Session, kind: str, user_id: UUID | None = None, **payload: Any) -> Job:
    """Add work to the caller's transaction: it exists only if the change that asked for it does."""
    job = Job(kind=kind, payload=payload, user_id=user_id)
    session.add(job)
    return job


def visible(actor: Actor) -> Select[Job]:
    """CTED sees all jobs; others those that their own account started. A key has started none."""
    if actor.is_cted:
        return select(Job)
    return select(Job).where(Job.user_id == actor.user_id if actor.user_id else false())


def get(session: Session, actor: Actor, job_id: UUID) -> Job:
    """Return one job. Raises NotFound."""
    job = session.scalar(visible(actor).where(Job.id == job_id))
    if job is None:
        raise NotFound("There is no such job")
    return job


def run_pending(open_session: SessionFactory, handlers: Mapping[str, Handler]) -> int:
    """Run every job that is due, each in its own transaction; return how many were run."""
    count = 0
    while (claimed := _claim(open_session)) is not None:
        _run(open_session, handlers, *claimed)
        count += 1
    return count


def enqueue_recurring(open_session: SessionFactory, recurring: Recurring) -> bool:
    """Enqueue what is due and nobody has enqueued yet; say whether that was done."""
    with open_session(False) as session, session.begin():
        named = recurring.due(session)
        key = f"{recurring.kind}:{named}"
        if named is None or session.scalar(select(Job.id).where(Job.key == key)) is not None:
            return False  # an idle worker never takes SQLite's write lock
    try:
        with open_session(True) as session, session.begin():
            session.add(Job(kind=recurring.kind, key=key, payload={}))
    except IntegrityError:
        return False  # another worker was faster
    return True


def settle(session: Session, kind: str) -> None:
    """Mark what is queued of `kind` as done, because something larger has done all of it."""
    queued = (Job.kind == kind) & (Job.status == JobStatus.QUEUED)
    session.execute(update(Job).where(queued).values(status=JobStatus.DONE, ended_at=utc_now()))


def run_forever(
    open_session: SessionFactory,
    handlers: Mapping[str, Handler],
    stop: threading.Event,
    pause: float = 0.5,
    recurring: Sequence[Recurring] = (),
) -> None:
    """Run jobs as they come until `stop` is set; look again every `pause` seconds, and for what returns."""
    next_look = dict.fromkeys(recurring, 0.0)
    while not stop.is_set():
        try:
            for work, moment in next_look.items():
                if time.monotonic() >= moment:
                    next_look[work] = time.monotonic() + work.every
                    enqueue_recurring(open_session, work)
            run_pending(open_session, handlers)
        except Exception:
            log.exception("the worker could not reach its jobs")
        stop.wait(pause)


def overdue(at: datetime) -> ColumnElement[bool]:
    """Whether a job was claimed so long ago that its process has died, or none is there to take it up again."""
    return (Job.status == JobStatus.RUNNING) & (Job.claimed_at < at - LEASE)


def _claim(open_session: SessionFactory) -> tuple[UUID, int] | None:
    """Claim the first job that is due, or lost by a process that died; return its id and its attempt."""
    now = utc_now()
    due = ((Job.status == JobStatus.QUEUED) & (Job.due_at <= now)) | overdue(now)
    with open_session(False) as session, session.begin():
        if session.scalar(select(Job.id).where(due).limit(1)) is None:
            return None  # an idle worker never takes SQLite's write lock
    first = select(Job.id).where(due).order_by(Job.due_at).limit(1).with_for_update(skip_locked=True)
    claim = (
        update(Job)
        .where(Job.id == first.scalar_subquery())
        .values(status=JobStatus.RUNNING, claimed_at=now, attempts=Job.attempts + 1)
        .returning(Job.id, Job.attempts)
    )
    with open_session(True) as session, session.begin():
        claimed = session.execute(claim).first()
    return (claimed.id, claimed.attempts) if claimed else None


def _run(open_session: SessionFactory, handlers: Mapping[str, Handler], job_id: UUID, attempt: int) -> None:
    try:
        with open_session(True) as session, session.begin():
            job = session.get_one(Job, job_id, with_for_update=True)
            if job.status is not JobStatus.RUNNING or job.attempts != attempt:
                return  # this process was away for so long that another took the job up
            if attempt > ATTEMPTS:
                raise Lost
            handlers[job.kind](session, job)
            job.status, job.ended_at, job.message = JobStatus.DONE, utc_now(), None
    except Exception as error:
        log.exception("job failed", job=str(job_id))
        with open_session(True) as session, session.begin():
            _failed(session.get_one(Job, job_id), error)


def _failed(job: Job, error: Exception) -> None:
    again = job.attempts < ATTEMPTS
    job.status = JobStatus.QUEUED if again else JobStatus.FAILED
    job.message = f"{type(error).__name__}: attempt {job.attempts} of {ATTEMPTS} failed"
    job.due_at = utc_now() + timedelta(seconds=2**job.attempts)
    job.ended_at = None if again else utc_now()
