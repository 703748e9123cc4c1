"""A held act as the second officer reads it: what was asked in words, and every text that it would show."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.clearances.models import Act, Clearance
from app.core.errors import NotFound
from app.needs import previews
from app.needs.models import Need, Release, ReleaseFields
from app.needs.release_schemas import Preview
from app.pairings.models import Pairing
from app.programmes.models import Programme

Told = tuple[str, str]


def told(session: Session, clearance: Clearance) -> list[Told]:
    """What was asked, as pairs of a name and what it says; nothing that was left out."""
    asked = clearance.body["asked"]
    rows = _of_referral(session, asked) if clearance.act is Act.REFERRAL else _of_release(session, clearance)
    return [(name, value) for name, value in rows if value]


def texts(session: Session, clearance: Clearance) -> list[tuple[str, int, ReleaseFields]]:
    """Each need whose text the act would show, with its revision and field set."""
    body: Mapping[str, Any] = clearance.body
    asked = body["asked"]
    if clearance.act is Act.REFERRAL:
        return [(ref, revision, ReleaseFields.FULL) for ref, revision in body["texts"].items()]
    if clearance.act is Act.ASSESSMENT_RELEASES:
        fields = ReleaseFields(asked["fields"])
        return [(ref, revision, fields) for ref, revision in asked["revisions"].items()]
    fields = asked.get("fields") or _extended(session, clearance).fields
    return [(body["need"], asked["revision"], ReleaseFields(fields))]


def preview(session: Session, ref: str, revision: int, fields: ReleaseFields) -> Preview:
    """What the audience would read of a need. Raises NotFound."""
    need = session.scalar(select(Need).where(Need.ref == ref))
    if need is None:
        raise NotFound(f"There is no need {ref}")
    return previews.as_released(session, need, revision, fields)


def _of_release(session: Session, clearance: Clearance) -> Iterator[Told]:
    asked = clearance.body["asked"]
    if clearance.act is Act.EXTENSION:
        extended = _extended(session, clearance)
        yield "Audience", extended.group.name if extended.group else ""
        yield "In place of", f"revision {extended.revision}, which it sees now"
    else:
        yield "Audience", str(asked["audience"].get("group", ""))
        yield "But not", ", ".join(asked.get("except", ()))
        yield "Shows", {"full": "everything releasable", "summary": "a summary"}[asked["fields"]]
    yield from _permission(asked)


def _of_referral(session: Session, asked: Mapping[str, Any]) -> Iterator[Told]:
    ids = [UUID(one) for one in asked["pairings"]]
    pairs = select(Need.ref, Programme.ref, Programme.title).select_from(Pairing)
    pairs = pairs.join(Need, Need.id == Pairing.need_id).join(Programme, Programme.id == Pairing.programme_id)
    yield "Letter to", asked["organization"]
    for need, programme, title in session.execute(pairs.where(Pairing.id.in_(ids)).order_by(Need.ref)).all():
        yield "Line", f"{need} by {programme}, {title}"
    yield "Together with", ", ".join(asked.get("co_implementers", ()))
    yield "Funds", ", ".join(asked.get("funds", ()))
    yield "Note", asked.get("note", "")
    yield from _permission(asked.get("release") or {})


def _permission(asked: Mapping[str, Any]) -> Iterator[Told]:
    yield "Basis", asked.get("basis", "").replace("_", " ")
    yield "Reference", asked.get("reference", "")
    yield "Its document", asked.get("document_url") or ""
    yield "From", asked.get("from") or ""
    yield "Until", asked.get("until") or ""
    for consent in asked.get("consents", ()):
        yield f"Consent of {consent['country']}", consent["reference"]


def _extended(session: Session, clearance: Clearance) -> Release:
    return session.get_one(Release, UUID(clearance.body["release"]))
