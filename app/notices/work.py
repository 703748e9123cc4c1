"""The background work of notices: reading new events soon after they happen, and due lists once a day."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.audit.service import newest_number
from app.core.db import utc_now
from app.core.jobs import Handler, Job, JobStatus, Recurring
from app.core.settings import Settings
from app.notices import reading
from app.notices.letters import poster
from app.notices.models import NoticeCursor

READ, LOOK = "notices.read", "notices.look"
READ_SECONDS, LOOK_SECONDS = 5.0, 60.0
_KEPT = timedelta(days=1)


def handlers(settings: Settings) -> Mapping[str, Handler]:
    """The jobs of this feature, by kind."""

    def read(session: Session, _job: Job) -> None:
        reading.read_events(session, settings)
        done = (Job.kind == READ) & (Job.status == JobStatus.DONE) & (Job.ended_at < utc_now() - _KEPT)
        session.execute(delete(Job).where(done))

    def look(session: Session, _job: Job) -> None:
        reading.look(session, settings)

    return {READ: read, LOOK: look, reading.POST: poster(settings)}


def recurring(settings: Settings) -> Sequence[Recurring]:
    """When that work is due. The hour in a name lets what failed for good be tried anew in the next one."""

    def unread(session: Session) -> str | None:
        number = session.scalar(select(NoticeCursor.number))
        is_new = number is not None and newest_number(session) > number
        return f"{number} {utc_now():%Y-%m-%dT%H}" if is_new else None

    def unlooked(session: Session) -> str | None:
        now, looked_on = utc_now(), session.scalar(select(NoticeCursor.looked_on))
        is_time = now.hour >= settings.notices_hour and looked_on != now.date()
        return f"{now:%Y-%m-%dT%H}" if is_time else None

    return (Recurring(READ, READ_SECONDS, unread), Recurring(LOOK, LOOK_SECONDS, unlooked))
