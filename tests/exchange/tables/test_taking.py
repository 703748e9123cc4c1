"""A table of recommendations becomes drafts; sent again it brings them up to date and overwrites nobody."""

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit.models import AuditEvent
from app.needs.models import Need, NeedRevision
from tests.conftest import As
from tests.exchange.tables.conftest import DRONES, HEADER, ROWS, STORES, TABLE, Taken


def need_of(officer: As, row: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = officer.get(f"/api/v1/needs/{row['need']}").json()
    return found


def counts(result: dict[str, Any]) -> dict[str, int]:
    names = ("created", "updated", "unchanged", "asks", "refused", "skipped")
    return {name: result[name] for name in names if result[name]}


def edit(officer: As, need: dict[str, Any], **fields: Any) -> dict[str, Any]:
    answer = officer.patch(f"/api/v1/needs/{need['ref']}", json=fields, headers={"If-Match": need["etag"]})
    assert answer.status_code == 200, answer.text
    changed: dict[str, Any] = answer.json()
    return changed


def test_each_row_becomes_a_draft_of_the_assessments_states(officer: As, take: Taken, visit: dict[str, Any]):
    result = take()

    assert counts(result) == {"created": 2}
    need = need_of(officer, result["rows"][0])
    assert need["status"] == "draft"
    assert need["recipient"] == {"countries": ["BJ", "TG"]}
    assert (need["source"], need["assessment"], need["source_ref"]) == ("assessment", visit["ref"], "1")
    assert need["description"] == STORES
    assert need["title"].startswith("The Logistics Directorate should count the 14,000 rifles")
    assert (need["institution"], need["priority"], need["wanted_by"]) == (
        "Logistics Directorate",
        "high",
        "2027-12-31",
    )
    assert need["existing_efforts"] == "A pilot register works in one depot"


def test_codes_are_suggested_from_the_text_and_wait_for_a_person(officer: As, take: Taken):
    need = need_of(officer, take()["rows"][0])

    assert "WPN-PSM" in need["themes"]
    assert {"instrument": "2370", "paragraph": "6"} in need["provisions"]
    assert {"themes:WPN-PSM", "provisions:2370:6"} <= set(need["unconfirmed"])


def test_specificity_is_shown_for_each_row_before_and_after_saving(take: Taken):
    tried, taken = take(dry_run=True), take()

    shown = [[row["specificity"]["passes"] for row in result["rows"]] for result in (tried, taken)]
    assert shown == [[True, False], [True, False]]
    assert "quantity" in [one["rule"] for one in taken["rows"][1]["specificity"]["missing"]]


def test_a_dry_run_keeps_nothing(take: Taken, session: Session):
    result = take(dry_run=True)

    assert (counts(result), result["id"], result["rows"][0]["need"]) == ({"created": 2}, None, None)
    assert session.scalar(select(func.count()).select_from(Need)) == 0
    assert session.scalar(select(AuditEvent.number).where(AuditEvent.action == "assessment.table_taken")) is None


def test_taking_a_table_leaves_an_event_beside_those_of_the_needs(take: Taken, session: Session):
    take()

    actions = list(session.scalars(select(AuditEvent.action).order_by(AuditEvent.number)))
    assert actions.count("assessment.table_taken") == 1
    assert actions.count("need.created") == 2


def test_the_same_table_again_changes_nothing(officer: As, take: Taken, session: Session):
    first = take()
    before = need_of(officer, first["rows"][0])

    again = take()

    assert counts(again) == {"unchanged": 2}
    assert need_of(officer, first["rows"][0])["etag"] == before["etag"]
    assert session.scalar(select(func.count()).select_from(NeedRevision)) == 2


def test_a_row_that_changed_in_the_table_alone_updates_its_need(officer: As, take: Taken):
    first = take()

    again = take(TABLE.replace("one depot", "two depots"))

    assert counts(again) == {"updated": 1, "unchanged": 1}
    need = need_of(officer, first["rows"][0])
    assert (need["existing_efforts"], need["revision"]) == ("A pilot register works in two depots", 2)


def test_what_an_officer_edited_stays_where_the_table_did_not_change(officer: As, take: Taken):
    need = need_of(officer, take()["rows"][0])
    edit(officer, need, description="Counted by hand.", title="Depots without inventory")

    assert counts(take()) == {"unchanged": 2}
    assert need_of(officer, {"need": need["ref"]})["description"] == "Counted by hand."


def test_an_edited_text_is_never_overwritten_silently(officer: As, take: Taken):
    need = need_of(officer, take()["rows"][1])
    edit(officer, need, description="An officer's better words.")

    again = take(TABLE.replace(DRONES, "New words of the table."))

    assert counts(again) == {"asks": 1, "unchanged": 1}
    [difference] = [one for one in again["rows"][1]["differences"] if one["field"] == "description"]
    assert difference["table"] == "New words of the table."
    assert difference["need"] == "An officer's better words."
    assert need_of(officer, again["rows"][1])["description"] == "An officer's better words."


@pytest.mark.parametrize(
    ("keep", "kept"), [("table", "New words of the table."), ("need", "An officer's better words.")]
)
def test_an_officer_chooses_whose_text_is_kept_and_is_not_asked_again(
    officer: As, take: Taken, session: Session, keep: str, kept: str
):
    need = need_of(officer, take()["rows"][1])
    edit(officer, need, description="An officer's better words.")
    newer = TABLE.replace(DRONES, "New words of the table.")

    take(newer, choices=[{"source_ref": "2 (a)", "keep": keep}])

    assert need_of(officer, {"need": need["ref"]})["description"] == kept
    assert counts(take(newer)) == {"unchanged": 2}
    texts = set(session.scalars(select(NeedRevision.description)))
    assert {DRONES, "An officer's better words."} <= texts


def test_a_choice_on_a_need_that_changed_meanwhile_is_refused(officer: As, take: Taken):
    need = need_of(officer, take()["rows"][1])
    shown = edit(officer, need, description="First words.")
    edit(officer, shown, description="Second words.")

    choice = {"source_ref": "2 (a)", "keep": "table", "etag": shown["etag"]}
    again = take(TABLE.replace(DRONES, "New words."), choices=[choice])

    assert counts(again) == {"refused": 1, "unchanged": 1}
    assert "meanwhile" in again["rows"][1]["errors"][0]["reason"]


def test_a_title_that_a_person_wrote_stays_when_the_text_changes(officer: As, take: Taken):
    need = need_of(officer, take()["rows"][1])
    edit(officer, need, title="Drones over events")

    take(TABLE.replace(DRONES, "Give the police a legal basis and radars."))

    changed = need_of(officer, {"need": need["ref"]})
    assert (changed["title"], changed["description"]) == (
        "Drones over events",
        "Give the police a legal basis and radars.",
    )


def test_a_need_that_was_stated_by_hand_under_the_number_is_not_overwritten(
    officer: As, take: Taken, visit: dict[str, Any]
):
    by_hand = {
        "recipient": {"countries": ["TG"]}, "title": "By hand", "description": "Stated by hand.",
        "source": "assessment", "assessment": visit["ref"], "source_ref": "1",
    }  # fmt: skip
    made = officer.post("/api/v1/needs", json=by_hand).json()

    result = take()

    assert counts(result) == {"created": 1, "asks": 1}
    assert result["rows"][0]["need"] == made["ref"]


def test_codes_that_a_person_removed_do_not_come_back_with_the_next_text(officer: As, take: Taken):
    need = need_of(officer, take()["rows"][0])
    assert need["assistance_types"] or need["themes"]
    edit(officer, need, themes=[], unconfirmed=[])

    take(TABLE.replace("nine depots", "ten depots"))

    assert need_of(officer, {"need": need["ref"]})["themes"] == []


def test_a_changed_text_suggests_what_it_newly_speaks_of(officer: As, take: Taken):
    need = need_of(officer, take()["rows"][1])
    confirmed = edit(officer, need, unconfirmed=[])

    take(TABLE.replace(DRONES, f"{DRONES} The forensic laboratory should be able to do ballistics on firearms."))

    changed = need_of(officer, {"need": need["ref"]})
    assert set(confirmed["themes"]) < set(changed["themes"])
    assert "themes:WPN-INV" in changed["unconfirmed"]


def test_a_closed_need_is_named_and_left_as_it_is(officer: As, take: Taken):
    need = need_of(officer, take()["rows"][1])
    closing = {"status": "closed", "outcome": "withdrawn"}
    officer.post(f"/api/v1/needs/{need['ref']}/status", json=closing, headers={"If-Match": need["etag"]})

    again = take(TABLE.replace(DRONES, "Other words."))

    assert counts(again) == {"refused": 1, "unchanged": 1}
    assert "is closed" in again["rows"][1]["errors"][0]["reason"]


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("7\t\tPolice\t\t\t", "Recommendation", "is empty"),
        ("1\tThe same number again.\tPolice\t\t\t", "No.", "is the number of row 2 too"),
        (f"7\tText.\t{'x' * 301}\t\t\t", "Responsible authority", "at most 300"),
        (f"7\t{'x' * 20_001}\tPolice\t\t\t", "Recommendation", "at most 20000"),
    ],
)
def test_a_row_at_fault_is_named_and_the_others_are_taken(take: Taken, row: str, column: str, reason: str):
    result = take("\n".join([HEADER, *ROWS, row]))

    assert counts(result) == {"created": 2, "refused": 1}
    [wrong] = [one for one in result["rows"] if one["outcome"] == "refused"]
    assert (wrong["row"], wrong["errors"][0]["column"]) == (4, column)
    assert reason in wrong["errors"][0]["reason"]


def test_cells_that_are_no_day_or_priority_stay_in_the_text_and_are_noted(officer: As, take: Taken):
    result = take(f"{HEADER}\n5\tTrain analysts.\tPolice\t\tas agreed\twithin a year")

    [row] = result["rows"]
    assert [(note["column"], note["value"]) for note in row["notes"]] == [
        ("Priority", "as agreed"),
        ("Date wanted", "within a year"),
    ]
    description = need_of(officer, row)["description"]
    assert description == "Train analysts.\nPriority: as agreed\nDate wanted: within a year"


def test_a_law_that_is_no_known_instrument_stays_in_the_text(officer: As, take: Taken):
    acts = ("Firearms Act 1962, s. 4", "1373, 2 (a)", "ATT")
    lines = (f"{n}\t{text}\t{acts[n - 1]}" for n, text in enumerate(("Amend it.", "Apply it.", "X."), start=1))
    table = "\n".join(["No\tRecommendation\tProvision", *lines])

    rows = [need_of(officer, row) for row in take(table)["rows"]]

    assert rows[0]["description"] == "Amend it.\nProvision: Firearms Act 1962, s. 4"
    assert (rows[1]["description"], rows[1]["provisions"]) == (
        "Apply it.",
        [{"instrument": "1373", "paragraph": "2 (a)"}],
    )
    assert {"instrument": "ATT"} in rows[2]["provisions"]


def test_a_repeated_key_takes_the_table_once(officer: As, visit: dict[str, Any], session: Session):
    url, headers = f"/api/v1/assessments/{visit['id']}/table", {"Idempotency-Key": "table-1"}

    first, again = (officer.post(url, json={"text": TABLE}, headers=headers) for _ in range(2))

    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert session.scalar(select(func.count()).select_from(Need)) == 2


def test_columns_are_taken_as_the_officer_says(officer: As, take: Taken):
    table = "Ziffer\tAussage\tWer\n4\tTrain forty border guards.\tBorder police"

    assert take(table)["tables"][0]["recognized"] is False
    result = take(table, columns=[["source_ref", "description", "institution"]])

    assert counts(result) == {"created": 1, "skipped": 0} or counts(result) == {"created": 2}
    need = need_of(officer, result["rows"][-1])
    assert (need["source_ref"], need["institution"]) == ("4", "Border police")


def test_more_recommendations_than_can_be_taken_at_once_are_refused(officer: As, visit: dict[str, Any]):
    many = "\n".join([HEADER, *(f"{n}\tText\t\t\t\t" for n in range(301))])

    answer = officer.post(f"/api/v1/assessments/{visit['ref']}/table", json={"text": many})

    assert answer.status_code == 422
    assert "at most 300 at a time" in answer.json()["detail"]


def test_nobody_but_officers_sends_a_table(partner: As, donor: As, visit: dict[str, Any]):
    for outsider in (partner, donor):
        for name in (visit["ref"], "no-such-thing"):
            answer = outsider.post(f"/api/v1/assessments/{name}/table", json={"text": TABLE})
            assert answer.status_code == 403


def test_an_assessment_that_is_not_there_is_not_found(officer: As):
    assert officer.post("/api/v1/assessments/none/table", json={"text": TABLE}).status_code == 404


@pytest.mark.parametrize(
    "body",
    [{}, {"text": ""}, {"text": "  \n \n"}, {"text": TABLE, "columns": [["nonsense"]]}, {"text": TABLE, "x": 1}],
)
def test_a_body_that_is_no_table_is_refused(officer: As, visit: dict[str, Any], body: dict[str, Any]):
    assert officer.post(f"/api/v1/assessments/{visit['ref']}/table", json=body).status_code == 422
