"""The file on an organization: what it was asked, what it owes an answer, and how fresh its programmes are.

It can be given to that organization: needs are read as it sees them, and nothing of others is in it.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.db import utc_now
from app.core.documents import Document, Facts, Heading, Part, Table
from app.core.marking import RECIPIENT_ALONE
from app.needs import queries as needs
from app.needs.schemas import NeedView
from app.organizations import queries as organizations
from app.portfolio.files import records
from app.portfolio.files.parts import bounded, day, short, spoken, titled
from app.programmes import queries as programmes
from app.programmes.models import Programme, ProgrammeStatus
from app.referrals.models import ReferralLine, Side
from app.referrals.queries import reader_of

WAITING, REFERRALS, PROGRAMMES = 10, 12, 12
HIDDEN = "(not released to you any more)"


def file_on(session: Session, actor: Actor, ref: str, answer_months: int) -> Document:
    """Two pages on one organization. Raises NotFound."""
    body, today = organizations.get(session, actor, ref), utc_now().date()
    lines = records.lines_to(session, actor, body.id)
    seen = needs.views(session, reader_of(body.id), {line.need_id for line in lines})
    offers = _programmes(session, actor, body.id)
    waiting = [line for line in lines if records.answer_due(line, answer_months)]
    parts: list[Part] = [
        Facts(_facts(lines, waiting, offers, today, answer_months)),
        Heading("Waiting for your answer"),
        _waiting(waiting, seen, today, answer_months),
        Heading("Referrals to you"),
        _referrals([line for line in lines if line not in waiting], seen),
        Heading("Your programmes, the least lately assured first"),
        _freshness(offers, today),
    ]
    return Document(f"Meeting file: {body.name}", RECIPIENT_ALONE, body.name, today, parts)


def _programmes(session: Session, actor: Actor, organization_id: UUID) -> Sequence[Programme]:
    own = programmes.visible(actor).where(
        Programme.organization_id == organization_id, Programme.status != ProgrammeStatus.ENDED
    )
    return session.scalars(own.order_by(Programme.assured_until, Programme.ref)).all()


def _facts(
    lines: Sequence[ReferralLine],
    waiting: Sequence[ReferralLine],
    offers: Sequence[Programme],
    on: date,
    months: int,
) -> list[tuple[str, str]]:
    late = sum((records.answer_due(line, months) or on) < on for line in waiting)
    return [
        ("Referrals under way", str(sum(records.is_live(line) for line in lines))),
        ("Answers due", f"{len(waiting)}, of which {late} overdue"),
        ("Programmes", str(len(offers))),
    ]


def _waiting(lines: Sequence[ReferralLine], seen: Mapping[UUID, NeedView], on: date, months: int) -> Table:
    def due(line: ReferralLine) -> date:
        return records.answer_due(line, months) or on

    rows = [
        (_need(line, seen), short(line.pairing.programme.title), day(line.conveyed_at), _said(due(line), on))
        for line in sorted(lines, key=due)
    ]
    return bounded(("Need", "Programme", "Conveyed", "Answer due"), rows, WAITING, "You owe no answer.")


def _said(due: date, on: date) -> str:
    return f"{day(due)}, overdue" if due < on else day(due)


def _referrals(lines: Sequence[ReferralLine], seen: Mapping[UUID, NeedView]) -> Table:
    rows = [
        (_need(line, seen), short(line.pairing.programme.title), spoken(line.status), _reported(line))
        for line in lines
    ]
    columns = ("Need", "Programme", "Status", "You reported")
    return bounded(columns, rows, REFERRALS, "Nothing else was referred to you.")


def _need(line: ReferralLine, seen: Mapping[UUID, NeedView]) -> str:
    view = seen.get(line.need_id)
    return titled(view.ref, view.title) if view else HIDDEN


def _reported(line: ReferralLine) -> str:
    own = [one.outcome for one in line.outcomes if one.side is Side.ORGANIZATION]
    return spoken(own[-1]) if own else ""


def _freshness(offers: Sequence[Programme], on: date) -> Table:
    rows = [
        (
            titled(one.ref, one.title),
            spoken(one.status),
            spoken(programmes.freshness(one, on)),
            day(one.assured_until),
        )
        for one in offers
    ]
    columns = ("Programme", "Status", "Freshness", "Assured until")
    return bounded(columns, rows, PROGRAMMES, "No programme is registered.")
