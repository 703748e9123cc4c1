"""The file for a delegation, computed as that delegation: it holds what it may see, and nothing else."""

from datetime import date

from sqlalchemy.orm import Session

from app.core.actor import Actor, Role
from app.core.db import utc_now
from app.core.documents import Document, Facts, Heading, Part, Table
from app.core.errors import NotFound
from app.core.marking import RECIPIENT_ALONE
from app.core.paging import Paging
from app.needs import queries as needs
from app.needs.models import NeedStatus
from app.needs.schemas import NeedFilter, NeedFull, NeedPage, NeedSort, NeedView
from app.organizations import queries as organizations
from app.organizations.models import BuiltIn
from app.portfolio.coverage import coverage
from app.portfolio.files.parts import Words, bounded, day, titled

NEEDS, GAPS = 20, 10


def file_for(session: Session, actor: Actor, ref: str) -> Document:
    """Two pages for one delegation. Raises NotFound for an organization that funds nothing."""
    body, words = organizations.get(session, actor, ref), Words(session)
    if body.kind not in organizations.KINDS_OF[BuiltIn.DONORS]:
        raise NotFound("There is no such delegation")
    reader = Actor(Role.DONOR, body.id, label="file", may_write=False)
    return Document(
        f"Meeting file: {body.name}", RECIPIENT_ALONE, body.name, utc_now().date(), _parts(session, reader, words)
    )


def _parts(session: Session, reader: Actor, words: Words) -> list[Part]:
    wanted = NeedFilter(status=[NeedStatus.OPEN], sort=NeedSort.PRIORITY)
    found = needs.listed(session, reader, wanted, Paging(NEEDS, count=True))
    return [
        Facts([("Open needs released to you", str(found.total or 0))]),
        Heading("Open needs released to you, by priority"),
        _needs(found, words),
        Heading("Where needs released to you have no programme"),
        _gaps(session, reader, words),
    ]


def _needs(found: NeedPage, words: Words) -> Table:
    rows = [
        (
            titled(need.ref, need.title),
            words.place(need),
            words.all("theme", need.themes),
            words("priority", need.priority.value) if need.priority else "",
            day(_wanted_by(need)),
        )
        for need in found.items
    ]
    columns = ("Need", "Where", "Themes", "Priority", "Wanted by")
    return bounded(columns, rows, NEEDS, "No need is released to you at present.", (found.total or 0) - len(rows))


def _wanted_by(need: NeedView) -> date | None:
    return need.wanted_by if isinstance(need, NeedFull) else None


def _gaps(session: Session, reader: Actor, words: Words) -> Table:
    cells = [cell for cell in coverage(session, reader).cells if cell.without]
    rows = [
        (words("theme", cell.theme), words("region", cell.region), str(cell.needs), str(cell.without))
        for cell in sorted(cells, key=lambda cell: -cell.without)
    ]
    columns = ("Theme", "Region", "Needs", "Without any")
    return bounded(columns, rows, GAPS, "Each has a live programme of its theme in its place.")
