"""Make a meeting file and leave an event of it: the one door of the API and the pages."""

from sqlalchemy.orm import Session

from app.audit.notes import Print, note
from app.core.actor import Actor
from app.core.db import SessionFactory
from app.core.documents import DocumentFormat
from app.core.settings import Settings
from app.portfolio.files import delegation, organization, state
from app.portfolio.files.kinds import FileKind, MeetingFile, Purpose


def make(
    session: Session,
    actor: Actor,
    kind: FileKind,
    ref: str,
    settings: Settings,
    purpose: Purpose = Purpose.OFFICERS,
) -> MeetingFile:
    """The file on a State, an organization or a delegation. Raises NotFound for what is none."""
    if kind is FileKind.STATE and purpose is Purpose.HANDOVER:
        document = state.to_hand_over(session, actor, ref)
    elif kind is FileKind.STATE:
        document = state.for_officers(session, actor, ref, settings)
    elif kind is FileKind.ORGANIZATION:
        document = organization.file_on(session, actor, ref, settings.answer_months)
    else:
        document = delegation.file_for(session, actor, ref, settings.interest_working_days)
    return MeetingFile(kind, ref, document, purpose)


def leave_note(
    open_session: SessionFactory, actor: Actor, made: MeetingFile, form: DocumentFormat, request_id: str
) -> None:
    """Leave the event that a file goes out."""
    document = made.document
    told = {"kind": made.kind, "for": made.purpose, "recipient": document.recipient, "marking": document.marking}
    note(open_session, actor, "file.printed", Print(made.kind, made.ref), {**told, "form": form}, request_id)
