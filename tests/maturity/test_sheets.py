"""A State's own sheet: levels are kept, gaps draft needs, and no two States are ever seen beside each other."""

import io
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy.orm import Session

from app.needs.models import Need
from tests.conftest import As
from tests.practices.conftest import Library, library
from tests.web.reading import faults

__all__ = ["library"]
MATURITY, NEEDS = "/api/v1/maturity", "/api/v1/needs"
ROWS = [
    {"clause": "marking", "now": 2, "wanted": 4, "evidence": "Two machines in one port"},
    {"clause": "GUIDE-1#detection", "now": 3, "wanted": 3},
    {"clause": "records", "now": "1.0", "wanted": "5"},
]


def sheet(rows: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    said = {"country": "TG", "practice": "GUIDE-1", "reference": "Letter 5", "received_on": "2026-11-02"}
    return {**said, "rows": rows, **more}


def take_in(officer: As, rows: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    answer = officer.post(MATURITY, json=sheet(rows, **more))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def change(officer: As, ref: str, path: str = "", **said: Any) -> None:
    etag = {"If-Match": officer.get(f"{NEEDS}/{ref}").json()["etag"]}
    send = officer.post if path else officer.patch
    answer = send(f"{NEEDS}/{ref}{path}", json=said, headers=etag)
    assert answer.status_code == 200, answer.text


def test_each_gap_drafts_a_need_and_a_clause_without_one_does_not(library: Library, officer: As):
    found = take_in(officer, ROWS)

    assert [(row["clause"], row["outcome"]) for row in found["taken"]] == [
        ("marking", "drafted"),
        ("detection", "no_gap"),
        ("records", "drafted"),
    ]
    need = officer.get(f"{NEEDS}/{found['taken'][0]['need']}").json()
    assert (need["status"], need["source"]) == ("draft", "state_request")
    assert need["source_ref"] == f"{found['ref']}#marking"
    assert need["recipient"] == {"countries": ["TG"]}
    assert need["clauses"] == ["GUIDE-1#marking@1"]
    assert need["unconfirmed"] == ["themes:WPN-MRT", "weapons:SALW"]
    assert "level 2 of 5 and wants level 4" in need["description"]
    assert "Two machines in one port" in need["description"]


def test_a_newer_sheet_updates_its_drafts_and_makes_no_second_need(
    library: Library, officer: As, session: Session
):
    first = take_in(officer, ROWS)
    again = take_in(officer, [{**ROWS[0], "now": 3}], reference="Letter 6")

    assert again["ref"] == first["ref"]
    assert [(row["outcome"], row["need"]) for row in again["taken"]] == [("updated", first["taken"][0]["need"])]
    assert "level 3 of 5" in officer.get(f"{NEEDS}/{first['taken'][0]['need']}").json()["description"]
    assert session.query(Need).count() == 2
    shown = officer.get(f"{MATURITY}/{first['ref']}").json()
    assert [(one["clause"], one["now"]) for one in shown["levels"]] == [
        ("GUIDE-1#marking", 3),
        ("GUIDE-1#detection", 3),
        ("GUIDE-1#records", 1),
    ]


def test_what_a_person_wrote_since_is_kept(library: Library, officer: As):
    first = take_in(officer, ROWS)
    ref = first["taken"][0]["need"]
    change(officer, ref, description="Written by an officer")

    again = take_in(officer, [{**ROWS[0], "now": 3}])

    assert again["taken"][0]["outcome"] == "kept"
    assert officer.get(f"{NEEDS}/{ref}").json()["description"] == "Written by an officer"


def test_the_outcome_of_a_need_stands_beside_its_gap(library: Library, officer: As):
    found = take_in(officer, ROWS)
    change(officer, found["taken"][0]["need"], "/status", status="closed", outcome="met")

    [marking, detection, _] = officer.get(f"{MATURITY}/{found['ref']}").json()["levels"]

    assert (marking["status"], marking["outcome"]) == ("closed", "met")
    assert (detection["need"], detection["status"]) == (None, None)


def test_wrong_rows_are_refused_each_by_itself(library: Library, officer: As):
    wrong = [
        {"clause": "nothing", "now": 1, "wanted": 2},
        {"clause": "marking", "now": 0, "wanted": 2},
        {"clause": "marking", "now": 1, "wanted": 6},
        {"clause": "marking", "now": "two", "wanted": 3},
        {"clause": "marking", "now": True, "wanted": 3},
        {"clause": "marking", "wanted": 3},
        {"clause": "marking", "now": 1, "wanted": 2, "level": 3},
    ]

    found = take_in(officer, [*wrong, ROWS[0]])

    assert [row["row"] for row in found["refused"]] == [1, 2, 3, 4, 5, 6, 7]
    assert [row["row"] for row in found["taken"]] == [8]


@pytest.mark.parametrize(
    "said",
    [
        {"country": "ZZ"},
        {"practice": "GUIDE-9"},
        {"reference": " "},
        {"received_on": "yesterday"},
        {"rows": []},
        {"rows": [{"clause": "nothing", "now": 1, "wanted": 2}]},
    ],
)
def test_a_sheet_that_cannot_be_taken_leaves_nothing(library: Library, officer: As, said: dict[str, Any]):
    answer = officer.post(MATURITY, json={**sheet(ROWS), **said})

    assert answer.status_code == 422
    assert officer.get(MATURITY).json()["items"] == []


def test_a_dry_run_keeps_nothing(library: Library, officer: As):
    found = take_in(officer, ROWS, dry_run=True)

    assert [row["outcome"] for row in found["taken"]] == ["drafted", "no_gap", "drafted"]
    assert (found["ref"], {row["need"] for row in found["taken"]}) == ("", {None})
    assert officer.get(MATURITY).json()["items"] == []
    assert officer.get(NEEDS).json()["items"] == []


def test_a_retried_request_takes_a_sheet_in_once(library: Library, officer: As, session: Session):
    key = {"Idempotency-Key": "sheet"}

    first = officer.post(MATURITY, json=sheet(ROWS), headers=key)
    again = officer.post(MATURITY, json=sheet(ROWS), headers=key)

    assert first.json() == again.json()
    assert session.query(Need).count() == 2


def test_the_list_says_who_sent_a_sheet_and_no_level(library: Library, officer: As):
    take_in(officer, ROWS)
    take_in(officer, ROWS[:1], country="BJ")

    items = officer.get(MATURITY).json()["items"]

    assert {item["country"] for item in items} == {"TG", "BJ"}
    named = {"ref", "etag", "country", "practice", "reference", "received_on"}
    assert [set(item) for item in items] == [named, named]


@pytest.mark.parametrize("role", ["partner", "donor"])
def test_nobody_outside_sees_that_there_is_one(
    library: Library, officer: As, request: pytest.FixtureRequest, role: str
):
    reader: As = request.getfixturevalue(role)
    found = take_in(officer, ROWS)

    for path in (MATURITY, f"{MATURITY}/{found['ref']}", f"{MATURITY}/template/GUIDE-1", "/maturity"):
        assert reader.get(path).status_code == 403
    assert reader.get(NEEDS, params={"count": "true"}).json()["total"] == 0


def test_a_template_filled_in_comes_back_as_a_sheet(library: Library, officer: As):
    template = load_workbook(io.BytesIO(officer.get(f"{MATURITY}/template/GUIDE-1").content))
    rows = template.active
    assert [cell.value for cell in rows[1]] == ["clause", "number", "title", "now", "wanted", "evidence"]
    assert rows["A2"].value == "GUIDE-1#marking"
    rows["D2"], rows["E2"], rows["F2"] = 2, 4, "Two machines"
    filled = io.BytesIO()
    template.save(filled)

    query = {"country": "TG", "practice": "GUIDE-1", "reference": "Letter 5", "received_on": "2026-11-02"}
    sent = officer.post(
        f"{MATURITY}/sheet", params=query, files={"file": ("own.xlsx", filled.getvalue(), "application/zip")}
    )

    assert sent.status_code == 200, sent.text
    assert [(row["row"], row["outcome"]) for row in sent.json()["taken"]] == [(2, "drafted")]
    assert sent.json()["refused"] == []


def test_a_sheet_of_comments_is_recorded_row_by_row_and_once(library: Library, officer: As):
    csv = (
        b"clause,text,country,workshop,source,said_on\n"
        b"marking,Say who marks,TG,,Note 1,2026-10-01\n"
        b"tracing,Give more time,,Workshop W,Report,2026-10-02\n"
        b"nothing,Lost,,Workshop W,Report,2026-10-02\n"
        b"tracing,For nobody,,,,\n"
    )
    path, file = f"{library.path}/comments/sheet", {"file": ("comments.csv", csv, "text/csv")}

    first, again = (officer.post(path, files=file).json() for _ in range(2))

    assert (first["created"], [row["row"] for row in first["refused"]]) == (2, [4, 5])
    assert (again["created"], again["unchanged"]) == (0, 2)


def test_the_pages_take_a_sheet_in_and_show_one_state(library: Library, officer: As):
    page = officer.get("/maturity")
    token = page.text.split('name="token" value="')[1].split('"')[0]
    said = {
        "token": token,
        "country": "Togo",
        "practice": "GUIDE-1",
        "reference": "L 5",
        "received_on": "2026-11-02",
    }
    csv = {"file": ("own.csv", b"clause,now,wanted,evidence\nmarking,2,4,Machines\nrecords,,,\n", "text/csv")}

    tried = officer.client.post("/maturity", data={**said, "step": "try"}, files=csv)
    taken = officer.client.post("/maturity", data={**said, "step": "take"}, files=csv)
    missing = officer.client.post("/maturity", data={**said, "step": "take"})

    assert "Nothing was kept" in tried.text
    assert "a need was drafted" in taken.text
    assert missing.status_code == 422
    own = officer.get(f"/maturity/{officer.get(MATURITY).json()['items'][0]['ref']}")
    assert own.status_code == 200
    assert [faults(each.text) for each in (page, tried, taken, own)] == [[], [], [], []]
