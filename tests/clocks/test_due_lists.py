"""Each clock runs from what starts it to what ends it, and is due on a day that can be counted by hand."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.clocks.briefing.models import Briefing
from app.clocks.queries import due_list
from app.clocks.schemas import ClockFilter, Due, Whose
from app.clocks.table import CLOCKS, ClockName, Unit, due_on, last_counted
from app.core.db import utc_now
from app.core.paging import Paging
from app.core.settings import Settings
from app.needs.models import Basis, NeedStatus, ReleaseFields
from app.pairings.models import Judgement, PairingStatus
from app.referrals.models import LineStatus, Side
from tests.clocks.conftest import Day, Maker, at
from tests.conftest import As

URL = "/api/v1/clocks"


class Desk:
    """Reads the due list as the officer, on a day and by settings of the test."""

    def __init__(self, session: Session, officer: As, settings: Settings) -> None:
        self.session, self.officer, self.settings = session, officer, settings

    def due(self, today: Day, *clocks: ClockName, **wanted: Any) -> list[Due]:
        asked = ClockFilter(clock=list(clocks), whose=Whose.ALL, **wanted)
        actor = self.officer.actor
        return due_list(self.session, actor, asked, Paging(200), self.settings, at(today)).items

    def said(self, today: Day, *clocks: ClockName) -> list[tuple[str, str, int]]:
        return [(one.ref, one.due_on.isoformat(), one.days) for one in self.due(today, *clocks)]


@pytest.fixture
def desk(session: Session, officer: As, settings: Settings) -> Desk:
    return Desk(session, officer, settings)


def test_the_state_has_thirty_days_for_observations_and_six_months_for_its_report(maker: Maker, desk: Desk):
    visit = maker.assessment("2026-08-31")

    assert desk.said("2026-09-29") == [(visit.ref, "2026-09-30", 1), (visit.ref, "2027-02-28", 152)]
    assert [one.overdue for one in desk.due("2026-09-30")] == [False, False]
    assert [one.overdue for one in desk.due("2026-10-01")] == [True, False]


def test_what_the_state_answered_ends_its_clock(maker: Maker, desk: Desk):
    maker.assessment("2026-08-31", observations_received_on="2026-10-05", steps_reported_on="2027-01-05")
    waiting = maker.assessment("2026-08-31", observations_received_on="2026-10-05")

    assert desk.said("2026-10-06") == [(waiting.ref, "2027-02-28", 145)]


def test_a_silence_procedure_is_due_on_its_last_day_and_no_longer_listed_once_it_gave_sight(
    maker: Maker, desk: Desk
):
    need = maker.need(status=NeedStatus.ON_HOLD)
    maker.release(need, starts_at=at("2026-11-20", 0), recorded_at=at("2026-11-12"), basis=Basis.SILENCE)
    maker.release(
        need, starts_at=at("2026-11-20", 0), withdrawn_at=at("2026-11-13"), recorded_at=at("2026-11-12"),
        basis=Basis.SILENCE,
    )  # fmt: skip

    [one] = desk.due("2026-11-19", ClockName.SILENCE)
    assert (one.started_on, one.due_on, one.days) == (date(2026, 11, 12), date(2026, 11, 19), 0)
    assert desk.due("2026-11-20", ClockName.SILENCE) == []


def test_an_organization_has_two_months_to_answer(maker: Maker, desk: Desk):
    need = maker.need()
    line = maker.line(need, conveyed="2026-12-31")
    maker.line(maker.need(), LineStatus.DECLINED, conveyed="2026-12-31")

    [one] = desk.due("2027-03-01", ClockName.ANSWER)

    assert (one.ref, one.line, one.due_on, one.days, one.overdue) == (need.ref, 1, date(2027, 2, 28), -1, True)
    assert one.next.path == f"/referrals/{line.referral_id}"


def test_a_line_that_was_taken_up_waits_for_the_states_acceptance(maker: Maker, desk: Desk):
    need = maker.need()
    maker.line(need, LineStatus.TAKEN_UP, conveyed="2026-01-10", answered="2026-02-03")
    maker.line(maker.need(), LineStatus.IN_DELIVERY)

    assert desk.said("2026-03-01", ClockName.ACCEPTANCE) == [(need.ref, "2026-04-03", 33)]


def test_a_state_is_asked_a_year_after_the_newest_report_and_has_thirty_days(maker: Maker, desk: Desk):
    asked = maker.line(maker.need(), LineStatus.IN_DELIVERY, inquired_on=date(2029, 3, 1))
    said = maker.line(maker.need(), LineStatus.IN_DELIVERY)
    reported = maker.line(maker.need(), LineStatus.IN_DELIVERY)
    maker.line(maker.need(), LineStatus.IN_DELIVERY)
    for line in (asked, said, reported):
        maker.told(line, "2028-01-10")
        maker.told(line, "2028-02-29", number=2)
    maker.told(said, "2028-05-01", Side.STATE, number=3)

    assert desk.said("2028-06-01", ClockName.INQUIRY) == [(reported.need.ref, "2029-02-28", 272)]
    assert desk.said("2029-04-01", ClockName.UNCONFIRMED) == [(asked.need.ref, "2029-03-31", -1)]


def test_a_deferred_pairing_is_back_on_its_day(maker: Maker, desk: Desk):
    need = maker.need()
    pairing = maker.pairing(need, PairingStatus.DEFERRED, deferred_until=date(2026, 5, 31))
    maker.decided(pairing, "2026-05-02", Judgement.DEFER)
    closed = maker.need(status=NeedStatus.CLOSED, outcome="withdrawn")
    maker.pairing(closed, PairingStatus.DEFERRED, deferred_until=date(2026, 5, 31))

    [one] = desk.due("2026-05-31", ClockName.DEFERRED)

    assert (one.ref, one.started_on, one.due_on) == (need.ref, date(2026, 5, 2), date(2026, 5, 31))
    assert one.next.path == f"/pairings/{pairing.id}"


def test_a_release_is_listed_thirty_days_before_it_ends_unless_another_goes_on(maker: Maker, desk: Desk):
    ending, prolonged, narrowed = maker.need(), maker.need(), maker.need()
    maker.release(maker.need(), "2026-01-01", "2026-06-30", superseded_at=at("2026-03-01"))
    maker.release(maker.need(), "2026-01-01", "2026-06-30", withdrawn_at=at("2026-03-01"))
    for need in (ending, prolonged, narrowed):
        maker.release(need, "2026-01-01", "2026-06-30")
    maker.release(prolonged, "2026-06-01", "2026-12-31")
    maker.release(narrowed, "2026-06-01", "2026-12-31", fields=ReleaseFields.SUMMARY)

    assert desk.due("2026-05-30", ClockName.EXPIRY) == []
    assert set(desk.said("2026-05-31", ClockName.EXPIRY)) == {
        (ending.ref, "2026-06-30", 30),
        (narrowed.ref, "2026-06-30", 30),
    }
    assert desk.due("2026-07-01", ClockName.EXPIRY) == []


def test_a_need_is_wanted_by_its_day_until_it_is_closed(maker: Maker, desk: Desk):
    need = maker.need(wanted_by="2026-09-01")
    maker.need(status=NeedStatus.CLOSED, outcome="met", wanted_by="2026-09-01")

    assert desk.said("2026-09-03", ClockName.WANTED) == [(need.ref, "2026-09-01", -2)]


def test_an_open_need_without_a_referral_that_serves_it_is_unsupported_after_sixty_days(maker: Maker, desk: Desk):
    declined, held, served, met = (maker.need(opened="2026-01-05") for _ in range(4))
    maker.line(declined, LineStatus.DECLINED)
    maker.changed(held, NeedStatus.ON_HOLD, "2026-01-20")
    maker.changed(held, NeedStatus.OPEN, "2026-02-01")
    maker.line(served)
    maker.line(met, LineStatus.COMPLETED)

    assert desk.said("2026-03-06", ClockName.UNSUPPORTED) == [
        (declined.ref, "2026-03-06", 0),
        (held.ref, "2026-04-02", 27),
    ]


def test_the_briefing_counts_from_the_last_one_that_was_given(session: Session, maker: Maker, desk: Desk):
    assert desk.due("2026-12-31", ClockName.BRIEFING) == []
    for given in ("2026-10-31", "2026-12-31"):
        maker.kept(
            Briefing(from_on=date(2026, 1, 1), until_on=date(2026, 6, 30), given_on=date.fromisoformat(given))
        )

    assert desk.said("2027-01-31", ClockName.BRIEFING) == [("briefing", "2027-02-28", 28)]


@pytest.mark.parametrize("unit", Unit)
@pytest.mark.parametrize("count", [1, 5, 12])
def test_what_is_due_by_a_day_is_found_by_the_day_that_it_counts_from(unit: Unit, count: int):
    first = date(2026, 10, 25)
    days = [first + timedelta(days=n) for n in range(500)]
    dues = {day: due_on(unit, count, day) for day in days}

    for due in (date(2027, 2, 28), date(2027, 3, 1), date(2026, 12, 27), date(2027, 4, 30), date(2027, 8, 31)):
        expected = max((day for day in days if dues[day] <= due), default=None)
        if expected and expected > first:
            assert last_counted(unit, count, due) == expected


def test_a_list_in_pages_is_the_list_in_one_and_overdue_comes_first(
    session: Session, maker: Maker, desk: Desk, officer: As
):
    for day in ("2026-01-01", "2026-01-31", "2026-02-28"):
        for _ in range(3):
            maker.assessment(day)
            maker.line(maker.need(opened=day, wanted_by="2026-03-31"), conveyed=day)
            maker.need(opened=day, wanted_by="2026-03-02")
    whole = desk.due("2026-03-15")

    pages, cursor = [], None
    while True:
        asked = ClockFilter(whose=Whose.ALL)
        found = due_list(session, officer.actor, asked, Paging(4, cursor), desk.settings, at("2026-03-15"))
        pages += found.items
        cursor = found.next
        if cursor is None:
            break

    assert len(whole) == 54
    assert pages == whole
    assert [one.due_on for one in whole] == sorted(one.due_on for one in whole)


def test_filters_narrow_the_list_and_counts_say_how_many(session: Session, maker: Maker, desk: Desk, officer: As):
    maker.assessment("2026-01-01")
    maker.need(opened="2026-03-01", wanted_by="2026-03-10")

    asked = ClockFilter(whose=Whose.ALL)
    found = due_list(session, officer.actor, asked, Paging(1, None, True), desk.settings, at("2026-03-15"))
    until = desk.due("2026-03-15", until=date(2026, 3, 10))
    late = desk.due("2026-03-15", overdue=True)

    assert found.total == 4
    assert {name.value: (tally.running, tally.overdue) for name, tally in (found.counts or {}).items()} == {
        "observations": (1, 1), "steps": (1, 0), "wanted": (1, 1), "unsupported": (1, 0),
    }  # fmt: skip
    assert [one.clock for one in until] == [one.clock for one in late] == ["observations", "wanted"]


def test_a_list_is_ones_own_anybodys_or_nobodys(session: Session, maker: Maker, admin: As, officer: As):
    gone = As(officer.client.app, session, admin.actor.role, admin.organization).user
    gone.disabled_at = utc_now()
    session.add(gone)
    mine = maker.need(wanted_by="2026-03-10")
    theirs = maker.need(wanted_by="2026-03-10", responsible=admin.user, deputy=officer.user)
    deputized = maker.need(wanted_by="2026-03-10", responsible=gone, deputy=officer.user)
    nobodys = maker.need(wanted_by="2026-03-10", responsible=gone)
    maker.kept(Briefing(from_on=date(2026, 1, 1), until_on=date(2026, 2, 1), given_on=date(2026, 2, 1)))
    session.commit()

    def refs(**asked: str) -> set[str]:
        found = officer.get(URL, params={"clock": ["wanted", "briefing"], **asked}).json()["items"]
        return {one["ref"] for one in found}

    assert refs() == refs(whose="mine") == {mine.ref, deputized.ref, "briefing"}
    assert refs(officer=admin.user.email) == {theirs.ref}
    assert refs(whose="unassigned") == {nobodys.ref}
    assert refs(whose="all") == {mine.ref, theirs.ref, deputized.ref, nobodys.ref, "briefing"}
    assert {one["responsible"] for one in officer.get(URL, params={"whose": "all"}).json()["items"]} == {
        officer.user.email, admin.user.email, None,
    }  # fmt: skip


@pytest.mark.parametrize(
    "asked",
    [
        {"clock": "egg timer"},
        {"whose": "hers"},
        {"officer": "nobody@example.org"},
        {"officer": "\x00\x00\x00"},
        {"until": "soon"},
        {"cursor": "abc"},
        {"cursor": "WyIyMDI2LTAxLTAxIiwgIm5vdGhpbmciLCAiMjAyNi0wMS0wMSIsICJ4Il0"},
        {"limit": "0"},
        {"theme": "WPN-PSM"},
    ],
)
def test_a_list_that_cannot_be_asked_for_is_refused(officer: As, asked: dict[str, str]):
    assert officer.get(URL, params=asked).status_code == 422


def test_every_clock_has_a_practice_and_its_number_is_a_setting(officer: As, settings: Settings):
    table = officer.get(f"{URL}/table").json()

    assert [one["clock"] for one in table] == [name.value for name in CLOCKS] == list(ClockName)
    assert all(one["practice"] for one in table)
    numbers = {one["setting"]: one["count"] for one in table if one["setting"]}
    assert numbers == {name: getattr(settings, name) for name in numbers}
    assert {one["clock"] for one in table if not one["setting"]} == {"deferred", "wanted"}
