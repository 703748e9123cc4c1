"""What a donor can work out of needs that it sees in part or not at all: nothing, by any question."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.core.db import utc_now
from app.needs import queries
from app.needs.models import Release
from tests.conftest import As
from tests.needs.conftest import Released, Stated, move

SECRET = {
    "title": "Depots", "description": "Rifles at Lomé under 14 guards", "recipient": {"countries": ["TG"]},
    "themes": ["WPN-PSM"], "weapons": ["SALW"], "assistance_types": ["training"], "priority": "high",
    "provisions": [{"instrument": "2370", "paragraph": "6"}], "institution": "Gendarmerie",
    "wanted_by": "2027-01-01", "existing_efforts": "A register", "beneficiary_kind": "police",
    "source_ref": "rec. 7",
    "indicative_cost": {"low": 5, "currency": "USD"},
    "translations": {"fr": {"title": "Dépôts", "description": "Fusils près de Kara"}},
}  # fmt: skip
HIDDEN = (
    "recipient", "description", "institution", "assistance_types", "provisions", "existing_efforts",
    "indicative_cost", "wanted_by",
)  # fmt: skip
NEVER = (
    "source", "source_ref", "assessment", "residual_of", "merged_into", "merged_from", "override_reason",
    "responsible", "deputy", "revision", "unconfirmed", "created_at", "changed_at", "disclosure",
    "outcome", "beneficiary_kind",
)  # fmt: skip
FULL_QUESTIONS = (
    {"country": "TG"}, {"assistance_type": "training"}, {"instrument": "2370"}, {"provision": "OP 6 of 2370"},
    {"q": "rifles"}, {"q": "Lomé"}, {"q": "Togo"}, {"q": "TG"}, {"q": "gendarmerie"}, {"q": "register"},
    {"q": "training"},
    {"q": "OP 6 of 2370"}, {"q": "2370"}, {"q": "Kara"}, {"q": "fusils"},
)  # fmt: skip
SUMMARY_QUESTIONS = (
    {}, {"theme": "WPN-PSM"}, {"region": "011"}, {"region": "002"}, {"weapon": "SALW"}, {"priority": "high"},
    {"q": "depots"}, {"q": "dépôts"}, {"q": "stockpile"}, {"q": "western africa"}, {"status": "open"},
)  # fmt: skip


def page(reader: As, **wanted: Any) -> dict[str, Any]:
    answer = reader.get("/api/v1/needs", params={"count": "true", "facets": "true", **wanted})
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


@pytest.mark.parametrize("wanted", [*FULL_QUESTIONS, *SUMMARY_QUESTIONS])
def test_a_need_without_a_release_is_in_no_list_no_count_and_no_facet(
    stated: Stated, donor: As, wanted: dict[str, Any]
):
    stated(opened=True, **SECRET)

    shown = page(donor, **wanted)

    assert (shown["items"], shown["total"], shown["next"]) == ([], 0, None)
    assert all(counts == {} for counts in shown["facets"].values())


@pytest.mark.parametrize("wanted", FULL_QUESTIONS)
def test_a_summary_answers_no_question_about_what_it_does_not_show(
    stated: Stated, donor: As, released: Released, wanted: dict[str, Any]
):
    released(stated(opened=True, **SECRET), "summary")

    shown = page(donor, **wanted)

    assert (shown["items"], shown["total"]) == ([], 0)


@pytest.mark.parametrize("wanted", [*FULL_QUESTIONS, *SUMMARY_QUESTIONS])
def test_a_full_release_answers_every_question(
    stated: Stated, donor: As, released: Released, wanted: dict[str, Any]
):
    released(stated(opened=True, **SECRET))

    assert page(donor, **wanted)["total"] == 1


@pytest.mark.parametrize("wanted", SUMMARY_QUESTIONS)
def test_a_summary_answers_questions_about_what_it_shows(
    stated: Stated, donor: As, released: Released, wanted: dict[str, Any]
):
    released(stated(opened=True, **SECRET), "summary")

    assert page(donor, **wanted)["total"] == 1


def test_a_summary_shows_its_fields_and_its_facets_count_no_others(stated: Stated, donor: As, released: Released):
    need = stated(opened=True, **SECRET)
    released(need, "summary")

    shown = page(donor)

    [item] = shown["items"]
    assert not {*HIDDEN, *NEVER} & set(item)
    assert item["translations"] == {"fr": {"title": "Dépôts", "quality": "unofficial"}}
    assert item["regions"] == ["011"]
    assert donor.get(f"/api/v1/needs/{need['ref']}").json() == item
    facets = shown["facets"]
    assert (facets["country"], facets["assistance_type"], facets["instrument"]) == ({}, {}, {})
    assert (facets["theme"], facets["region"], facets["priority"]) == ({"WPN-PSM": 1}, {"011": 1}, {"high": 1})


def test_a_full_release_shows_what_a_state_can_release_and_nothing_of_ours(
    stated: Stated, donor: As, released: Released
):
    released(stated(opened=True, **SECRET))

    [item] = page(donor)["items"]

    assert set(HIDDEN) <= set(item)
    assert not set(NEVER) & set(item)


def test_an_order_by_what_is_hidden_stays_when_it_changes(
    stated: Stated, officer: As, donor: As, released: Released
):
    first, second = stated(opened=True, wanted_by="2027-01-01"), stated(opened=True, wanted_by="2027-06-01")
    for need in (first, second):
        released(need, "summary")
    before = [item["ref"] for item in page(donor, sort="wanted_by")["items"]]

    for need, day in ((first, "2029-01-01"), (second, "2026-01-01")):
        url = f"/api/v1/needs/{need['ref']}"
        officer.patch(url, json={"wanted_by": day}, headers={"If-Match": need["etag"]})
        released(need, "summary")

    assert [item["ref"] for item in page(donor, sort="wanted_by")["items"]] == before


def test_the_order_by_day_wanted_puts_released_days_first(stated: Stated, donor: As, released: Released):
    early = stated(opened=True, title="Hidden day", wanted_by="2027-01-01")
    late = stated(opened=True, title="Shown day", wanted_by="2027-12-01")
    released(early, "summary")
    released(late, "full")

    assert [item["title"] for item in page(donor, sort="wanted_by")["items"]] == ["Shown day", "Hidden day"]


@pytest.mark.parametrize("name", ["assessment", "beneficiary_kind", "responsible"])
def test_what_is_never_released_cannot_be_asked(stated: Stated, donor: As, name: str):
    stated(opened=True, **SECRET)
    value = "police" if name == "beneficiary_kind" else "anything"

    assert donor.get("/api/v1/needs", params={name: value}).status_code == 403


def test_a_hidden_need_answers_as_one_that_is_not_there(stated: Stated, donor: As):
    hidden = stated(opened=True, **SECRET)

    answers = [donor.get(f"/api/v1/needs/{ref}") for ref in (hidden["ref"], "N-2026-AAAAA", "rubbish", "%00")]

    documents = [{**answer.json(), "instance": ""} for answer in answers]
    headers = [{name: answer.headers.get(name) for name in ("content-type", "etag", "link")} for answer in answers]
    assert {answer.status_code for answer in answers} == {404}
    assert all(document == documents[0] for document in documents)
    assert all(header == headers[0] for header in headers)


def test_the_audience_sees_the_released_revision_until_a_newer_one_is_released(
    stated: Stated, officer: As, donor: As, released: Released
):
    need = stated(opened=True, title="Released", themes=["WPN-PSM"])
    released(need)
    url = f"/api/v1/needs/{need['ref']}"
    before = donor.get(url)
    officer.patch(url, json={"title": "Unreleased", "themes": ["WPN-MRT"]}, headers={"If-Match": need["etag"]})

    assert donor.get(url).json() == before.json()
    assert donor.get(url).headers["ETag"] == before.headers["ETag"]
    assert page(donor, q="unreleased")["total"] == 0
    assert page(donor, theme="WPN-PSM")["facets"]["theme"] == {"WPN-PSM": 1}
    released(need, revision=2)
    assert donor.get(url).json()["title"] == "Unreleased"
    assert donor.get(url).headers["ETag"] != before.headers["ETag"]


def test_since_goes_by_the_day_it_became_visible(stated: Stated, donor: As, released: Released):
    need = stated(opened=True)
    long_ago = utc_now() - timedelta(days=40)
    released(need, starts_at=long_ago, recorded_at=long_ago, complete_at=long_ago)

    assert page(donor, since=(utc_now() - timedelta(days=39)).date().isoformat())["total"] == 0
    assert page(donor, since=(utc_now() - timedelta(days=41)).date().isoformat())["total"] == 1


def test_newest_goes_by_the_day_it_became_visible_whatever_came_later(
    stated: Stated, officer: As, donor: As, released: Released
):
    first, second = stated(opened=True, title="First"), stated(opened=True, title="Second")
    for need, days in ((first, 2), (second, 5)):
        at = utc_now() - timedelta(days=days)
        released(need, starts_at=at, recorded_at=at, complete_at=at)
    officer.patch(f"/api/v1/needs/{second['ref']}", json={"priority": "low"}, headers={"If-Match": second["etag"]})

    assert [item["title"] for item in page(donor)["items"]] == ["First", "Second"]


def test_a_cursor_says_no_more_than_a_day(stated: Stated, donor: As, released: Released):
    for _ in range(2):
        released(stated(opened=True))

    cursor = page(donor, limit=1)["next"]

    shown, _ = json.loads(base64.urlsafe_b64decode(cursor + "=="))
    assert shown == (utc_now() - timedelta(days=1)).date().isoformat()


def test_withdrawal_empties_every_answer_at_once(stated: Stated, donor: As, released: Released, session: Session):
    need = stated(opened=True, **SECRET)
    release = released(need)
    assert page(donor)["total"] == 1

    session.get_one(Release, release.id).withdrawn_at = utc_now()
    session.commit()

    shown = page(donor)
    assert (shown["items"], shown["total"]) == ([], 0)
    assert all(counts == {} for counts in shown["facets"].values())
    assert donor.get(f"/api/v1/needs/{need['ref']}").status_code == 404


def test_full_and_summary_rows_are_each_filtered_by_what_they_show(stated: Stated, donor: As, released: Released):
    full, summary = stated(opened=True, **{**SECRET, "source_ref": "a"}), stated(opened=True, **SECRET)
    released(full, "full")
    released(summary, "summary")

    shown = page(donor, country="TG")

    assert [item["ref"] for item in shown["items"]] == [full["ref"]]
    assert shown["facets"]["country"] == {"TG": 1}
    assert page(donor)["total"] == 2
    assert page(donor)["facets"]["theme"] == {"WPN-PSM": 2}


def test_what_was_seen_on_a_past_day_is_answered_from_the_dated_history(
    stated: Stated, officer: As, donor: As, released: Released, session: Session
):
    need = stated(opened=True)
    released(need)
    moment = utc_now()
    move(officer, need, status="on_hold")

    then = session.execute(queries.visible(donor.actor, moment)).all()
    before = session.execute(queries.visible(donor.actor, moment - timedelta(days=30))).all()
    now = session.execute(queries.visible(donor.actor)).all()

    assert [row[0].ref for row in then] == [need["ref"]]
    assert (before, now) == ([], [])
