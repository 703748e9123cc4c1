"""Read background jobs over HTTP: CTED all of them, everybody else their own."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict

from app.access.permissions import Permission, Requires
from app.core import jobs
from app.core.actor import Actor
from app.core.db import SessionDep
from app.core.http import next_path
from app.core.jobs import Job, JobStatus
from app.core.paging import Key, Page, PagingDep, paginate, set_link

router = APIRouter(tags=["jobs"])
Reader = Annotated[Actor, Depends(Requires(Permission.JOB_READ))]
NEWEST_FIRST = (Key(Job.enqueued_at, descending=True), Key(Job.id))


class JobOut(BaseModel):
    """A job as its owner may see it: how far it is, not what it was given."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: str
    status: JobStatus
    attempts: int
    progress: dict[str, Any]
    message: str | None
    enqueued_at: datetime
    due_at: datetime
    ended_at: datetime | None


@router.get("/jobs", response_model=Page[JobOut])
def list_jobs(
    request: Request, response: Response, actor: Reader, session: SessionDep, paging: PagingDep
) -> Page[JobOut]:
    """List background jobs, newest first."""
    found = paginate(session, jobs.visible(actor), NEWEST_FIRST, paging)
    set_link(response, next_path(request), found)
    items = [JobOut.model_validate(row[0]) for row in found.rows]
    return Page(items=items, next=found.next, total=found.total)


@router.get("/jobs/{job_id}", response_model=JobOut)
def read_job(actor: Reader, session: SessionDep, job_id: UUID) -> Job:
    """Read one job: its status and its progress."""
    return jobs.get(session, actor, job_id)
