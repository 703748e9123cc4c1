"""A partner sees released needs like its own programmes, offers, and is told what became of it and no more."""

from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy.orm import Session

from app.needs.models import Need
from app.organizations.service import ensure_built_in_groups
from app.pairings.models import Pairing
from tests.conftest import As, run_jobs
from tests.pairings.conftest import AIRPORTS, STORAGE_HELP, NeedMaker, ProgrammeMaker, judged, queue

OFFERS = "/api/v1/offers"
MINE = "/api/v1/needs/similar-to-mine"
ELSEWHERE = {
    "title": "Border posts on the coast",
    "description": "Customs officers at three ports cannot search containers.",
    "themes": ["BLE-CUS"],
    "weapons": [],
}


@pytest.fixture(autouse=True)
def groups(session: Session) -> None:
    ensure_built_in_groups(session)
    session.commit()


def release(officer: As, need: Need, fields: str = "full", **audience: str) -> str:
    body = {"audience": audience or {"organization": "PARTNER"}, "fields": fields, "basis": "document"}
    answer = officer.post(f"/api/v1/needs/{need.ref}/releases", json={**body, "reference": "Note verbale 7"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def registered(who: As, **said: Any) -> str:
    answer = who.post("/api/v1/programmes", json={**STORAGE_HELP, "status": "active", **said})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["ref"])


def offered(who: As, need: Need, programme: str, **more: Any) -> Any:
    return who.post(f"/api/v1/needs/{need.ref}/offers", json={"programme": programme, **more})


def test_an_offer_enters_the_queue_marked_as_the_partners(officer: As, partner: As, need: NeedMaker):
    made, programme = need(), registered(partner)
    release(officer, made)

    answer = offered(partner, made, programme, note="We could begin in May")

    assert answer.status_code == 201
    assert (answer.json()["status"], answer.json()["pairing"]) == ("under_review", None)
    [pair] = queue(officer, origin="partner")
    assert (pair["need"]["ref"], pair["programme"]["ref"], pair["origin"]) == (made.ref, programme, "partner")
    assert sum(part["weight"] for part in pair["contributions"]) == pytest.approx(pair["score"], abs=1e-9)


def test_an_offer_of_a_pair_that_the_matcher_proposed_marks_that_pair(
    app: FastAPI, officer: As, partner: As, need: NeedMaker
):
    made, programme = need(), registered(partner)
    release(officer, made)
    run_jobs(app)
    [before] = queue(officer)

    offered(partner, made, programme)

    [after] = queue(officer)
    assert (before["id"], before["origin"], after["id"], after["origin"]) == (
        after["id"], "matcher", before["id"], "partner",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("judgement", "told"),
    [
        ({"judgement": "accept"}, "accepted"),
        ({"judgement": "reject", "reason": "wrong_capacity", "note": "politicalmark"}, "not_taken_up"),
        ({"judgement": "defer", "reason": "timing", "note": "politicalmark"}, "under_review"),
    ],
)
def test_its_organization_is_told_what_became_of_it_and_not_why(
    officer: As, partner: As, need: NeedMaker, session: Session, judgement: dict[str, str], told: str
):
    made, programme = need(), registered(partner)
    release(officer, made)
    offer = offered(partner, made, programme).json()
    judged(officer, session.query(Pairing).one(), **judgement)

    answer = partner.get(f"{OFFERS}/{offer['id']}")

    assert answer.json()["status"] == told
    assert "politicalmark" not in answer.text
    assert "wrong_capacity" not in answer.text


def test_a_pair_that_was_rejected_stays_so_and_its_partner_learns_nothing_of_it(
    app: FastAPI, officer: As, partner: As, need: NeedMaker, session: Session
):
    made, programme = need(), registered(partner)
    release(officer, made)
    run_jobs(app)
    judged(officer, session.query(Pairing).one(), "reject", reason="wrong_capacity")

    answer = offered(partner, made, programme)

    assert answer.json()["status"] == "under_review"
    assert queue(officer) == []
    assert [each["pairing_status"] for each in officer.get(OFFERS).json()["items"]] == ["rejected"]


def test_what_a_partner_may_not_see_takes_no_offer_and_answers_like_nothing(
    officer: As, partner: As, need: NeedMaker
):
    hidden, programme = need(), registered(partner)

    answer = offered(partner, hidden, programme)
    unknown = partner.post("/api/v1/needs/N-2026-22222/offers", json={"programme": programme})

    assert (answer.status_code, unknown.status_code) == (404, 404)
    assert answer.text.replace(hidden.ref, "") == unknown.text.replace("N-2026-22222", "")


def test_only_an_own_active_programme_that_is_no_fund_is_offered(
    officer: As, partner: As, other_partner: As, need: NeedMaker
):
    made = need()
    release(officer, made)
    theirs = registered(other_partner)
    fund = registered(partner, title="A fund", kind="fund", applies="state")
    draft = registered(partner, title="A draft", status="draft")

    answers = {ref: offered(partner, made, ref).status_code for ref in (theirs, "P-2026-22222", fund, draft)}

    assert answers == {theirs: 422, "P-2026-22222": 422, fund: 409, draft: 409}


def test_one_programme_is_offered_once_until_it_is_withdrawn(officer: As, partner: As, need: NeedMaker):
    made, programme = need(), registered(partner)
    release(officer, made)
    first = offered(partner, made, programme).json()

    assert offered(partner, made, programme).status_code == 409
    gone = partner.delete(f"{OFFERS}/{first['id']}", headers={"If-Match": first["etag"]})
    again = offered(partner, made, programme)

    assert (gone.status_code, again.status_code) == (204, 201)
    assert [each["status"] for each in partner.get(OFFERS).json()["items"]] == ["under_review", "withdrawn"]


def test_an_offer_outlives_the_consent_without_the_needs_words(officer: As, partner: As, need: NeedMaker):
    made, programme = need(), registered(partner)
    released = release(officer, made)
    offered(partner, made, programme)

    officer.delete(f"/api/v1/needs/{made.ref}/releases/{released}")

    [kept] = partner.get(OFFERS).json()["items"]
    assert (kept["need"], kept["title"]) == (made.ref, None)
    assert offered(partner, made, programme).status_code == 404


def test_no_other_organization_reads_an_offer(
    officer: As, partner: As, other_partner: As, donor: As, need: NeedMaker
):
    made, programme = need(), registered(partner)
    release(officer, made)
    offer = offered(partner, made, programme).json()

    assert other_partner.get(OFFERS).json()["items"] == []
    assert other_partner.get(f"{OFFERS}/{offer['id']}").status_code == 404
    assert donor.get(OFFERS).status_code == 403


def test_needs_like_mine_are_the_released_ones_best_first(
    officer: As, partner: As, need: NeedMaker, programme: ProgrammeMaker
):
    programme(title="Another organization's, which is not compared")
    storage, airports = registered(partner), registered(partner, **AIRPORTS)
    near, far, hidden = need(), need(**ELSEWHERE), need(title="Armouries that are hidden")
    release(officer, near)
    release(officer, far)

    found = partner.get(MINE).json()

    assert found["compared"] == 2
    assert found["items"][0]["need"]["ref"] == near.ref
    assert hidden.ref not in {one["need"]["ref"] for one in found["items"]}
    assert found["items"][0]["programme"]["ref"] == storage != airports
    for one in found["items"]:
        assert sum(part["weight"] for part in one["contributions"]) == pytest.approx(one["score"], abs=1e-9)


def test_a_summary_is_compared_by_the_summary_alone(officer: As, partner: As, need: NeedMaker):
    registered(
        partner,
        title="Harbour patrols",
        summary="Trains storekeepers in armouries",
        themes=["BLE-CUS"],
        weapons=[],
    )
    made = need(title="Support for the police", themes=[], weapons=[])
    release(officer, made, "summary")

    found = partner.get(MINE).json()

    words = {word for one in found["items"] for part in one["contributions"] for word in part["need"]}
    assert words & {"armouries", "storekeepers", "Togo", "TG"} == set()
    assert found["compared"] == 1


def test_the_ranking_of_several_programmes_is_that_of_explaining_each(officer: As, partner: As, need: NeedMaker):
    registered(partner)
    registered(partner, **AIRPORTS)
    for said in ({}, ELSEWHERE, {"title": "Screening of passengers at two airports", "themes": ["BLE-AVS"]}):
        release(officer, need(**said))

    scores = [one["score"] for one in partner.get(MINE).json()["items"]]

    assert scores == sorted(scores, reverse=True)
    assert len(scores) >= 2


def test_a_partner_without_a_live_programme_is_compared_with_nothing(officer: As, partner: As, need: NeedMaker):
    release(officer, need())
    registered(partner, status="draft")

    assert partner.get(MINE).json() == {**partner.get(MINE).json(), "items": [], "compared": 0}
