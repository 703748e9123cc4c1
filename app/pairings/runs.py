"""Runs of the matcher over the open needs: in batches, each one transaction, so that a crash leaves no half."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.audit.models import AuditEvent
from app.core import jobs
from app.core.actor import Actor
from app.core.db import SessionFactory, utc_now
from app.core.jobs import ATTEMPTS, Handler, Job, JobStatus
from app.needs.models import Need, NeedStatus
from app.organizations.models import Organization
from app.pairings.models import MatchRun, RunStatus
from app.pairings.proposing import (
    NOTHING_AHEAD,
    SYSTEM,
    Stated,
    bring_up_to_date,
    open_needs,
    propose_for_need,
    propose_programme,
)
from app.pairings.ranking import FULL_RUN, MODEL_CHANGED, Ahead, Engine, Ranking, StatedNeed, stated
from app.pairings.schemas import MatchRunOut
from app.programmes.models import Programme

log = structlog.get_logger()
BATCH = 25
PAGE = 1_000
JOB = "match.run"
PATIENCE = timedelta(minutes=5)  # a batch takes seconds


class Stopped(Exception):
    """The process of a run ended before it did."""


def begin(session: Session, actor: Actor, full: bool) -> MatchRun:
    """Record a run. A full one makes every process fit its index anew, because they all read the event.

    Runs whose process has died are marked as failed.
    """
    for lost in abandoned(session):
        fail(lost, Stopped())
    run = MatchRun(full=full, started_by_id=actor.user_id)
    session.add(run)
    session.flush()
    audit.record(session, actor, FULL_RUN if full else "match_run.begun", run)
    return run


def abandoned(session: Session) -> list[MatchRun]:
    """Runs under way that no job continues and that nobody has brought further for some minutes."""
    live = select(Job.payload).where(Job.kind == JOB, Job.status.in_([JobStatus.QUEUED, JobStatus.RUNNING]))
    continued = {payload.get("run_id") for payload in session.scalars(live)}
    under_way = select(MatchRun).where(MatchRun.status.in_([RunStatus.QUEUED, RunStatus.RUNNING]))
    late = utc_now() - PATIENCE
    return [
        run
        for run in session.scalars(under_way.order_by(MatchRun.queued_at))
        if str(run.id) not in continued and _last_step(session, run) < late
    ]


def request(session: Session, actor: Actor, full: bool) -> MatchRun:
    """Record a run and leave it to the worker."""
    run = begin(session, actor, full)
    jobs.enqueue(session, JOB, actor.user_id, run_id=str(run.id))
    return run


def run(
    open_session: SessionFactory,
    ranking: Ranking,
    actor: Actor,
    full: bool,
    progress: Callable[[MatchRunOut], None] = lambda state: None,
    engine: Engine | None = None,
) -> MatchRunOut:
    """Run the matcher here and now; `progress` is told after each batch. Interrupted, what is done is kept.

    Another `engine` ranks the needs ahead of the batches; what is stored is the same.
    """
    with open_session(True) as session, session.begin():
        run_id = begin(session, actor, full).id
    last: UUID | None = None
    try:
        ahead = _ahead(open_session, ranking, run_id, engine) if engine else NOTHING_AHEAD
        while True:
            ahead.reach(last, BATCH)
            with open_session(True) as session, session.begin():
                current = session.get_one(MatchRun, run_id)
                last = run_batch(session, ranking, current, last, ahead)
                state = MatchRunOut.model_validate(current)
            progress(state)
            if state.status is RunStatus.DONE:
                return state
    except BaseException as error:
        with open_session(True) as session, session.begin():
            fail(session.get_one(MatchRun, run_id), error)
        raise


def run_batch(
    session: Session, ranking: Ranking, run: MatchRun, after: UUID | None, ahead: Ahead = NOTHING_AHEAD
) -> UUID | None:
    """Bring the next needs of a run up to date; return the id of the last one, or None when the run is done."""
    index = ranking.current(session)
    wanted = _wanted(session, run)
    if run.status is RunStatus.QUEUED:
        run.status, run.model, run.seen_event = RunStatus.RUNNING, index.model.name, index.seen
        run.needs_total = _count(session, wanted)
    batch = open_needs(session, wanted, after, BATCH)
    tally = bring_up_to_date(session, index, batch, True, ahead)
    run.needs_done += len(batch)
    run.new += len(tally.new)
    run.kept += tally.kept
    run.superseded += len(tally.superseded)
    if len(batch) < BATCH:
        run.status, run.ended_at = RunStatus.DONE, utc_now()
    session.flush()
    audit.record(session, SYSTEM, "match_run.batch", run, after={"needs": _refs(batch), **tally.changed})
    return None if run.status is RunStatus.DONE else batch[-1].need.id


def fail(run: MatchRun, error: BaseException) -> None:
    """Say that a run did not reach its end."""
    run.status, run.ended_at = RunStatus.FAILED, utc_now()
    run.message = f"{type(error).__name__} after {run.needs_done} of {run.needs_total} needs; what is done is kept"


def handlers(ranking: Ranking) -> Mapping[str, Handler]:
    """The background work of this feature, by kind of job."""

    def need_changed(session: Session, job: Job) -> None:
        propose_for_need(session, ranking, UUID(job.payload["need_id"]))

    def programme_changed(session: Session, job: Job) -> None:
        propose_programme(session, ranking, UUID(job.payload["programme_id"]))

    def run_asked(session: Session, job: Job) -> None:
        _continue(session, ranking, job)

    return {"match.need": need_changed, "match.programme": programme_changed, JOB: run_asked}


def _continue(session: Session, ranking: Ranking, job: Job) -> None:
    """Do one batch and enqueue the next, so that other work and other writers have their turn in between."""
    current = session.get_one(MatchRun, UUID(job.payload["run_id"]))
    after = job.payload.get("after")
    try:
        with session.begin_nested():
            last = run_batch(session, ranking, current, UUID(after) if after else None)
    except Exception as error:
        if job.attempts < ATTEMPTS:
            raise
        log.exception("match run failed", run=str(current.id))
        fail(current, error)
        return
    if last is not None:
        jobs.enqueue(session, JOB, job.user_id, run_id=str(current.id), after=str(last))


def _ahead(open_session: SessionFactory, ranking: Ranking, run_id: UUID, engine: Engine) -> Ahead:
    with open_session(False) as session:
        index = ranking.current(session)
    return Ahead(index, engine(index, _stated_needs(open_session, run_id)))


def _stated_needs(open_session: SessionFactory, run_id: UUID) -> Iterator[StatedNeed]:
    """What the needs of a run say, read page by page, so that no transaction stays open."""
    after: UUID | None = None
    while True:
        with open_session(False) as session:
            page = open_needs(session, _wanted(session, session.get_one(MatchRun, run_id)), after, PAGE)
            read = [stated(one.need.id, one.revision) for one in page]
        yield from read
        if len(read) < PAGE:
            return
        after = UUID(read[-1].id)


def _wanted(session: Session, run: MatchRun) -> list[UUID] | None:
    """The needs that a run looks at: None for all, or those changed since the last run where nothing else did."""
    ended = select(MatchRun).where(MatchRun.status == RunStatus.DONE, MatchRun.queued_at < run.queued_at)
    last = session.scalar(ended.order_by(MatchRun.queued_at.desc()).limit(1))
    if run.full or last is None or last.seen_event is None or last.queued_at.date() != utc_now().date():
        return None
    since = select(AuditEvent.subject_id).where(
        AuditEvent.number > last.seen_event, AuditEvent.action.not_like("match%")
    )
    sides = AuditEvent.subject_type.in_([Programme.__name__, Organization.__name__])
    if session.scalar(since.where(or_(sides, AuditEvent.action == MODEL_CHANGED)).limit(1)) is not None:
        return None
    changed = session.scalars(since.where(AuditEvent.subject_type == Need.__name__).distinct())
    return [UUID(subject) for subject in changed]


def _last_step(session: Session, run: MatchRun) -> datetime:
    steps = (AuditEvent.subject_type == MatchRun.__name__) & (AuditEvent.subject_id == str(run.id))
    return session.scalar(select(func.max(AuditEvent.at)).where(steps)) or run.queued_at


def _count(session: Session, wanted: list[UUID] | None) -> int:
    count: Any = select(func.count()).select_from(Need).where(Need.status == NeedStatus.OPEN)
    return session.scalar(count if wanted is None else count.where(Need.id.in_(wanted))) or 0


def _refs(batch: list[Stated]) -> list[str]:
    return [one.need.ref for one in batch]
