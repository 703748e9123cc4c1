import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from tests.conftest import As
from tests.practices.conftest import FIRST, PRACTICES, SECOND, Library


def test_headings_become_clauses_with_their_ids_numbers_and_codes(library: Library, officer: As):
    clauses = officer.get(f"{library.path}/clauses").json()

    assert [(one["id"], one["number"], one["title"]) for one in clauses] == [
        ("GUIDE-1#marking", "1", "Marking"),
        ("GUIDE-1#detection", "2", "Detection at borders"),
        ("GUIDE-1#records", "3", "Records"),
    ]
    assert clauses[0]["themes"] == ["WPN-MRT"]
    assert clauses[0]["stage"] == "upstream"
    assert clauses[0]["provisions"] == [{"instrument": "2370", "paragraph": "6"}]
    assert clauses[2]["weapons"] == ["SALW", "AMMO"]


def test_what_is_in_force_is_read_by_nobody_in_particular(library: Library, anybody: TestClient):
    practice = anybody.get(library.path).json()

    assert (practice["current"], practice["consultation"]) == (1, None)
    assert [one["number"] for one in practice["versions"]] == [1]
    assert anybody.get(f"{library.path}/versions/1").json()["preamble"] == "What this is about."
    assert anybody.get(f"{library.path}/clauses/marking").status_code == 200


def test_a_consultation_does_not_exist_for_who_is_not_signed_in(library: Library, anybody: TestClient):
    unknown = anybody.get(f"{library.path}/versions/9")

    for path in ("versions/2", "clauses?version=2", "clauses/tracing?version=2", "diff?after=2"):
        answer = anybody.get(f"{library.path}/{path}")
        assert (answer.status_code, answer.json()["detail"]) == (404, unknown.json()["detail"])


def test_a_document_without_anything_published_does_not_exist_for_nobody(officer: As, anybody: TestClient):
    officer.post(PRACTICES, json={"ref": "GUIDE-2", "title": "Not yet out"})
    officer.post(f"{PRACTICES}/GUIDE-2/versions", json={"markdown": FIRST})

    assert anybody.get(PRACTICES).json() == []
    assert anybody.get(f"{PRACTICES}/GUIDE-2").status_code == 404


@pytest.mark.parametrize("role", ["partner", "donor"])
def test_partners_and_donors_read_the_consultation(library: Library, request: pytest.FixtureRequest, role: str):
    reader: As = request.getfixturevalue(role)

    found = reader.get(f"{library.path}/versions/2").json()

    assert [one["anchor"] for one in found["texts"]] == ["marking", "detection", "tracing"]
    assert reader.get(library.path).json()["consultation"] == 2


def test_a_withdrawn_version_is_read_by_officers_alone(library: Library, officer: As, partner: As):
    library.move(2, "withdrawn")

    assert partner.get(f"{library.path}/versions/2").status_code == 404
    assert officer.get(f"{library.path}/versions/2").json()["status"] == "withdrawn"


def test_codes_that_a_new_version_does_not_state_stay_as_they_were(library: Library, officer: As):
    marking = officer.get(f"{library.path}/clauses/marking?version=2").json()

    assert (marking["themes"], marking["weapons"], marking["stage"]) == (["WPN-MRT"], ["SALW"], "upstream")
    assert marking["provisions"] == [{"instrument": "2370", "paragraph": "6"}]


def test_clauses_are_found_by_theme_weapon_and_stage(library: Library, anybody: TestClient):
    def found(query: str) -> list[str]:
        return [one["anchor"] for one in anybody.get(f"{library.path}/clauses?{query}").json()]

    assert found("theme=BLE-CUS") == ["detection"]
    assert found("weapon=AMMO") == ["records"]
    assert found("stage=upstream") == ["marking", "records"]
    assert anybody.get(f"{library.path}/clauses?theme=NONE").status_code == 422


def test_the_difference_names_clauses_and_marks_words(library: Library, partner: As):
    diff = partner.get(f"{library.path}/diff?after=2").json()

    changes = {one["id"]: one["change"] for one in diff["clauses"]}
    assert changes == {
        "GUIDE-1#marking": "changed",
        "GUIDE-1#detection": "unchanged",
        "GUIDE-1#records": "removed",
        "GUIDE-1#tracing": "added",
    }
    marking = diff["clauses"][0]["text"]
    assert "".join(run["text"] for run in marking if run["kind"] != "added") == (
        "Every firearm is marked at manufacture and at import."
    )
    assert any(run == {"kind": "added", "text": " and when it leaves State stocks"} for run in marking)


def test_lines_that_break_elsewhere_are_no_change(library: Library, officer: As):
    library.move(2, "withdrawn")
    library.open(FIRST.replace("Every firearm is marked at", "Every firearm is\nmarked at"))

    diff = officer.get(f"{library.path}/diff?after=3").json()

    assert {one["change"] for one in diff["clauses"]} == {"unchanged"}


def test_the_first_version_has_nothing_to_be_compared_with(library: Library, anybody: TestClient):
    assert anybody.get(f"{library.path}/diff").status_code == 404


def test_publishing_supersedes_what_was_current_and_both_stay_readable(library: Library, anybody: TestClient):
    moved = library.move(2, "current")

    assert moved.json()["status"] == "current"
    versions = anybody.get(library.path).json()["versions"]
    assert [(one["number"], one["status"]) for one in versions] == [(2, "current"), (1, "superseded")]
    assert anybody.get(f"{library.path}/diff").json()["before"] == 1


def test_there_is_one_consultation_at_a_time(library: Library, officer: As):
    again = officer.post(f"{library.path}/versions", json={"markdown": FIRST})

    assert again.status_code == 409
    assert "Version 2 is open" in again.json()["detail"]


def test_a_published_version_moves_nowhere(library: Library):
    assert library.move(1, "withdrawn").status_code == 409
    assert library.move(1, "consultation").status_code == 409


def test_a_version_moves_only_as_it_was_read(library: Library, officer: As):
    path = f"{library.path}/versions/2/status"

    assert officer.post(path, json={"status": "current"}).status_code == 428
    stale = officer.post(path, json={"status": "current"}, headers={"If-Match": '"9"'})
    assert stale.status_code == 412


def test_a_file_is_taken_as_it_was_shown_or_not_at_all(library: Library, officer: As):
    library.move(2, "current")

    late = officer.post(f"{library.path}/versions", json={"markdown": SECOND, "compared_with": 1})

    assert late.status_code == 412


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE practice_clause_text SET body = 'other'",
        "DELETE FROM practice_clause_text",
        "UPDATE practice_version SET preamble = 'other'",
        "DELETE FROM practice_version",
        "DELETE FROM practice_clause_code",
        "UPDATE practice_clause SET anchor = 'other'",
        "INSERT INTO practice_clause_text (id, version_id, clause_id, position, level, number, title, body, "
        "content_hash, provisions) SELECT clause_id, version_id, clause_id, 99, 2, '', 'More', '', '', '[]' "
        "FROM practice_clause_text WHERE position = 0",
    ],
)
def test_the_database_itself_refuses_to_change_what_was_written(
    library: Library, session: Session, statement: str
):
    with pytest.raises(DatabaseError), session.begin_nested():
        session.execute(text(statement))


def test_a_retried_request_opens_one_version(officer: As):
    officer.post(PRACTICES, json={"ref": "GUIDE-3", "title": "Twice"})
    key = {"Idempotency-Key": "one"}

    first = officer.post(f"{PRACTICES}/GUIDE-3/versions", json={"markdown": FIRST}, headers=key)
    again = officer.post(f"{PRACTICES}/GUIDE-3/versions", json={"markdown": FIRST}, headers=key)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()


def test_opening_and_publishing_are_in_the_trail(library: Library, officer: As):
    number = officer.get(f"{library.path}/versions/1").json()
    trail = officer.get("/api/v1/audit", params={"subject": "GUIDE-1 version 1"}).json()["items"]

    assert number["number"] == 1
    assert [event["action"] for event in reversed(trail)] == [
        "practice_version.opened",
        "practice_version.published",
    ]
