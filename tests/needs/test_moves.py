"""Status: the table of moves, what each needs, and what closing leaves behind."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.needs.models import Need, NeedStatus, NeedStatusChange
from app.needs.service import MOVES
from tests.conftest import As
from tests.needs.conftest import Released, Stated, move

VAGUE = {"title": "Assistance", "description": "Legislative, material, technical and financial assistance."}


def attempt(officer: As, need: dict[str, Any], **wanted: Any) -> Any:
    return officer.post(f"/api/v1/needs/{need['ref']}/status", json=wanted, headers={"If-Match": need["etag"]})


def test_a_need_goes_through_its_statuses_and_each_is_dated(stated: Stated, officer: As, session: Session):
    need = stated()
    need = move(officer, need, status="open")
    need = move(officer, need, status="on_hold", reason="the ministry asked to wait")
    need = move(officer, need, status="open")
    need = move(officer, need, status="closed", outcome="met")
    need = move(officer, need, status="draft", reason="closed by mistake")

    history = session.scalars(select(NeedStatusChange).order_by(NeedStatusChange.id)).all()
    statuses = [change.status.value for change in history]
    assert statuses == ["draft", "open", "on_hold", "open", "closed", "draft"]
    assert history[2].reason == "the ministry asked to wait"
    assert (need["status"], need["outcome"]) == ("draft", None)


@pytest.mark.parametrize(
    ("before", "after"),
    [(before, after) for before in NeedStatus for after in NeedStatus if after not in MOVES[before]],
)
def test_a_move_that_the_table_forbids_is_a_conflict(
    stated: Stated, officer: As, session: Session, before: NeedStatus, after: NeedStatus
):
    need = stated(opened=before is not NeedStatus.DRAFT)
    if before in {NeedStatus.ON_HOLD, NeedStatus.CLOSED}:
        outcome = {"outcome": "met"} if before is NeedStatus.CLOSED else {}
        need = move(officer, need, status=before, **outcome)

    answer = attempt(officer, need, status=after, outcome="met", reason="why not")

    assert answer.status_code == 409
    assert "it can become" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("wanted", "pointer"),
    [
        ({"status": "closed"}, "/outcome"),
        ({"status": "closed", "outcome": "duplicate"}, "/outcome"),
        ({"status": "on_hold", "outcome": "met"}, "/outcome"),
        ({"status": "gone"}, "/status"),
    ],
)
def test_a_move_says_what_it_lacks(stated: Stated, officer: As, wanted: dict[str, Any], pointer: str):
    answer = attempt(officer, stated(opened=True), **wanted)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


def test_reopening_a_closed_need_wants_a_reason(stated: Stated, officer: As):
    need = move(officer, stated(), status="closed", outcome="withdrawn")

    assert attempt(officer, need, status="draft").json()["errors"][0]["pointer"] == "/reason"


def test_a_vague_need_is_not_opened_unless_an_officer_says_why(stated: Stated, officer: As):
    need = stated(**VAGUE)

    refused = attempt(officer, need, status="open")
    opened = move(officer, need, status="open", override_reason="the State will say more")

    assert refused.status_code == 422
    assert "institution: Name the institution" in refused.json()["errors"][0]["message"]
    assert (opened["status"], opened["override_reason"]) == ("open", "the State will say more")


def test_closing_as_partly_met_drafts_what_is_left(stated: Stated, officer: As, released: Released, donor: As):
    need = stated(opened=True, themes=["WPN-PSM"])
    released(need)
    released(need, to=donor)

    move(officer, need, status="closed", outcome="partly_met")

    left = officer.get("/api/v1/needs?status=draft").json()["items"]
    assert [item["residual_of"] for item in left] == [need["ref"]]
    assert left[0]["themes"] == ["WPN-PSM"]
    assert [item["ref"] for item in donor.get("/api/v1/needs").json()["items"]] == [need["ref"]]


def test_a_duplicate_is_closed_and_what_it_released_ends(
    stated: Stated, officer: As, donor: As, released: Released, session: Session
):
    duplicate, other = stated(opened=True), stated(opened=True)
    released(duplicate)
    released(duplicate, to=donor)

    url = f"/api/v1/needs/{duplicate['ref']}/merge"
    merged = officer.post(url, json={"into": other["ref"]}, headers={"If-Match": duplicate["etag"]})

    assert merged.status_code == 200
    assert (merged.json()["outcome"], merged.json()["merged_into"]) == ("duplicate", other["ref"])
    assert officer.get(f"/api/v1/needs/{other['ref']}").json()["merged_from"] == [duplicate["ref"]]
    assert donor.get("/api/v1/needs").json()["items"] == []
    assert donor.get(f"/api/v1/needs/{duplicate['ref']}").status_code == 404


@pytest.mark.parametrize("into", ["itself", "N-2026-AAAAA", "\u0000"])
def test_a_need_is_merged_into_another_one_alone(stated: Stated, officer: As, into: str):
    need = stated()

    url = f"/api/v1/needs/{need['ref']}/merge"
    name = need["ref"] if into == "itself" else into
    answer = officer.post(url, json={"into": name}, headers={"If-Match": need["etag"]})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/into"


def test_a_merge_that_was_wrong_can_be_undone(stated: Stated, officer: As, session: Session):
    need, other = stated(), stated()
    url = f"/api/v1/needs/{need['ref']}/merge"
    merged = officer.post(url, json={"into": other["ref"]}, headers={"If-Match": need["etag"]}).json()

    reopened = move(officer, merged, status="draft", reason="they differ")

    assert (reopened["merged_into"], reopened["outcome"]) == (None, None)
    assert session.scalar(select(Need).where(Need.merged_into_id.is_not(None))) is None
