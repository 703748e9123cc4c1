"""A letter that waits for a second officer: it is conveyed anew, on the very texts that were asked for."""

import pytest
from fastapi import FastAPI
from sqlalchemy.orm import Session

from app.core.actor import Role
from app.organizations.models import Organization
from tests.conftest import As
from tests.referrals.conftest import API, BASIS, Desk


@pytest.fixture(autouse=True)
def always(app: FastAPI) -> None:
    app.state.settings.clearance = "always"


@pytest.fixture
def second(app: FastAPI, session: Session, cted: Organization) -> As:
    return As(app, session, Role.OFFICER, cted)


def ask(desk: Desk, officer: As, **headers: str) -> dict:
    pairing = desk.pairing()
    desk.session.commit()
    body = {"organization": "PARTNER", "pairings": [str(pairing.id)], "release": BASIS}
    answer = officer.post(f"{API}/referrals", json=body, headers=headers)
    assert answer.status_code == 202, answer.text
    return answer.json()


def clear(who: As, held: dict) -> object:
    url = f"{API}/clearances/{held['id']}/decisions"
    return who.post(url, json={"cleared": True}, headers={"If-Match": held["etag"]})


def test_a_letter_waits_and_is_conveyed_in_the_name_of_whoever_asked(
    desk: Desk, officer: As, second: As, partner: As
):
    held = ask(desk, officer)
    assert (held["act"], held["about"]) == ("referral", "PARTNER")
    assert partner.get(f"{API}/referrals").json()["items"] == []
    assert partner.get(f"{API}/needs").json()["items"] == []

    made = clear(second, held)

    assert made.status_code == 200, made.text
    [letter] = partner.get(f"{API}/referrals").json()["items"]
    assert letter["id"] == made.json()["made"][0]
    assert clear(officer, held).status_code in {409, 412}


def test_whoever_asked_for_a_letter_does_not_clear_it(desk: Desk, officer: As, partner: As):
    assert clear(officer, ask(desk, officer)).status_code == 409
    assert partner.get(f"{API}/referrals").json()["items"] == []


def test_a_text_that_was_edited_meanwhile_is_not_conveyed(desk: Desk, officer: As, second: As, partner: As):
    held = ask(desk, officer)
    [need] = officer.get(f"{API}/needs").json()["items"]
    change = {"title": "Edited after it was asked"}
    officer.patch(f"{API}/needs/{need['ref']}", json=change, headers={"If-Match": need["etag"]})

    answer = clear(second, held)

    assert answer.status_code == 409
    assert need["ref"] in answer.json()["detail"]
    assert officer.get(f"{API}/clearances/{held['id']}").json()["state"] == "waiting"
    assert partner.get(f"{API}/needs").json()["items"] == []


def test_a_letter_that_cannot_be_conveyed_does_not_wait(desk: Desk, officer: As):
    body = {"organization": "PARTNER", "pairings": ["00000000-0000-4000-8000-000000000000"], "release": BASIS}

    assert officer.post(f"{API}/referrals", json=body).status_code == 422
    assert officer.get(f"{API}/clearances").json()["items"] == []


def test_a_replay_of_a_letter_that_waits_answers_with_the_act(desk: Desk, officer: As, second: As):
    pairing = desk.pairing()
    desk.session.commit()
    body = {"organization": "PARTNER", "pairings": [str(pairing.id)], "release": BASIS}
    sent = {"json": body, "headers": {"Idempotency-Key": "one"}}
    held = officer.post(f"{API}/referrals", **sent).json()
    clear(second, held)

    again = officer.post(f"{API}/referrals", **sent)

    assert (again.status_code, again.json()["id"], again.json()["state"]) == (202, held["id"], "cleared")
