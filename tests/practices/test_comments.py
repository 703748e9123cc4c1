from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from tests.conftest import As
from tests.practices.conftest import Library

FOR_A_STATE = {
    "clause": "tracing",
    "text": "A month is too short.",
    "country": "TG",
    "source": "Note verbale 12",
    "said_on": "2026-10-01",
}


def comment(library: Library, speaker: As, **said: Any) -> dict[str, Any]:
    body = {"clause": "marking", "text": "Say who marks.", **said}
    answer = speaker.post(f"{library.path}/comments", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def dispose(library: Library, made: dict[str, Any], **said: str) -> Any:
    path = f"{library.path}/comments/{made['id']}"
    etag = library.officer.get(path).json()["etag"]
    body = {"disposition": "accepted", "reason": "It is said now.", **said}
    return library.officer.post(f"{path}/disposition", json=body, headers={"If-Match": etag})


def test_each_reads_its_own_comments_and_officers_all(
    library: Library, officer: As, partner: As, other_partner: As, donor: As
):
    comment(library, partner, text="One")
    comment(library, donor, text="Two")
    officer.post(f"{library.path}/comments", json=FOR_A_STATE)

    def read(reader: As) -> list[str]:
        return [one["text"] for one in reader.get(f"{library.path}/comments").json()["items"]]

    assert read(partner) == ["One"]
    assert read(donor) == ["Two"]
    assert read(other_partner) == []
    assert read(officer) == ["One", "Two", "A month is too short."]


def test_anothers_comment_does_not_exist(library: Library, partner: As, donor: As):
    made = comment(library, donor)

    assert partner.get(f"{library.path}/comments/{made['id']}").status_code == 404


def test_nobody_comments_without_signing_in(library: Library, anybody: TestClient):
    assert anybody.post(f"{library.path}/comments", json={"clause": "marking", "text": "x"}).status_code == 401
    assert anybody.get(f"{library.path}/comments").status_code == 401


@pytest.mark.parametrize(
    ("role", "said"),
    [
        ("partner", FOR_A_STATE),
        ("donor", {**FOR_A_STATE, "country": None, "workshop": "Lomé, 2026"}),
        ("officer", {"clause": "marking", "text": "For nobody"}),
        ("officer", {**FOR_A_STATE, "workshop": "Lomé, 2026"}),
        ("officer", {**FOR_A_STATE, "source": ""}),
        ("officer", {**FOR_A_STATE, "said_on": None}),
        ("officer", {**FOR_A_STATE, "country": "ZZ"}),
        ("partner", {"clause": "records", "text": "It is gone from version 2"}),
        ("partner", {"clause": "marking", "text": " "}),
        ("partner", {"clause": "marking", "text": "x", "disposition": "accepted"}),
    ],
)
def test_who_may_not_speak_so_is_told(
    library: Library, request: pytest.FixtureRequest, role: str, said: dict[str, Any]
):
    speaker: As = request.getfixturevalue(role)

    assert speaker.post(f"{library.path}/comments", json=said).status_code == 422


def test_a_version_is_published_when_every_comment_is_treated(library: Library, partner: As):
    made = comment(library, partner)

    early = library.move(2, "current")
    disposed = dispose(library, made)
    published = library.move(2, "current")

    assert (early.status_code, disposed.status_code, published.status_code) == (409, 200, 200)
    assert "have no disposition" in early.json()["detail"]


def test_the_record_is_published_without_names(library: Library, officer: As, partner: As, anybody: TestClient):
    own = comment(library, partner, text="We of PARTNER ask who marks.")
    state = officer.post(f"{library.path}/comments", json=FOR_A_STATE).json()
    dispose(library, own, asked="Who is to mark", reason="The importer, at the border.")
    dispose(library, state, disposition="declined", asked="More time", reason="Others keep to a month.")
    assert anybody.get(f"{library.path}/treatment?version=2").status_code == 404

    library.move(2, "current")
    record = anybody.get(f"{library.path}/treatment").json()

    assert record["items"] == [
        {
            "clause": "GUIDE-1#marking",
            "number": "1",
            "title": "Marking",
            "asked": "Who is to mark",
            "disposition": "accepted",
            "reason": "The importer, at the border.",
        },
        {
            "clause": "GUIDE-1#tracing",
            "number": "3",
            "title": "Tracing",
            "asked": "More time",
            "disposition": "declined",
            "reason": "Others keep to a month.",
        },
    ]
    assert "PARTNER" not in str(record)
    assert "Togo" not in str(record)


@pytest.mark.parametrize("field", ["reason", "asked"])
def test_what_is_published_may_not_name_who_commented(library: Library, officer: As, partner: As, field: str):
    own = comment(library, partner)
    state = officer.post(f"{library.path}/comments", json=FOR_A_STATE).json()

    by_partner = dispose(library, own, **{field: "As partner (test) asked."})
    by_state = dispose(library, state, **{field: "As TOGO asked."})
    in_french = dispose(library, state, **{field: "Comme le Togo l'a demandé."})

    assert [answer.status_code for answer in (by_partner, by_state, in_french)] == [422, 422, 422]
    assert by_state.json()["errors"][0]["pointer"] == f"/{field}"


def test_the_author_learns_of_the_treatment_when_it_is_published(library: Library, partner: As):
    made = comment(library, partner)
    before = partner.get(f"{library.path}/comments/{made['id']}").json()

    dispose(library, made)
    disposed = partner.get(f"{library.path}/comments/{made['id']}").json()
    library.move(2, "current")
    published = partner.get(f"{library.path}/comments/{made['id']}").json()

    assert before == disposed
    assert (published["disposition"], published["reason"]) == ("accepted", "It is said now.")


def test_nobody_outside_asks_by_the_treatment(library: Library, partner: As, officer: As):
    comment(library, partner)

    assert partner.get(f"{library.path}/comments?disposition=accepted").status_code == 422
    assert partner.get(f"{library.path}/comments?open=true").status_code == 422
    assert len(officer.get(f"{library.path}/comments?open=true").json()["items"]) == 1


def test_a_treatment_changes_until_the_version_is_published(library: Library, partner: As):
    made = comment(library, partner)
    dispose(library, made)

    again = dispose(library, made, disposition="noted", reason="On reflection.")
    library.move(2, "current")
    late = dispose(library, made, reason="Too late.")

    assert (again.json()["disposition"], late.status_code) == ("noted", 409)


def test_no_comment_is_made_on_what_is_no_longer_open(library: Library, partner: As):
    library.move(2, "current")

    late = partner.post(f"{library.path}/comments", json={"clause": "marking", "text": "Late"})

    assert late.status_code == 404


def test_a_treatment_is_recorded_only_as_it_was_read(library: Library, officer: As, partner: As):
    made = comment(library, partner)
    path, body = f"{library.path}/comments/{made['id']}/disposition", {"disposition": "noted", "reason": "Yes."}

    assert officer.post(path, json=body).status_code == 428
    assert officer.post(path, json=body, headers={"If-Match": '"7"'}).status_code == 412
    assert partner.post(path, json=body, headers={"If-Match": '"1"'}).status_code == 403


def test_own_comments_stay_readable_when_the_version_is_withdrawn(library: Library, partner: As):
    made = comment(library, partner)

    library.move(2, "withdrawn")

    assert partner.get(f"{library.path}/comments/{made['id']}").json()["text"] == "Say who marks."


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE clause_comment SET text = 'other'",
        "DELETE FROM clause_comment",
        "UPDATE clause_comment SET country = 'BJ'",
    ],
)
def test_the_database_keeps_a_comment_as_it_was_made(
    library: Library, partner: As, session: Session, statement: str
):
    comment(library, partner)

    with pytest.raises(DatabaseError), session.begin_nested():
        session.execute(text(statement))
