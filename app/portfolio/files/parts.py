"""What the meeting files share: tables that stay within two pages, and words instead of codes."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from app.core.documents import Table
from app.needs.models import Priority
from app.needs.schemas import NeedFull, NeedView
from app.vocabularies import queries as vocabularies

LONGEST = 80
PRIORITIES = {Priority.HIGH: 0, Priority.MEDIUM: 1, Priority.LOW: 2}


class Words:
    """Labels of codes in English, read once for a document."""

    def __init__(self, session: Session) -> None:
        self._labels = vocabularies.labels(session, "en")

    def __call__(self, kind: str, code: str) -> str:
        return self._labels.get((kind, code), code)

    def all(self, kind: str, codes: Iterable[str]) -> str:
        return ", ".join(self(kind, code) for code in codes)

    def place(self, need: NeedView) -> str:
        """The recipient where it is shown, or else the region alone."""
        if not isinstance(need, NeedFull):
            return self.all("region", need.regions)
        recipient = need.recipient
        if "countries" in recipient:
            return self.all("country", recipient["countries"])
        return (
            self("region", recipient["region"])
            if "region" in recipient
            else f"members of {recipient['members_of']}"
        )


def bounded(
    columns: Sequence[str], rows: Sequence[Sequence[str]], most: int, otherwise: str, left_out: int = 0
) -> Table:
    """A table of at most `most` rows; how many there are beyond is said below it."""
    return Table(columns, rows[:most], otherwise, left_out + max(0, len(rows) - most))


def short(text: str) -> str:
    """The text, cut where it would take more than two lines of a column."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"


def titled(ref: str, title: str) -> str:
    return f"{ref}: {short(title)}"


def day(value: date | datetime | None) -> str:
    """A day as 3 May 2026; nothing for none."""
    return f"{value.day} {value:%b %Y}" if value else ""


def spoken(value: object) -> str:
    return str(value).replace("_", " ")
