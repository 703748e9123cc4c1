"""A meeting file: what it is about, for whom it is made, and its document."""

import enum
from dataclasses import dataclass
from urllib.parse import quote

from app.core.documents import Document


class FileKind(enum.StrEnum):
    STATE = "state"
    ORGANIZATION = "organization"
    DELEGATION = "delegation"


class Purpose(enum.StrEnum):
    """For officers, with everything; or to be handed over to the State itself."""

    OFFICERS = "officers"
    HANDOVER = "handover"


@dataclass(frozen=True, slots=True)
class MeetingFile:
    """One file that is about to go out; `ref` is the code of a State or the reference of an organization."""

    kind: FileKind
    ref: str
    document: Document
    purpose: Purpose = Purpose.OFFICERS

    @property
    def name(self) -> str:
        """The name of the file, without its ending."""
        return f"{self.kind}-{quote(self.ref, safe='')}-{self.document.made_on}"
