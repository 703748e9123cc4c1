from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.organizations.service import ensure_built_in_groups
from tests.conftest import As
from tests.practices.conftest import FIRST, Library

NEEDS, PROGRAMMES = "/api/v1/needs", "/api/v1/programmes"
NEED = {
    "recipient": {"countries": ["TG"]},
    "title": "Marking of firearms at import",
    "description": "The customs of the port mark no firearm at import; every firearm is to be marked.",
    "source": "state_request",
    "themes": ["WPN-MRT"],
    "weapons": ["SALW"],
}
PROGRAMME = {
    "title": "Marking machines",
    "summary": "Machines and training for the marking of firearms",
    "themes": ["WPN-MRT"],
    "coverage": {"global": True},
    "status": "active",
}


def state(officer: As, *clauses: str) -> dict[str, Any]:
    answer = officer.post(NEEDS, json={**NEED, "clauses": list(clauses)})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def change(officer: As, ref: str, **said: Any) -> Any:
    etag = officer.get(f"{NEEDS}/{ref}").json()["etag"]
    return officer.patch(f"{NEEDS}/{ref}", json=said, headers={"If-Match": etag})


def publish(library: Library) -> None:
    assert library.move(2, "current").status_code == 200


def release(officer: As, session: Session, ref: str, fields: str) -> None:
    ensure_built_in_groups(session)
    session.commit()
    etag = officer.get(f"{NEEDS}/{ref}").json()["etag"]
    moved = {"status": "open", "override_reason": "in a test"}
    assert officer.post(f"{NEEDS}/{ref}/status", json=moved, headers={"If-Match": etag}).status_code == 200
    body = {"audience": {"group": "donors"}, "fields": fields, "basis": "document", "reference": "Note 1"}
    assert officer.post(f"{NEEDS}/{ref}/releases", json=body).status_code == 201


def test_a_need_cites_the_version_in_force(library: Library, officer: As):
    need = state(officer, "GUIDE-1#marking")

    assert need["clauses"] == ["GUIDE-1#marking@1"]
    [cited] = officer.get(f"{NEEDS}/{need['ref']}/clauses").json()["cited"]
    assert (cited["clause"], cited["version"], cited["state"]) == ("GUIDE-1#marking", 1, "as_cited")


@pytest.mark.parametrize(
    "wrong",
    ["GUIDE-1#nothing", "GUIDE-9#marking", "marking", "GUIDE-1#tracing", "GUIDE-1#marking@2", "GUIDE-1#x\\"],
)
def test_what_is_not_published_cannot_be_cited(library: Library, officer: As, wrong: str):
    answer = officer.post(NEEDS, json={**NEED, "clauses": [wrong]})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/clauses/0"


def test_a_clause_that_changed_or_is_gone_flags_what_cites_it(library: Library, officer: As, partner: As):
    need = state(officer, "GUIDE-1#marking", "GUIDE-1#detection", "GUIDE-1#records")
    offered = partner.post(PROGRAMMES, json={**PROGRAMME, "clauses": ["GUIDE-1#records"]}).json()

    publish(library)

    found = officer.get(f"{NEEDS}/{need['ref']}/clauses").json()
    assert [(one["clause"], one["state"]) for one in found["cited"]] == [
        ("GUIDE-1#marking", "changed"),
        ("GUIDE-1#detection", "as_cited"),
        ("GUIDE-1#records", "removed"),
    ]
    assert [one["clause"] for one in found["changed"]] == ["GUIDE-1#marking", "GUIDE-1#records"]
    flagged = officer.get(f"{library.path}/citations").json()
    assert [(one["ref"], one["citation"]["clause"], one["citation"]["state"]) for one in flagged] == [
        (need["ref"], "GUIDE-1#marking", "changed"),
        *sorted([(need["ref"], "GUIDE-1#records", "removed"), (offered["ref"], "GUIDE-1#records", "removed")]),
        (need["ref"], "GUIDE-1#detection", "as_cited"),
    ]


def test_another_change_keeps_what_was_cited_and_the_flag(library: Library, officer: As):
    need = state(officer, "GUIDE-1#marking")
    publish(library)

    kept = change(officer, need["ref"], clauses=["GUIDE-1#marking"], priority="high").json()

    assert kept["clauses"] == ["GUIDE-1#marking@1"]


def test_citing_the_new_version_says_that_it_was_read(library: Library, officer: As):
    need = state(officer, "GUIDE-1#marking")
    publish(library)

    change(officer, need["ref"], clauses=["GUIDE-1#marking@2"])

    assert officer.get(f"{NEEDS}/{need['ref']}/clauses").json()["changed"] == []


def test_citing_the_same_again_is_no_new_revision(library: Library, officer: As):
    need = state(officer, "GUIDE-1#marking")

    again = change(officer, need["ref"], clauses=["GUIDE-1#marking"]).json()

    assert (again["revision"], again["etag"]) == (need["revision"], need["etag"])


def test_null_cites_nothing(library: Library, officer: As):
    need = state(officer, "GUIDE-1#marking")

    assert change(officer, need["ref"], clauses=None).json()["clauses"] == []


def test_the_clauses_most_like_a_need_are_suggested_with_reasons_that_sum_to_the_score(
    library: Library, officer: As
):
    need = state(officer)

    similar = officer.get(f"{NEEDS}/{need['ref']}/clauses").json()["similar"]

    assert similar[0]["clause"]["id"] == "GUIDE-1#marking"
    total = sum(part["weight"] for part in similar[0]["contributions"])
    assert total == pytest.approx(similar[0]["score"], abs=1e-9)
    assert "geography" not in {part["kind"] for part in similar[0]["contributions"]}


def test_what_is_cited_is_not_suggested_again(library: Library, officer: As):
    need = state(officer, "GUIDE-1#marking")

    similar = officer.get(f"{NEEDS}/{need['ref']}/clauses").json()["similar"]

    assert "GUIDE-1#marking" not in [one["clause"]["id"] for one in similar]


def test_a_summary_shows_no_citation_and_is_compared_by_itself(
    library: Library, officer: As, donor: As, session: Session
):
    need = state(officer, "GUIDE-1#detection")
    release(officer, session, need["ref"], "summary")

    shown = donor.get(f"{NEEDS}/{need['ref']}").json()
    found = donor.get(f"{NEEDS}/{need['ref']}/clauses")

    assert "clauses" not in shown
    assert found.json()["cited"] == []
    assert "customs" not in str([part["need"] for one in found.json()["similar"] for part in one["contributions"]])


def test_a_full_release_shows_the_citations(library: Library, officer: As, donor: As, session: Session):
    need = state(officer, "GUIDE-1#detection")
    release(officer, session, need["ref"], "full")

    assert donor.get(f"{NEEDS}/{need['ref']}").json()["clauses"] == ["GUIDE-1#detection@1"]
    [cited] = donor.get(f"{NEEDS}/{need['ref']}/clauses").json()["cited"]
    assert cited["clause"] == "GUIDE-1#detection"


def test_a_filter_by_clause_finds_only_what_is_released_in_full(
    library: Library, officer: As, donor: As, session: Session
):
    summary, full = state(officer, "GUIDE-1#marking"), state(officer, "GUIDE-1#marking")
    state(officer, "GUIDE-1#detection")
    release(officer, session, summary["ref"], "summary")
    release(officer, session, full["ref"], "full")

    def found(reader: As, clause: str) -> set[str]:
        items = reader.get(NEEDS, params={"clause": clause}).json()["items"]
        return {item["ref"] for item in items}

    assert found(donor, "GUIDE-1#marking") == {full["ref"]}
    assert found(officer, "GUIDE-1#marking") == {summary["ref"], full["ref"]}
    assert len(found(officer, "GUIDE-1")) == 3
    assert found(officer, "%") == set()


def test_a_hidden_need_has_no_clauses(library: Library, officer: As, donor: As):
    need = state(officer, "GUIDE-1#marking")

    hidden = donor.get(f"{NEEDS}/{need['ref']}/clauses")
    unknown = donor.get(f"{NEEDS}/N-2026-XXXXX/clauses")

    assert (hidden.status_code, hidden.json()["detail"]) == (404, unknown.json()["detail"])
    assert donor.get(f"{library.path}/citations").status_code == 403


def test_a_programme_cites_and_cites_anew(library: Library, partner: As):
    made = partner.post(PROGRAMMES, json={**PROGRAMME, "external_id": "M1", "clauses": ["GUIDE-1#marking"]}).json()
    publish(library)
    kept = partner.post(PROGRAMMES, json={**PROGRAMME, "external_id": "M1"}).json()
    anew = partner.post(PROGRAMMES, json={**PROGRAMME, "external_id": "M1", "clauses": ["GUIDE-1#marking@2"]})
    wrong = partner.post(PROGRAMMES, json={**PROGRAMME, "clauses": ["GUIDE-1#records"]})

    assert (made["clauses"], kept["clauses"]) == (["GUIDE-1#marking@1"], ["GUIDE-1#marking@1"])
    assert anew.json()["clauses"] == ["GUIDE-1#marking@2"]
    assert wrong.status_code == 422


def test_suggestions_follow_what_is_in_force(library: Library, officer: As):
    need = state(officer)
    before = officer.get(f"{NEEDS}/{need['ref']}/clauses").json()["similar"]

    library.move(2, "withdrawn")
    library.open(FIRST.replace("Every firearm is marked", "Each rifle is stamped"))
    library.move(3, "current")
    after = officer.get(f"{NEEDS}/{need['ref']}/clauses").json()["similar"]

    assert after[0]["clause"]["version"] == 3
    assert after[0]["score"] < before[0]["score"]
