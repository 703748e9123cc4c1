"""A partner offers in one click, sees what became of it, and officers see it marked in the queue."""

import re

from sqlalchemy.orm import Session

from app.pairings.models import Pairing
from tests.conftest import As
from tests.web.conftest import ARMOURIES, World, send


def registered(partner: As) -> str:
    answer = partner.post("/api/v1/programmes", json={**ARMOURIES, "status": "active"})
    return str(answer.json()["ref"])


def released(officer: As, world: World) -> str:
    body = {"audience": {"organization": "PARTNER"}, "fields": "full", "basis": "document", "reference": "Note 9"}
    return str(officer.post(f"/api/v1/needs/{world.need.ref}/releases", json=body).json()["id"])


def test_a_need_like_ones_own_programme_is_offered_in_one_click(officer: As, partner: As, world: World):
    programme = registered(partner)
    released(officer, world)
    page = partner.get("/offers/needs").text
    [key] = re.findall(r'name="form" value="([^"]+)"', page)

    answers = [send(partner, f"/needs/{world.need.ref}/offers", programme=programme, form=key) for _ in range(2)]

    assert [answer.headers["location"] for answer in answers] == ["/offers?said=offered"] * 2
    assert partner.get("/offers").text.count("under review") == 1
    assert "offered by PARTNER" in officer.get("/pairings?origin=partner").text


def test_a_refused_offer_keeps_the_note_and_says_why(officer: As, partner: As, world: World):
    registered(partner)
    released(officer, world)

    answer = send(partner, f"/needs/{world.need.ref}/offers", programme="P-2026-22222", note="We can begin in May")

    assert answer.status_code == 422
    assert "Name a programme of your own organization" in answer.text
    assert "We can begin in May" in answer.text


def test_an_offer_whose_need_is_hidden_again_shows_its_reference_alone(officer: As, partner: As, world: World):
    programme = registered(partner)
    release = released(officer, world)
    send(partner, f"/needs/{world.need.ref}/offers", programme=programme)

    officer.delete(f"/api/v1/needs/{world.need.ref}/releases/{release}")

    page = partner.get("/offers").text
    assert "not shown to you at present" in page
    assert world.need.ref in page
    assert "Secure storage" not in page


def test_an_offer_is_withdrawn_on_the_page(officer: As, partner: As, world: World, session: Session):
    programme = registered(partner)
    released(officer, world)
    send(partner, f"/needs/{world.need.ref}/offers", programme=programme)
    [address] = re.findall(r'action="(/offers/[0-9a-f-]+/withdrawal)"', partner.get("/offers").text)
    [version] = re.findall(r'name="version" value="([^"]+)"', partner.get("/offers").text)

    answer = send(partner, address, version=version.replace("&#34;", '"'))

    assert answer.headers["location"] == "/offers?said=offer-withdrawn"
    assert "withdrawn" in partner.get("/offers").text
    assert session.query(Pairing).filter_by(origin="partner").count() == 1
