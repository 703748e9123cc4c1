"""Writes and sends the letters: references and links alone, and only what the reader may be told when it is sent.

A letter is sent at most once. A server that cannot be reached or refuses is asked again; where the process or the
line died while the server might have taken the letter, it is marked unclear and never repeated: what it said is on
the reader's page, and `counterpart check` names it.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.access.models import User
from app.core import jobs
from app.core.db import utc_now
from app.core.jobs import Handler, Job, JobStatus
from app.core.mail import Letter, Unclear, send
from app.core.settings import Settings
from app.notices import assurance
from app.notices.models import Delivery, LetterStatus, Notice, NoticeKind, NoticeLetter
from app.notices.queries import Waiting, still_waiting
from app.notices.reading import POST, choices_of
from app.notices.recipients import actor_of

ATTEMPTS = 8
MOST = 50


def poster(settings: Settings) -> Handler:
    """Return what the worker does for POST: send one letter."""

    def post(session: Session, job: Job) -> None:
        letter = session.get(NoticeLetter, UUID(job.payload["letter_id"]), with_for_update=True)
        if letter is None or letter.status is not LetterStatus.QUEUED:
            return
        if job.attempts > 1:
            _end(letter, LetterStatus.UNCLEAR, "the process died while it was sent")
        else:
            _send(session, settings, letter)

    return post


def write(session: Session, settings: Settings, letter: NoticeLetter) -> Letter | None:
    """The letter as it is now, or None where its account is disabled or nothing of it waits any more."""
    user = session.get_one(User, letter.user_id)
    if user.disabled_at is not None or not settings.smtp_url:
        return None
    waiting = _to_tell(session, user, letter)
    if not waiting:
        return None
    lines = [line for one in waiting[:MOST] for line in _lines(session, settings, user, one)]
    if len(waiting) > MOST:
        lines.append(f"And {len(waiting) - MOST} more.\n")
    text = _TEXT.format(lines="\n".join(lines), page=f"{_base(settings)}/notices")
    return Letter(user.email, _subject(waiting, letter.is_digest), text, id=f"notice-{letter.id.hex}")


_TEXT = """{lines}
Sign in to read more: a letter holds references alone. What waits, and which of it is mailed to you:
{page}
"""


def _send(session: Session, settings: Settings, letter: NoticeLetter) -> None:
    links = session.begin_nested()  # those of a letter that was not taken are forgotten with it
    written = write(session, settings, letter)
    if written is None:
        _end(letter, LetterStatus.DROPPED, "nothing of it may still be told")
        return links.commit()
    try:
        send(settings, written)
    except Unclear as error:
        _end(letter, LetterStatus.UNCLEAR, type(error).__name__)
    except (OSError, ValueError) as error:
        links.rollback()
        return _try_again(session, letter, error)
    else:
        _end(letter, LetterStatus.SENT, "")
    return links.commit()


def _try_again(session: Session, letter: NoticeLetter, error: Exception) -> None:
    """Later, as a new job. The other letters wait too, so that a dead server does not hold up other work."""
    letter.attempts += 1
    letter.message = f"{type(error).__name__}: attempt {letter.attempts} of {ATTEMPTS} failed"
    if letter.attempts >= ATTEMPTS:
        _end(letter, LetterStatus.FAILED, letter.message)
        return
    later = utc_now() + timedelta(minutes=2 ** (letter.attempts - 1))
    jobs.enqueue(session, POST, letter_id=str(letter.id)).due_at = later
    waiting = (Job.kind == POST) & (Job.status == JobStatus.QUEUED) & (Job.due_at < utc_now() + _PAUSE)
    session.execute(update(Job).where(waiting).values(due_at=utc_now() + _PAUSE))


_PAUSE = timedelta(minutes=1)


def _end(letter: NoticeLetter, status: LetterStatus, message: str) -> None:
    letter.status, letter.message, letter.ended_at = status, message, utc_now()


def _to_tell(session: Session, user: User, letter: NoticeLetter) -> Sequence[Waiting]:
    """What of a letter still waits, is still seen, and is still wanted by e-mail."""
    notices = session.scalars(select(Notice).where(Notice.letter_id == letter.id).order_by(Notice.made_at)).all()
    choices = choices_of(session, user)
    wanted = [
        notice
        for notice in notices
        if notice.seen_at is None and choices.get(notice.kind, Delivery.NONE) is not Delivery.NONE
    ]
    return still_waiting(session, actor_of(user), wanted)


def _lines(session: Session, settings: Settings, user: User, one: Waiting) -> list[str]:
    about = f"{one.says}: {one.told.ref}" if one.told.ref else one.says
    found = [about, f"{_base(settings)}{one.told.path}"]
    if one.notice.kind is NoticeKind.FRESHNESS:
        address = assurance.make_link(session, settings, user, one.notice.subject_id)
        found.append(f"If all of it is right today, say so on this page, without signing in:\n{address}")
    return ["\n".join(found) + "\n"]


def _subject(waiting: Sequence[Waiting], is_digest: bool) -> str:
    if len(waiting) == 1:
        return f"Counterpart: {waiting[0].says[0].lower()}{waiting[0].says[1:]}"
    return f"Counterpart: {len(waiting)} notices{' of the day' if is_digest else ''}"


def _base(settings: Settings) -> str:
    return settings.base_url.rstrip("/")
