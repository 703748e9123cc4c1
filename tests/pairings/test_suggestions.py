import json

import pytest
from fastapi import FastAPI
from sqlalchemy.orm import Session

from app.organizations.models import Membership, OrganizationKind
from app.programmes import service as programmes
from app.programmes.models import ProgrammeStatus
from app.programmes.schemas import ProgrammeMove, ProgrammePatch
from app.vocabularies.service import add_invented_country
from tests.conftest import As, make_organization, run_jobs
from tests.pairings.conftest import AIRPORTS, STORES, NeedMaker, ProgrammeMaker, judged, pair_of


def suggested(who: As, ref: str, **parameters: object):
    answer = who.get(f"/api/v1/needs/{ref}/suggestions", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_each_score_is_the_sum_of_its_reasons(officer: As, need: NeedMaker, programme: ProgrammeMaker):
    programme()
    programme(title="Armouries in Africa", coverage={"regions": ["002"]})
    programme(**AIRPORTS)

    items = suggested(officer, need().ref)["items"]

    assert len(items) == 3
    for item in items:
        assert sum(part["weight"] for part in item["contributions"]) == pytest.approx(item["score"], abs=1e-9)
    assert [item["rank"] for item in items] == [1, 2, 3]
    assert [item["score"] for item in items] == sorted((item["score"] for item in items), reverse=True)


def test_a_suggestion_says_what_api_readers_build_on(officer: As, need: NeedMaker, programme: ProgrammeMaker):
    offered = programme()
    wanted = need()

    answer = suggested(officer, wanted.ref)

    [item] = answer["items"]
    assert answer["need"] == wanted.ref
    assert answer["model"] == item["model"]
    assert item["proposed"] is True
    card = item["programme"]
    assert (card["ref"], card["title"], card["organization"]) == (offered.ref, offered.title, "UNODA-T")
    assert (card["coverage"]["countries"], card["freshness"]) == (["TG", "BJ"], "fresh")
    shape = {"kind", "feature", "label", "need", "programme", "weight"}
    assert all(shape <= part.keys() for part in item["contributions"])
    assert {gate["gate"] for gate in item["gates"]} >= {"ended", "stale", "excluded", "fund"}
    assert all(gate["passed"] for gate in item["gates"])


def test_what_is_below_the_floor_is_shown_and_says_so(officer: As, need: NeedMaker, programme: ProgrammeMaker):
    programme(**AIRPORTS)

    [item] = suggested(officer, need().ref)["items"]

    assert item["proposed"] is False
    assert "below the floor" in " ".join(item["why_not"])


def test_k_limits_and_explain_false_leaves_the_reasons_out(
    officer: As, need: NeedMaker, programme: ProgrammeMaker
):
    for number in range(3):
        programme(title=f"Armoury management {number}")

    items = suggested(officer, need().ref, k=2, explain=False)["items"]

    assert [item["contributions"] for item in items] == [None, None]


def test_the_gated_are_listed_only_when_asked_for_with_the_reason(
    session: Session, officer: As, need: NeedMaker, programme: ProgrammeMaker
):
    wanted, fits, excluded, asleep = need(), programme(), programme(excluded=["TG"]), programme()
    programmes.move(session, officer.actor, asleep, ProgrammeMove(status=ProgrammeStatus.SUSPENDED))
    ended = programme(starts_on="2020-01-01", ends_on="2021-01-01")

    assert [item["programme"]["ref"] for item in suggested(officer, wanted.ref)["items"]] == [fits.ref]
    first, *gated = suggested(officer, wanted.ref, include_ineligible=True)["items"]

    assert first["programme"]["ref"] == fits.ref
    failed = {
        item["programme"]["ref"]: [gate["gate"] for gate in item["gates"] if not gate["passed"]] for item in gated
    }
    assert failed == {excluded.ref: ["excluded"], asleep.ref: ["status"], ended.ref: ["ended"]}
    assert all(item["rank"] is None and not item["proposed"] and item["why_not"] for item in gated)


def test_funds_are_shown_apart_as_ways_to_pay(officer: As, need: NeedMaker, programme: ProgrammeMaker):
    fund = programme(kind="fund", title="Trust fund for armouries", applies="state")
    wanted = need()

    for asked in ({}, {"include_ineligible": True}):
        answer = suggested(officer, wanted.ref, **asked)
        assert answer["items"] == []
        [way] = answer["ways_to_pay"]
        assert (way["programme"]["ref"], way["programme"]["kind"], way["proposed"]) == (fund.ref, "fund", False)


def test_why_a_programme_is_not_proposed_has_an_answer_for_any(
    session: Session, officer: As, need: NeedMaker, programme: ProgrammeMaker
):
    wanted, elsewhere = need(), programme(coverage={"countries": ["PE"]})
    programme()

    answer = suggested(officer, wanted.ref, programme=elsewhere.ref)

    [item] = answer["items"]
    assert item["programme"]["ref"] == elsewhere.ref
    assert (item["rank"], item["proposed"]) == (2, False)
    assert any("not cover" in reason for reason in item["why_not"])
    missing = officer.get(f"/api/v1/needs/{wanted.ref}/suggestions", params={"programme": "P-2026-AAAAA"})
    assert missing.status_code == 404


def test_a_programme_beyond_the_tenth_place_says_so(officer: As, need: NeedMaker, programme: ProgrammeMaker):
    for number in range(11):
        programme(title=f"Armoury management {number}")
    wanted = need()
    last = suggested(officer, wanted.ref, k=11)["items"][-1]

    [item] = suggested(officer, wanted.ref, programme=last["programme"]["ref"])["items"]
    assert item["why_not"] == ["it ranks 11, and at most 10 are proposed"]


def test_a_suggestion_names_the_stored_pair(
    app: FastAPI, session: Session, officer: As, need: NeedMaker, programme: ProgrammeMaker
):
    wanted, offered = need(), programme()
    run_jobs(app)
    pair = pair_of(session, wanted, offered)
    judged(officer, pair, "reject", reason="other")

    [item] = suggested(officer, wanted.ref)["items"]
    assert (item["pairing"], item["pairing_status"]) == (str(pair.id), "rejected")


def test_a_new_or_changed_programme_is_among_the_suggestions_at_once(
    session: Session, officer: As, need: NeedMaker, programme: ProgrammeMaker
):
    wanted = need()
    assert suggested(officer, wanted.ref)["items"] == []

    offered = programme(**AIRPORTS)
    [before] = suggested(officer, wanted.ref)["items"]
    patch = ProgrammePatch(title="Armouries", summary="Locks and registers for armouries.", themes=["WPN-PSM"])
    programmes.update(session, officer.actor, offered, patch)
    [after] = suggested(officer, wanted.ref)["items"]

    assert after["score"] > before["score"]
    assert (before["proposed"], after["proposed"]) == (False, True)


def test_a_text_that_is_not_stored_gets_the_same_suggestions(
    officer: As, need: NeedMaker, programme: ProgrammeMaker
):
    programme()
    programme(**AIRPORTS)
    text = {name: value for name, value in STORES.items() if name != "source"}

    stored = suggested(officer, need().ref)
    answer = officer.post("/api/v1/suggestions", json=text)

    assert answer.status_code == 200
    assert answer.json()["need"] is None
    assert [item["score"] for item in answer.json()["items"]] == [item["score"] for item in stored["items"]]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/description"),
        ({"title": "Arms", "themes": ["WPN-PSN"]}, "/themes/0"),
        ({"title": "Arms", "recipient": {"countries": ["TGO"]}}, "/recipient/countries/0"),
        ({"title": "Arms", "recipient": {"members_of": "NOBODY"}}, "/recipient/members_of"),
        ({"title": "Arms", "language": "xx"}, "/language"),
        ({"title": 7}, "/title"),
        ({"title": "Arms", "source": "other"}, "/source"),
    ],
)
def test_a_text_that_cannot_be_read_is_refused_by_name(officer: As, body: dict[str, object], pointer: str):
    answer = officer.post("/api/v1/suggestions", json=body)

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize("text", ["a\u0000b", "\ud800", "\u202eabc"])
def test_no_text_is_a_fault_of_ours(officer: As, text: str):
    body = json.dumps({"title": text})
    answer = officer.post("/api/v1/suggestions", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422


def test_a_bodys_members_are_those_of_its_memberships_today(
    session: Session, officer: As, need: NeedMaker, programme: ProgrammeMaker
):
    body = body_of(session, "BODY-T", ["TG"])
    programme(coverage={"members_of": [body]})
    togo, ghana = need(), need(title="In Ghana", recipient={"countries": ["GH"]})

    assert suggested(officer, togo.ref)["items"][0]["proposed"] is True
    assert suggested(officer, ghana.ref)["items"][0]["proposed"] is False


def test_an_invented_state_lies_in_its_region(
    session: Session, officer: As, need: NeedMaker, programme: ProgrammeMaker
):
    add_invented_country(session, "XA", "011", {"en": "Aldoria (invented)"})
    programme(coverage={"regions": ["011"]})
    programme(coverage={"regions": ["005"]}, title="The same in South America")

    near, far = suggested(officer, need(recipient={"countries": ["XA"]}).ref)["items"]
    assert (near["proposed"], far["proposed"]) == (True, False)


def test_two_processes_agree_after_each_change(
    app: FastAPI, session: Session, officer: As, need: NeedMaker, programme: ProgrammeMaker
):
    wanted, offered = need(), programme()
    run_jobs(app)
    here = suggested(officer, wanted.ref)
    other, app.state.ranking = app.state.ranking, type(app.state.ranking)(app.state.settings.data_dir)

    for change in (ProgrammePatch(summary="Locks for armouries"), ProgrammePatch(coverage={"countries": ["GH"]})):
        programmes.update(session, officer.actor, offered, change)
        there = suggested(officer, wanted.ref)
        app.state.ranking, other = other, app.state.ranking
        here = suggested(officer, wanted.ref)
        assert [(i["score"], i["proposed"]) for i in here["items"]] == [
            (i["score"], i["proposed"]) for i in there["items"]
        ]


def test_the_model_in_force_says_what_it_weighs(officer: As):
    shown = officer.get("/api/v1/model").json()

    assert len(shown["fingerprint"]) == 64
    assert sum(each["weight"] for each in shown["weights"]) == pytest.approx(1)
    assert f"{shown['floor']:g}" in shown["floors"]


def test_a_bad_glossary_of_the_installation_is_named(app: FastAPI, officer: As):
    (app.state.settings.data_dir / "glossary.tsv").write_text("not a glossary\n", encoding="utf-8")

    answer = officer.get("/api/v1/model")

    assert answer.status_code == 503
    assert "glossary.tsv" in answer.json()["detail"]


def body_of(session: Session, ref: str, members: list[str]) -> str:
    """A regional body with these members; return its ref."""
    body = make_organization(session, ref, OrganizationKind.IMPLEMENTER)
    session.add_all(Membership(organization_id=body.id, country_code=code) for code in members)
    session.commit()
    return ref
