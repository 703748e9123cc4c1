"""Each account chooses how it is told of each kind that concerns it, and sees its own notices alone."""

from uuid import uuid4

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.access.models import KeyScope
from app.audit.models import AuditEvent
from app.organizations.keys.schemas import KeyIn
from app.organizations.keys.service import issue
from tests.conftest import As
from tests.notices.conftest import Postbox, choose, looking, programme_due, waits
from tests.web.conftest import send

PATH = "/api/v1/notices"


def changed(who: As, **body: object) -> tuple[int, dict]:
    answer = who.patch(PATH, json=body, headers={"If-Match": who.get(PATH).json()["etag"]})
    return answer.status_code, answer.json()


def test_each_role_is_told_of_what_concerns_it(officer: As, partner: As, donor: As):
    assert set(officer.get(PATH).json()["choices"]) == {
        "answer", "offer", "interest", "consent", "clearance", "clock",
    }  # fmt: skip
    assert set(partner.get(PATH).json()["choices"]) == {"referral", "answer", "offer", "freshness"}
    assert donor.get(PATH).json()["choices"] == {"interest": "daily"}


def test_a_choice_is_kept_and_null_is_the_usual_way_again(session: Session, partner: As):
    assert changed(partner, choices={"referral": "none", "offer": "at_once"})[1]["choices"] == {
        "referral": "none", "answer": "at_once", "offer": "at_once", "freshness": "daily",
    }  # fmt: skip

    assert changed(partner, choices={"referral": None})[1]["choices"]["referral"] == "at_once"
    events = session.query(AuditEvent).filter_by(action="notice.chosen").order_by(AuditEvent.number).all()
    assert [event.after for event in events] == [
        {"offer": "at_once", "referral": "none"},
        {"referral": "at_once"},
    ]


@pytest.mark.parametrize(
    "body",
    [
        {"choices": {"clearance": "daily"}},
        {"choices": {"referral": "hourly"}},
        {"choices": {"gossip": "daily"}},
        {"choices": []},
        {"choices": {"referral": True}},
        {"seen": ["x"]},
        {"seen": [str(uuid4())]},
        {"mail": "daily"},
    ],
)
def test_bad_choices_are_refused_and_change_nothing(partner: As, body: dict):
    status, problem = changed(partner, **body)

    assert (status, bool(problem["errors"])) == (422, True)
    assert partner.get(PATH).json()["choices"]["referral"] == "at_once"


def test_choosing_needs_the_tag_of_the_choices_as_they_were_read(partner: As):
    etag = partner.get(PATH).headers["ETag"]
    assert partner.patch(PATH, json={}).status_code == 428
    choose(partner, referral="daily")

    assert partner.patch(PATH, json={}, headers={"If-Match": etag}).status_code == 412


def test_a_key_has_no_notices(app: FastAPI, session: Session, partner: As):
    _key, text = issue(session, partner.actor, KeyIn(scope=KeyScope.WRITE))
    session.commit()
    by_key = TestClient(app, headers={"Authorization": f"Bearer {text}"})

    assert by_key.get(PATH).status_code == 409


def test_what_is_seen_waits_no_longer_and_another_s_is_not_there(
    app: FastAPI, session: Session, partner: As, other_partner: As, postbox: Postbox
):
    programme_due(session, partner)
    looking(app)
    [notice] = partner.get(PATH).json()["items"]
    assert other_partner.get(PATH).json()["items"] == []
    assert changed(other_partner, seen=[notice["id"]])[0] == 422

    assert changed(partner, seen=[notice["id"]])[1]["items"] == []
    assert waits(partner) == []


def test_the_page_shows_what_waits_and_saves_choices(
    app: FastAPI, session: Session, partner: As, postbox: Postbox
):
    programme = programme_due(session, partner)
    looking(app)
    page = partner.get("/notices").text
    assert (programme.ref in page, "A programme is to be assured" in page) == (True, True)

    answer = send(partner, "/notices/choices", referral="none", answer="daily", offer="daily", freshness="at_once")

    assert answer.headers["location"] == "/notices?said=notices-chosen"
    assert partner.get(PATH).json()["choices"]["referral"] == "none"
    [notice] = partner.get(PATH).json()["items"]
    send(partner, "/notices/seen", seen=notice["id"])
    assert "Nothing waits for you" in partner.get("/notices").text


def test_a_choice_on_the_page_that_is_none_is_refused(partner: As):
    assert send(partner, "/notices/choices", referral="hourly").status_code == 422
    assert send(partner, "/notices/seen", seen="x' --").status_code == 422


def test_without_a_mail_server_what_waits_is_on_the_page_alone(app: FastAPI, session: Session, partner: As):
    programme_due(session, partner)
    looking(app)

    assert waits(partner) == ["A programme is to be assured"]
    assert "not set to send e-mail" in partner.get("/notices").text
