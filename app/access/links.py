"""Single-use links by which somebody sets a password. Only the SHA-256 of a link's secret is ever stored."""

import secrets
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.access.authentication import sha256
from app.access.models import LinkPurpose, SignInLink, User
from app.core.db import utc_now
from app.core.jobs import Handler, Job, enqueue
from app.core.mail import Letter, send
from app.core.settings import Settings

JOB = "mail.link"
_SUBJECTS = {
    LinkPurpose.INVITATION: "Your account in Counterpart",
    LinkPurpose.RESET: "A new password for Counterpart",
}
_TEXT = """Open this address within {hours} hours to choose your password:

{address}

It works once. If you did not expect this letter, do nothing: nobody can sign in with it alone after that.
"""


def make_link(session: Session, settings: Settings, user: User, purpose: LinkPurpose) -> str:
    """Return the address of a new link for `user`; the ones made before stop working."""
    secret = secrets.token_urlsafe(32)
    end_links(session, user.id)
    ends = utc_now() + timedelta(hours=settings.link_hours)
    session.add(SignInLink(user_id=user.id, purpose=purpose, token_hash=sha256(secret), expires_at=ends))
    return f"{settings.base_url.rstrip('/')}/link/{secret}"


def give_link(session: Session, settings: Settings, user: User, purpose: LinkPurpose) -> str | None:
    """Have a link mailed, or, where no mail server is set, return its address for whoever asked to pass on."""
    if settings.smtp_url:
        post_link(session, user, purpose)
        return None
    return make_link(session, settings, user, purpose)


def find_user(session: Session, secret: str) -> User | None:
    """Return whose password a link may set, or None when it is unknown, used, past, or its account disabled."""
    found = select(User).join(SignInLink, SignInLink.user_id == User.id)
    usable = SignInLink.used_at.is_(None), SignInLink.expires_at > utc_now(), User.disabled_at.is_(None)
    return session.scalar(found.where(SignInLink.token_hash == sha256(secret), *usable))


def end_links(session: Session, user_id: UUID) -> None:
    """Make every link of an account unusable."""
    unused = SignInLink.user_id == user_id, SignInLink.used_at.is_(None)
    session.execute(update(SignInLink).where(*unused).values(used_at=utc_now()))


def post_link(session: Session, user: User, purpose: LinkPurpose) -> None:
    """Ask the worker to mail a link. The job names the account alone: the secret is made when it is sent."""
    enqueue(session, JOB, account_id=str(user.id), purpose=purpose.value)


def link_mailer(settings: Settings) -> Handler:
    """Return what the worker does for JOB: make a link, mail it, and forget it when mailing fails.

    A disabled account gets none; without a mail server there is nothing to do.
    """

    def mail_link(session: Session, job: Job) -> None:
        user = session.get(User, UUID(job.payload["account_id"]))
        if user is None or user.disabled_at is not None or not settings.smtp_url:
            return
        purpose = LinkPurpose(job.payload["purpose"])
        text = _TEXT.format(hours=settings.link_hours, address=make_link(session, settings, user, purpose))
        session.flush()
        send(settings, Letter(user.email, _SUBJECTS[purpose], text))

    return mail_link
