"""What is found by looking once a day, and before whom it is put: one table."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.models import User
from app.clocks.queries import due_list
from app.clocks.queries import visible as running
from app.clocks.schemas import ClockFilter, Due, Whose
from app.clocks.table import CLOCKS, ClockName, Unit, last_counted, length
from app.core.actor import Role
from app.core.db import utc_now
from app.core.paging import Paging
from app.core.settings import Settings
from app.notices.recipients import SYSTEM, Thing, accounts_of, every_officer, officers_of
from app.programmes.models import Programme, ProgrammeStatus
from app.programmes.queries import DUE, freshness
from app.referrals.attention import without_sight
from app.referrals.models import Referral

Looks = Callable[[Session, date, Settings], Sequence[Thing]]
OLDEST = timedelta(days=365)
_PAGE = 200


def unassured(session: Session, today: date, _settings: Settings) -> list[Thing]:
    """Programmes that are due, overdue or stale: the accounts of their organization, once for each."""
    in_use = Programme.status.in_([ProgrammeStatus.ACTIVE, ProgrammeStatus.SUSPENDED])
    late = Programme.assured_until.between(today - OLDEST, today + DUE)
    found = session.scalars(select(Programme).where(in_use, late).order_by(Programme.ref)).all()
    owners = {one.organization_id for one in found}
    accounts = {owner: accounts_of(session, [owner], Role.PARTNER) for owner in owners}
    return [
        Thing(one.id, f"{freshness(one, today)} {one.assured_until}", accounts[one.organization_id])
        for one in found
    ]


def without_consent(session: Session, _today: date, _settings: Settings) -> list[Thing]:
    """Live lines whose release ended by itself, which leaves no event: the officers of the need."""
    return [
        Thing(line.id, str(line.release_id), officers_of(session, [line.need_id]))
        for line in without_sight(session, SYSTEM)
    ]


def late_answers(session: Session, today: date, settings: Settings) -> list[Thing]:
    """Referrals whose answer is due today or late: the accounts of the organization, once."""
    clock = CLOCKS[ClockName.ANSWER]
    late = running(SYSTEM, clock, utc_now()).subquery()
    counted = last_counted(clock.unit, length(clock, settings), today)
    ids = select(late.c.place).where(late.c.counted_on <= counted)
    return [
        Thing(one.id, "late", accounts_of(session, [one.organization_id], Role.PARTNER))
        for one in session.scalars(select(Referral).where(Referral.id.in_(ids)).order_by(Referral.id))
    ]


def of_clock(name: ClockName) -> Looks:
    """What a clock says is due or late, or shows ahead: the officer on whose desk it is, else every officer."""
    ahead = CLOCKS[name].unit is Unit.AHEAD

    def look(session: Session, today: date, settings: Settings) -> list[Thing]:
        wanted = ClockFilter(clock=[name], whose=Whose.ALL, until=None if ahead else today)
        found = list(_all(session, wanted, settings))
        owners = _accounts(session, {due.responsible for due in found if due.responsible})
        return [
            Thing(
                UUID(due.id),
                str(due.due_on),
                {owners[due.responsible]} if due.responsible else every_officer(session),
            )
            for due in found
        ]

    return look


def _all(session: Session, wanted: ClockFilter, settings: Settings) -> Iterator[Due]:
    cursor: str | None = None
    while True:
        page = due_list(session, SYSTEM, wanted, Paging(_PAGE, cursor), settings)
        yield from page.items
        if (cursor := page.next) is None:
            return


def _accounts(session: Session, emails: set[str]) -> dict[str, UUID]:
    rows = session.execute(select(User.email, User.id).where(User.email.in_(emails)))
    return {row.email: row.id for row in rows}


LOOKS: Mapping[str, Looks] = {
    "programme.unassured": unassured,
    "consent.ended": without_consent,
    "referral.late": late_answers,
    **{f"clock.{name}": of_clock(name) for name in CLOCKS},
}
