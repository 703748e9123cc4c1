"""The calendar holds references and days alone, reads as its owner does now, and ends with its address."""

from datetime import date, datetime
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient
from icalendar import Calendar
from sqlalchemy.orm import Session

from app.core.db import utc_now
from app.needs.models import Need
from tests.clocks.conftest import Maker
from tests.conftest import As

FEED = "/feeds/clocks.ics"
ADDRESS = "/api/v1/clocks/address"


def events(content: bytes) -> dict[str, dict[str, object]]:
    """What a calendar program reads, by the name of each entry."""
    found = Calendar.from_ical(content).walk("VEVENT")
    return {str(one["UID"]): {name: getattr(one[name], "dt", str(one[name])) for name in one} for one in found}


def secret_path(visitor: As) -> str:
    answer = visitor.post(ADDRESS)
    assert answer.status_code == 201, answer.text
    address = urlsplit(answer.json()["address"])
    return f"{address.path}?{address.query}"


@pytest.fixture
def need(session: Session, maker: Maker) -> Need:
    made = maker.need(opened="2026-01-30", wanted_by="2026-08-31")
    session.commit()
    return made


def test_an_entry_says_what_is_due_and_when_and_nothing_of_the_need(officer: As, need: Need):
    answer = officer.get(FEED)

    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    found = events(answer.content)
    wanted = found[f"wanted-{need.id}@counterpart"]
    assert wanted["SUMMARY"] == f"Need is wanted by: {need.ref}"
    assert (wanted["DTSTART"], wanted["DTEND"]) == (date(2026, 8, 31), date(2026, 9, 1))
    assert wanted["URL"] == f"http://127.0.0.1:8000/needs/{need.ref}"
    assert isinstance(wanted["DTSTAMP"], datetime)
    assert wanted["DTSTAMP"].tzinfo is not None
    assert set(found) == {f"wanted-{need.id}@counterpart", f"unsupported-{need.id}@counterpart"}
    assert not [
        mark for mark in ("Titlemark", "Descriptionmark", "TG", "Togo", "@example.org") if mark in answer.text
    ]
    assert officer.get(FEED).content == answer.content


def test_the_secret_address_reads_without_signing_in_what_its_owner_reads(
    anybody: TestClient, officer: As, admin: As, need: Need
):
    mine, others = secret_path(officer), secret_path(admin)

    assert len(events(anybody.get(mine).content)) == 2
    assert events(anybody.get(others).content) == {}
    assert len(events(anybody.get(f"{others}&whose=all").content)) == 2
    assert anybody.get(f"{mine}&whose=hers").status_code == 422
    assert anybody.get(f"{mine}&theme=WPN-PSM").status_code == 422


def test_an_address_ends_when_it_is_revoked_replaced_or_its_account_disabled(
    session: Session, anybody: TestClient, officer: As, need: Need
):
    first = secret_path(officer)
    second = secret_path(officer)
    assert (anybody.get(first).status_code, anybody.get(second).status_code) == (401, 200)

    assert officer.delete(ADDRESS).status_code == 204
    assert anybody.get(second).status_code == 401

    third = secret_path(officer)
    officer.user.disabled_at = utc_now()
    session.add(officer.user)
    session.commit()
    refused = anybody.get(third)
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"
    assert need.ref not in refused.text


def test_an_officer_who_becomes_a_partner_reads_nothing_by_the_old_address(
    session: Session, anybody: TestClient, officer: As, partner: As, need: Need
):
    path = secret_path(officer)
    officer.user.role, officer.user.organization_id = partner.user.role, partner.organization.id
    session.add(officer.user)
    session.commit()

    assert anybody.get(path).status_code == 403


def test_a_wrong_secret_and_none_read_nothing(anybody: TestClient, officer: As, need: Need):
    for path in (FEED, f"{FEED}?key=", f"{FEED}?key=guess", f"{FEED}?key=%00", f"{FEED}?key={'x' * 101}"):
        assert anybody.get(path).status_code in {401, 422}
    assert officer.get(f"{FEED}?key=guess").status_code == 401


def test_a_repeated_request_for_an_address_shows_no_secret_again(officer: As):
    key = {"Idempotency-Key": "a-1"}

    assert officer.post(ADDRESS, headers=key).status_code == 201
    assert officer.post(ADDRESS, headers=key).status_code == 409
