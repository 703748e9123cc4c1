"""Dated notes on States (embargo, notification), kept by admins, acknowledged by whoever conveys. Never a gate."""

from sqlalchemy.orm import Session

from app.audit import service as audit
from app.core.actor import Actor
from app.core.errors import Invalid
from app.referrals.models import Advisory
from app.referrals.schemas import AdvisoryIn, AdvisoryPatch
from app.vocabularies.queries import check_code

FIELDS = ("country", "text", "source", "dated_on", "ended_on")


def create(session: Session, actor: Actor, values: AdvisoryIn) -> Advisory:
    """Store a note on a State. Raises Invalid for a State that does not exist, or an end before its day."""
    check_code(session, "country", values.country, "/country")
    note = Advisory(**values.model_dump())
    _check_dates(note)
    session.add(note)
    session.flush()
    audit.record(session, actor, "advisory.created", note, after=_facts(note))
    return note


def update(session: Session, actor: Actor, note: Advisory, values: AdvisoryPatch) -> Advisory:
    """Change what was sent. Raises Invalid for an end before its day."""
    before = _facts(note)
    for name, value in values.model_dump(exclude_unset=True).items():
        setattr(note, name, value)
    _check_dates(note)
    session.flush()
    after = _facts(note)
    if changed := [name for name in FIELDS if after[name] != before[name]]:
        old, new = ({name: side[name] for name in changed} for side in (before, after))
        audit.record(session, actor, "advisory.changed", note, old, new)
    return note


def _check_dates(note: Advisory) -> None:
    if note.ended_on is not None and note.ended_on < note.dated_on:
        raise Invalid.field("/ended_on", f"It cannot end before its day, {note.dated_on}")


def _facts(note: Advisory) -> dict[str, object]:
    return {name: getattr(note, name) for name in FIELDS}
