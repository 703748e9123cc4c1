"""Due lists, the hand-over, the calendar's address and the briefing, as pages."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clocks.briefing.models import Briefing
from app.clocks.table import CLOCKS
from app.core.db import utc_now
from app.interest.models import Interest, InterestKind
from app.needs.models import Basis, NeedStatus
from app.organizations.models import Group
from app.pairings.models import PairingStatus
from app.referrals.models import LineStatus
from tests.clocks.conftest import Maker
from tests.clocks.conftest import maker as maker
from tests.conftest import As
from tests.web.conftest import send
from tests.web.reading import faults, read


def one_of_each(maker: Maker) -> None:
    """Let every clock run once."""
    today = utc_now().date()
    maker.assessment(today)
    maker.release(
        maker.need(status=NeedStatus.ON_HOLD), starts_at=utc_now() + timedelta(days=5), recorded_at=utc_now(),
        basis=Basis.SILENCE,
    )  # fmt: skip
    need = maker.need(opened="2026-01-05", wanted_by=today + timedelta(days=3))
    maker.release(need, "2026-01-05", today + timedelta(days=9))
    maker.pairing(need, PairingStatus.DEFERRED, deferred_until=today)
    maker.line(maker.need(), LineStatus.CONVEYED)
    maker.line(maker.need(), LineStatus.TAKEN_UP)
    maker.told(maker.line(maker.need(), LineStatus.IN_DELIVERY), "2026-01-15")
    maker.told(maker.line(maker.need(), LineStatus.IN_DELIVERY, inquired_on=date(2026, 2, 1)), "2026-01-15")
    maker.kept(Interest(need_id=need.id, organization_id=maker.organization.id, kind=InterestKind.INFORMATION))
    maker.kept(Briefing(from_on=date(2026, 1, 1), until_on=date(2026, 2, 1), given_on=date(2026, 2, 1)))
    maker.session.commit()


def test_every_clock_leads_to_a_page_where_its_next_step_is(maker: Maker, officer: As):
    one_of_each(maker)

    found = officer.get("/api/v1/clocks", params={"limit": 200}).json()["items"]

    assert {one["clock"] for one in found} == {name.value for name in CLOCKS}
    paths = {one["clock"]: officer.get(one["next"]["path"]).status_code for one in found}
    assert paths == dict.fromkeys(paths, 200)


def test_the_due_list_shows_what_is_overdue_first_with_what_to_do_next(maker: Maker, officer: As):
    one_of_each(maker)

    page = officer.get("/clocks").text

    assert faults(page) == []
    assert page.index("overdue</span>") < page.index("in 3 days")
    assert "Give the briefing, and record that it was given" in page
    assert faults(officer.get("/clocks?overdue=true&clock=answer&whose=all").text) == []
    assert "Take a filter away" in officer.get("/clocks?clock=steps&overdue=true").text


def test_a_list_goes_on_on_the_next_page_with_its_filters(session: Session, maker: Maker, officer: As):
    for _ in range(23):
        maker.need(wanted_by="2026-01-31")
    session.commit()

    first = read(officer.get("/clocks?clock=wanted&officer=").text)
    [next_link] = [a["href"] for a in first.all("a") if a.get("rel") == "next"]
    second = officer.get(next_link).text

    assert "clock=wanted" in next_link
    assert second.count('data-label="Due"') == 3
    assert "23 clocks run" in second


def test_what_one_answers_for_is_handed_over_by_a_form(session: Session, maker: Maker, officer: As, admin: As):
    need = maker.need()
    session.commit()
    assert faults(officer.get("/clocks/handover").text) == []
    fields = {"from": officer.user.email, "to": admin.user.email, "reason": "On leave"}

    empty = send(officer, "/clocks/handover", **fields)
    wrong = send(officer, "/clocks/handover", **fields, needs=f"{need.ref} N-2026-XXXXX")
    done = send(officer, "/clocks/handover", **fields, needs=need.ref)

    assert (empty.status_code, wrong.status_code) == (422, 422)
    assert "On leave" in wrong.text
    assert "There is no need" in wrong.text
    assert faults(wrong.text) == []
    assert done.headers["location"] == "/clocks?said=handed-over"
    session.refresh(need)
    assert need.responsible_id == admin.user.id


def test_an_address_is_shown_once_and_revoked(officer: As):
    key = "form-1"
    shown = send(officer, "/clocks/address", form=key)
    again = send(officer, "/clocks/address", form=key)

    assert "/feeds/clocks.ics?key=" in shown.text
    assert faults(shown.text) == []
    assert again.headers["location"] == "/clocks?said=address-made-before#calendar"
    assert "You got an address" in officer.get("/clocks").text
    assert send(officer, "/clocks/address/revocation").status_code == 303
    assert "You got an address" not in officer.get("/clocks").text


def test_a_briefing_is_read_handed_out_and_recorded(session: Session, maker: Maker, officer: As):
    group: Group = maker.kept(Group(ref="committee", name="The Committee"))
    need = maker.need(opened=utc_now().date())
    maker.release(need, organization_id=None, group_id=group.id)
    session.commit()

    page = officer.get("/briefing").text
    done = send(officer, "/briefing", note="Given in the meeting room")

    assert faults(page) == []
    assert "New needs" in page
    assert need.ref in page
    assert done.headers["location"] == "/briefing?said=briefing-given#given"
    assert "Given in the meeting room" in officer.get("/briefing").text
    assert session.scalar(select(Briefing.given_on)) == utc_now().date()


@pytest.mark.parametrize("query", ["from=May", "from=2026-06-30&to=2026-06-01", "group=nobody", "to=2199-01-01"])
def test_a_briefing_that_cannot_be_asked_for_is_said_in_a_page(officer: As, query: str):
    answer = officer.get(f"/briefing?{query}")

    assert answer.status_code == 422
    assert faults(answer.text) == []


def test_a_briefing_that_cannot_have_been_keeps_what_was_entered(officer: As):
    answer = send(officer, "/briefing", given_on="2199-01-01", note="Too early")

    assert answer.status_code == 422
    assert "Too early" in answer.text
    assert faults(answer.text) == []
