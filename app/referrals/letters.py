"""Drafts of letters and notes verbales from text files in six languages, for a person to edit and to send.

Counterpart sends none of them. A file is `<language>/<kind>.txt`: a line is a paragraph, `# ` begins the title and
`## ` a heading. Files in the data folder's `letters/` stand before those of the package.
"""

import enum
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment
from sqlalchemy.orm import Session

from app.core.calendar import add_months
from app.core.db import utc_now
from app.core.documents import Document, Heading, Paragraph, Part
from app.core.errors import Conflict, Unavailable
from app.core.settings import Settings
from app.needs import previews
from app.needs.models import Need, ReleaseFields
from app.needs.service import newest
from app.referrals import letter_facts
from app.referrals.models import LineStatus, Referral, ReferralLine

_TEXTS = Path(__file__).with_name("letter_texts")
_DRAFT = {"en": "Draft", "fr": "Projet", "es": "Borrador", "ru": "Проект", "ar": "مشروع", "zh": "草稿"}


class Language(enum.StrEnum):
    AR = "ar"
    EN = "en"
    ES = "es"
    FR = "fr"
    RU = "ru"
    ZH = "zh"


class LetterKind(enum.StrEnum):
    """To the organization: conveyance, reminder. To the State: acceptance, inquiry."""

    CONVEYANCE = "conveyance"
    REMINDER = "reminder"
    ACCEPTANCE = "acceptance"
    INQUIRY = "inquiry"


_CONSENT = "consent"
TO_STATE = {LetterKind.ACCEPTANCE, LetterKind.INQUIRY}
# The lines that a letter is about.
_ABOUT: Mapping[LetterKind, frozenset[LineStatus]] = {
    LetterKind.CONVEYANCE: frozenset(LineStatus),
    LetterKind.REMINDER: frozenset({LineStatus.CONVEYED}),
    LetterKind.ACCEPTANCE: frozenset({LineStatus.TAKEN_UP}),
    LetterKind.INQUIRY: frozenset({LineStatus.IN_DELIVERY, LineStatus.COMPLETED}),
}


def of_referral(
    session: Session,
    settings: Settings,
    referral: Referral,
    kind: LetterKind,
    language: Language | None,
    state: str | None,
) -> Document:
    """Draft a letter about a referral: in `language`, or in that of the organization (English to a State).

    To a State it is about the lines of its own needs alone: `state` says which, where the needs are of several.
    To the organization it is about what the organization sees now. Raises Conflict where no such line is at the
    point that the letter is about, NotFound for another State.
    """
    code = language or Language(referral.organization.correspondence_language)
    if kind in TO_STATE:
        code = language or Language.EN
    lines = lines_of(session, referral, kind)
    states = letter_facts.states_of(session, lines) if kind in TO_STATE else []
    if kind in TO_STATE:
        lines, states = letter_facts.of_one_state(session, lines, states, state)
    if not lines:
        raise Conflict(f"No line of this referral is in sight, and at the point, for a letter of the kind {kind}")
    names = letter_facts.names(session, states, code)
    facts = {
        "organization": referral.organization.name,
        "reference": str(referral.id),
        "address": f"{settings.base_url.rstrip('/')}/referrals/{referral.id}",
        "day": utc_now().date().isoformat(),
        "conveyed_on": referral.conveyed_at.date().isoformat(),
        "answer_by": add_months(referral.conveyed_at.date(), settings.answer_months).isoformat(),
        "unconfirmed_days": settings.unconfirmed_days,
        "states": names,
        "lines": [letter_facts.line(session, line, code, kind in TO_STATE) for line in lines],
    }
    return _document(settings, kind, code, names or referral.organization.name, facts)


def lines_of(session: Session, referral: Referral, kind: LetterKind) -> list[ReferralLine]:
    """The lines at the point that a letter is about, to the organization of those alone whose need it sees now."""
    lines = [line for line in referral.lines if line.status in _ABOUT[kind]]
    return lines if kind in TO_STATE else letter_facts.in_sight(session, referral, lines)


def of_consent(
    session: Session,
    settings: Settings,
    need: Need,
    fields: ReleaseFields,
    audience: str,
    language: Language | None,
) -> Document:
    """Draft the note verbale that asks a State whether its need may be shown, with what would be shown."""
    code = language or Language.EN
    revision = newest(session, need)
    preview = previews.as_released(session, need, revision.number, fields)
    names = letter_facts.addressee(session, revision, code)
    facts = {
        "title": letter_facts.title(revision, code),
        "need": need.ref,
        "fields": fields.value,
        "audience": audience,
        "states": names,
        "day": utc_now().date().isoformat(),
        "shown": letter_facts.shown(preview.shown),
    }
    return _document(settings, _CONSENT, code, names, facts)


def _document(settings: Settings, kind: str, code: Language, recipient: str, facts: Mapping[str, Any]) -> Document:
    text = _rendered(settings, f"{code}/{kind}.txt", facts)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    title = next((line.removeprefix("# ") for line in lines if line.startswith("# ")), kind)
    parts = [_part(line) for line in lines if not line.startswith("# ")]
    notes = _rendered(settings, f"{code}/_notes.txt", {}).split("\n")
    return Document(title, _DRAFT[code], recipient, utc_now().date(), parts, code.value, notes)


def _rendered(settings: Settings, name: str, facts: Mapping[str, Any]) -> str:
    folders = [settings.data_dir / "letters", _TEXTS]
    environment = SandboxedEnvironment(
        loader=FileSystemLoader(folders), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    try:
        return environment.get_template(name).render(facts)
    except TemplateError as error:
        raise Unavailable(f"The letter's text file {name} cannot be read: {error}") from None


def _part(line: str) -> Part:
    return Heading(line.removeprefix("## ")) if line.startswith("## ") else Paragraph(line)
