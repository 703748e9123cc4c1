"""The file for a delegation, computed as that delegation: it holds what it may see, and nothing else."""

from datetime import date

from sqlalchemy.orm import Session

from app.core.actor import Actor, Role
from app.core.db import utc_now
from app.core.documents import Document, Facts, Heading, Part, Table
from app.core.errors import NotFound
from app.core.marking import RECIPIENT_ALONE
from app.core.paging import Paging
from app.interest import listing
from app.interest import queries as interests
from app.interest.schemas import InterestFilter, InterestOut, NeedQuery
from app.needs import queries as needs
from app.needs.models import NeedStatus
from app.needs.schemas import NeedFilter, NeedFull, NeedPage, NeedSort, NeedView
from app.organizations import queries as organizations
from app.organizations.models import BuiltIn
from app.portfolio.coverage import coverage
from app.portfolio.files.parts import Words, bounded, day, spoken, titled

NEEDS, READY, INTERESTS, GAPS = 18, 6, 10, 8


def file_for(session: Session, actor: Actor, ref: str, working_days: int) -> Document:
    """Two pages for one delegation. Raises NotFound for an organization that funds nothing."""
    body, words = organizations.get(session, actor, ref), Words(session)
    if body.kind not in organizations.KINDS_OF[BuiltIn.DONORS]:
        raise NotFound("There is no such delegation")
    reader = Actor(Role.DONOR, body.id, label="file", may_write=False)
    parts = _parts(session, reader, words, working_days)
    return Document(f"Meeting file: {body.name}", RECIPIENT_ALONE, body.name, utc_now().date(), parts)


def _parts(session: Session, reader: Actor, words: Words, working_days: int) -> list[Part]:
    wanted = NeedFilter(status=[NeedStatus.OPEN], sort=NeedSort.PRIORITY)
    found = needs.listed(session, reader, wanted, Paging(NEEDS, count=True))
    return [
        Facts([("Open needs released to you", str(found.total or 0))]),
        Heading("Open needs released to you, by priority"),
        _needs(found, words),
        Heading("Ready to fund: the State consents, an organization is willing, money is missing"),
        _ready(session, reader, words),
        Heading("Your interests"),
        _interests(session, reader, working_days),
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


def _ready(session: Session, reader: Actor, words: Words) -> Table:
    wanted = NeedQuery(ready_to_fund=True, sort=NeedSort.PRIORITY)
    found = listing.listed(session, reader, wanted, Paging(READY, count=True))
    rows = [(titled(need.ref, need.title), words.place(need), _cost(need)) for need in found.items]
    columns = ("Need", "Where", "Indicative cost")
    return bounded(columns, rows, READY, "None at present.", (found.total or 0) - len(rows))


def _cost(need: NeedView) -> str:
    cost = need.indicative_cost if isinstance(need, NeedFull) else None
    if cost is None:
        return "not known"
    ends = [f"{amount:,.0f}" for amount in (cost["low"], cost["high"]) if amount is not None]
    return f"{cost['currency']} {' to '.join(ends)}"


def _interests(session: Session, reader: Actor, working_days: int) -> Table:
    """The delegation's own interests, with the status and outcome of what each funds."""
    found = interests.page(session, reader, InterestFilter(), Paging(INTERESTS, count=True))
    shown = interests.shown(session, reader, [row.Interest for row in found.rows], working_days)
    rows = [
        (
            titled(one.need, one.title) if one.title else "(not released to you any more)",
            spoken(one.kind),
            f"{one.currency} {one.amount:,.0f}" if one.amount is not None else "",
            spoken(one.status),
            _funded(one),
        )
        for one in shown
    ]
    columns = ("Need", "Interest", "Amount", "Status", "What it funds")
    return bounded(columns, rows, INTERESTS, "You have expressed none.", (found.total or 0) - len(rows))


def _funded(one: InterestOut) -> str:
    if one.referral is None:
        return ""
    outcome = one.referral.outcome
    return f"{spoken(one.referral.status)}: {spoken(outcome)}" if outcome else spoken(one.referral.status)


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
