"""How an export is marked: in a workbook's second sheet, in the name of every file and in the answer's headers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.db import utc_now
from app.core.documents import DISCLAIMER, NOT_ENDORSED
from app.core.marking import CTED_ALONE, RECIPIENT_ALONE
from app.exchange.models import ExportKind, Format
from app.organizations.models import Organization


@dataclass(frozen=True, slots=True)
class Marked:
    """What is said of one file: what it holds, its marking, for whom and of what day it is."""

    kind: ExportKind
    marking: str
    recipient: str
    made_on: date

    @property
    def about(self) -> Sequence[tuple[str, str]]:
        """The rows of a workbook's sheet “About”."""
        return (
            ("Marking", self.marking),
            ("For", self.recipient),
            ("Date", self.made_on.isoformat()),
            ("Holds", self.kind.value),
            ("Note", NOT_ENDORSED),
            ("Note", DISCLAIMER),
        )

    @property
    def headers(self) -> Mapping[str, str]:
        """The same in an answer's headers, which hold ASCII alone: what else a name has is percent-encoded."""
        return {
            "X-Counterpart-Marking": self.marking,
            "X-Counterpart-Recipient": quote(self.recipient, safe=" ,.()/&'"),
            "X-Counterpart-Date": self.made_on.isoformat(),
            "X-Counterpart-Notice": NOT_ENDORSED,
        }

    @property
    def told(self) -> Mapping[str, str]:
        """What the audit trail keeps of it."""
        return {"marking": self.marking, "recipient": self.recipient}

    def name(self, form: Format) -> str:
        """A name for the file that keeps the marking with it, as needs-2026-11-22-restricted-for-DONOR.csv."""
        level = self.marking.partition(":")[0].lower()
        return f"{self.kind}-{self.made_on}-{level}-for-{quote(self.recipient, safe='')}.{form}"


def marked(session: Session, actor: Actor, kind: ExportKind) -> Marked:
    """The marking of what the actor takes out now."""
    recipient = session.scalars(select(Organization.ref).where(Organization.id == actor.organization_id)).one()
    return Marked(kind, CTED_ALONE if actor.is_cted else RECIPIENT_ALONE, recipient, utc_now().date())
