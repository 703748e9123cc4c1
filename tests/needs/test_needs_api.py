"""Writing needs: what is kept of each change, what is refused, and how a refusal is said."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.event import listen
from sqlalchemy.orm import Session

from app.audit.models import AuditEvent
from app.core.errors import Invalid
from app.core.jobs import Job
from app.needs import service
from app.needs.models import Need, NeedRevision
from app.vocabularies.models import Term
from tests.conftest import As
from tests.needs.conftest import DEPOTS, Stated


def change(officer: As, need: dict[str, Any], **fields: Any) -> dict[str, Any]:
    answer = officer.patch(f"/api/v1/needs/{need['ref']}", json=fields, headers={"If-Match": need["etag"]})
    assert answer.status_code == 200, answer.text
    changed: dict[str, Any] = answer.json()
    return changed


def revisions(session: Session, need: dict[str, Any]) -> list[str]:
    of_need = select(NeedRevision.title).join(Need, Need.id == NeedRevision.need_id)
    return list(session.scalars(of_need.where(Need.ref == need["ref"]).order_by(NeedRevision.number)))


def test_a_need_is_stored_whole_and_read_back_as_written(stated: Stated, officer: As):
    said = {
        "title": "Depots without inventory", "language": "en",
        "translations": {"fr": {"title": "Dépôts", "description": "Sans registre", "quality": "official"}},
        "recipient": {"countries": ["TG", "BJ"], "context": "border areas"},
        "themes": ["WPN-PSM", "WPN-MRT"], "dimensions": ["operational"], "functions": ["prevent"],
        "weapons": ["SALW"], "assistance_types": ["training"],
        "provisions": [{"instrument": "2370", "paragraph": "6"}, {"instrument": "ATT"}],
        "priority": "high", "beneficiary_kind": "military", "institution": "Logistics Directorate",
        "existing_efforts": "A pilot register", "wanted_by": "2027-12-31",
        "indicative_cost": {"low": 450000, "high": 700000.5, "currency": "USD", "estimated_by": "the ministry"},
        "unconfirmed": ["themes:WPN-MRT"],
    }  # fmt: skip

    made = stated(**said)

    kept = officer.get(f"/api/v1/needs/{made['ref']}").json()
    assert {name: kept[name] for name in said} == said
    assert kept["regions"] == ["011"]
    assert (kept["status"], kept["disclosure"], kept["revision"]) == ("draft", "restricted", 1)
    assert kept["responsible"] == officer.user.email


@pytest.mark.parametrize("recipient", [{"region": "011", "context": "Sahelian"}, {"countries": ["TG"]}])
def test_a_change_writes_a_whole_revision_and_keeps_what_it_does_not_name(
    stated: Stated, officer: As, session: Session, recipient: dict[str, Any]
):
    made = stated(title="Before", themes=["WPN-PSM"], recipient=recipient)

    changed = change(officer, made, title="After", priority="high")

    assert (changed["title"], changed["themes"], changed["recipient"]) == ("After", ["WPN-PSM"], recipient)
    assert changed["etag"] != made["etag"]
    assert revisions(session, made) == ["Before", "After"]


def test_null_clears(stated: Stated, officer: As):
    made = stated(themes=["WPN-PSM"], wanted_by="2027-12-31", institution="Police", unconfirmed=["themes:WPN-PSM"])

    changed = change(officer, made, themes=None, wanted_by=None, institution=None)

    assert (changed["themes"], changed["wanted_by"], changed["institution"]) == ([], None, "")
    assert changed["unconfirmed"] == []


def test_a_change_that_says_nothing_new_leaves_no_revision_and_no_event(
    stated: Stated, officer: As, session: Session
):
    made = stated(themes=["WPN-PSM"])

    unchanged = change(officer, made, title=made["title"], themes=["WPN-PSM"])

    assert unchanged["etag"] == made["etag"]
    assert revisions(session, made) == [made["title"]]
    assert session.scalar(select(AuditEvent).where(AuditEvent.action == "need.changed")) is None


def test_the_trail_names_the_changed_fields_alone(stated: Stated, officer: As, session: Session):
    change(officer, stated(priority="low"), priority="high")

    event = session.scalars(select(AuditEvent).where(AuditEvent.action == "need.changed")).one()
    assert (event.before, event.after) == ({"priority": "low"}, {"priority": "high"})


def test_confirming_codes_is_a_change_of_what_is_unconfirmed(stated: Stated, officer: As):
    made = stated(themes=["WPN-PSM", "WPN-MRT"], unconfirmed=["themes:WPN-PSM", "themes:WPN-MRT"])

    assert change(officer, made, unconfirmed=["themes:WPN-MRT"])["unconfirmed"] == ["themes:WPN-MRT"]


def test_an_officer_confirms_codes_one_by_one(stated: Stated, officer: As, session: Session):
    made = stated(themes=["WPN-PSM", "WPN-MRT"], unconfirmed=["themes:WPN-PSM", "themes:WPN-MRT"])
    need = session.scalars(select(Need)).one()

    service.confirm(session, officer.actor, need, ["themes:WPN-PSM"])
    session.commit()

    assert officer.get(f"/api/v1/needs/{made['ref']}").json()["unconfirmed"] == ["themes:WPN-MRT"]
    with pytest.raises(Invalid, match="waiting: themes:WPN-MRT"):
        service.confirm(session, officer.actor, need, ["themes:WPN-PSM"])


def test_a_longer_list_asks_the_database_no_more_often(stated: Stated, officer: As, session: Session):
    asked: list[str] = []
    connection = session.connection()
    listen(connection, "before_cursor_execute", lambda *event: asked.append(event[2]))
    numbers = []
    for _ in range(2):
        for _ in range(3):
            stated(recipient={"countries": ["TG"]}, themes=["WPN-PSM"])
        session.commit()
        asked.clear()
        assert officer.get("/api/v1/needs").status_code == 200
        numbers.append(len(asked))

    assert numbers[0] == numbers[1] > 0


def test_every_change_asks_for_a_match(stated: Stated, officer: As, session: Session):
    change(officer, stated(), priority="high")

    assert [job.kind for job in session.scalars(select(Job))] == ["match.need", "match.need"]


def test_a_change_needs_the_etag_that_was_read(stated: Stated, officer: As):
    made = stated()
    url = f"/api/v1/needs/{made['ref']}"
    change(officer, made, priority="high")

    assert officer.patch(url, json={"priority": "low"}).status_code == 428
    assert officer.patch(url, json={"priority": "low"}, headers={"If-Match": made["etag"]}).status_code == 412
    assert officer.get(url).json()["priority"] == "high"


def test_a_repeated_post_with_one_idempotency_key_states_one_need(officer: As):
    headers = {"Idempotency-Key": "one"}
    first = officer.post("/api/v1/needs", json=DEPOTS, headers=headers)
    again = officer.post("/api/v1/needs", json=DEPOTS, headers=headers)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json()["ref"] == first.json()["ref"]
    assert first.headers["Location"] == f"/api/v1/needs/{first.json()['ref']}"
    assert officer.get("/api/v1/needs?count=true").json()["total"] == 1


@pytest.mark.parametrize(
    ("field", "value", "pointer", "near"),
    [
        ("themes", ["WPN-PMS"], "/themes/0", "WPN-PSM"),
        ("recipient", {"countries": ["TG", "Germny"]}, "/recipient/countries/1", "DE"),
        ("recipient", {"region": "West Africa"}, "/recipient/region", "Africa"),
        ("recipient", {"members_of": "ECOWASS"}, "/recipient/members_of", "acronym"),
        ("weapons", ["salw"], "/weapons/0", "SALW"),
        ("provisions", [{"instrument": "2371"}], "/provisions/0/instrument", "2370"),
        ("provisions", [{"instrument": "AT"}], "/provisions/0/instrument", "ATT"),
        ("translations", {"xx": {"title": "a", "description": "b"}}, "/translations/xx", "xx"),
        ("language", "english", "/language", "en"),
        ("assessment", "A-2026-NOONE", "/assessment", "A-2026-NOONE"),
        ("responsible", "nobody@example.org", "/responsible", "officer"),
    ],
)
def test_an_unknown_code_is_refused_with_its_place_and_what_was_probably_meant(
    officer: As, field: str, value: Any, pointer: str, near: str
):
    answer = officer.post("/api/v1/needs", json={**DEPOTS, field: value})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert near in answer.json()["errors"][0]["message"]


def test_all_faults_are_named_at_once(officer: As):
    wrong = {**DEPOTS, "themes": ["X1"], "weapons": ["X2"], "recipient": {"countries": ["X3"]}}

    errors = officer.post("/api/v1/needs", json=wrong).json()["errors"]

    assert [error["pointer"] for error in errors] == ["/themes/0", "/weapons/0", "/recipient/countries/0"]


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"recipient": {}}, "/recipient"),
        ({"recipient": {"region": "011", "countries": ["TG"]}}, "/recipient"),
        ({"title": " "}, "/title"),
        ({"title": "a\u202eb"}, "/title"),
        ({"description": "a\x00b"}, "/description"),
        ({"description": "x" * 20_001}, "/description"),
        ({"wanted_by": "next year"}, "/wanted_by"),
        ({"wanted_by": 20271231}, "/wanted_by"),
        ({"illustrative": "yes"}, "/illustrative"),
        ({"indicative_cost": {"low": 2, "high": 1, "currency": "USD"}}, "/indicative_cost"),
        ({"indicative_cost": {"low": 2, "currency": "dollars"}}, "/indicative_cost/currency"),
        ({"indicative_cost": {"low": 2, "currency": "USB"}}, "/indicative_cost/currency"),
        ({"status": "open"}, "/status"),
        ({"source": "assessment"}, "/assessment"),
        ({"unconfirmed": ["zz"]}, "/unconfirmed/0"),
        ({"themes": ["WPN-PSM"], "unconfirmed": ["themes:WPN-PSM", "themes:WPN-XXX"]}, "/unconfirmed/1"),
        ({"recipient": {"members_of": "CTED-T"}}, "/recipient/members_of"),
        ({"title": "\u3164\u200b"}, "/title"),
    ],
)
def test_wrong_fields_are_named(officer: As, wrong: dict[str, Any], pointer: str):
    answer = officer.post("/api/v1/needs", json={**DEPOTS, **wrong})

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_a_currency_that_is_withdrawn_stays_until_it_is_changed(officer: As, session: Session):
    cost = {"indicative_cost": {"low": 2, "currency": "ZWG"}}
    need = officer.post("/api/v1/needs", json={**DEPOTS, **cost}).json()
    session.delete(session.get_one(Term, ("currency", "ZWG")))
    session.commit()

    path, change = (
        f"/api/v1/needs/{need['ref']}",
        {"title": "Another", "indicative_cost": {"low": 3, "currency": "ZWG"}},
    )
    assert officer.get(path).json()["indicative_cost"]["currency"] == "ZWG"
    assert officer.patch(path, json=change, headers={"If-Match": need["etag"]}).status_code == 200
    answer = officer.post("/api/v1/needs", json={**DEPOTS, **cost})
    assert answer.status_code == 422
    assert "not a code of the vocabulary currency" in answer.json()["detail"]


def test_unknown_codes_are_refused_where_they_are_only_asked_about(officer: As):
    checked = officer.post("/api/v1/needs/specificity", json={"title": "T", "language": "zz"})
    asked = [officer.get("/api/v1/needs", params=wrong) for wrong in ({"provision": "x"}, {"assessment": "zz"})]

    assert [answer.status_code for answer in (checked, *asked)] == [422, 422, 422]
    assert checked.json()["errors"][0]["pointer"] == "/language"


def test_a_need_can_be_said_to_come_from_an_assessment_later(officer: As, stated: Stated):
    visit = officer.post("/api/v1/assessments", json={"kind": "comprehensive", "states": ["TG"]}).json()
    need = stated()
    said = {"deputy": officer.user.email, "source": "assessment", "assessment": visit["ref"]}

    answer = officer.patch(f"/api/v1/needs/{need['ref']}", json=said, headers={"If-Match": need["etag"]})

    assert answer.status_code == 200, answer.text
    assert (answer.json()["source"], answer.json()["assessment"]) == ("assessment", visit["ref"])


@pytest.mark.parametrize(
    "body",
    [
        b'{"title": "\\ud800"}', b'{"\\ud800": 1}', b"{", b"[]", b"null", b"\xff", b'{"title": NaN}', b"",
        b'{"title": ' + b"9" * 5000 + b"}", b'{"a":' * 3000, b'{"source_ref": "\\u0000"}',
    ],
)  # fmt: skip
def test_no_body_is_a_fault_of_ours(officer: As, body: bytes):
    answer = officer.post("/api/v1/needs", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code in {400, 422}
    assert answer.json()["status"] == answer.status_code


def test_a_line_of_a_source_is_taken_in_once(stated: Stated, officer: As):
    made = stated(source_ref="line 1")

    again = officer.post("/api/v1/needs", json={**DEPOTS, "source_ref": "line 1"})

    assert again.status_code == 409
    assert made["ref"] in again.json()["detail"]


@pytest.mark.parametrize("ref", ["N-2026-AAAAA", "nothing", "%00", "N" * 500, "specificity"])
def test_what_is_not_there_is_the_same_404_for_every_ref(officer: As, partner: As, ref: str):
    for reader in (officer, partner):
        answer = reader.get(f"/api/v1/needs/{ref}")

        assert answer.status_code == 404
        assert answer.json()["detail"] == "There is no such need"


def test_only_officers_write(partner: As, donor: As):
    for reader in (partner, donor):
        assert reader.post("/api/v1/needs", json=DEPOTS).status_code == 403
        for path in ("/api/v1/needs/N-2026-AAAAA/status", "/api/v1/needs/N-2026-AAAAA/merge"):
            assert reader.post(path, json={}).status_code == 403
