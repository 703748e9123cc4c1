"""The consent ledger in full: silence by agreement, objections, extensions, withdrawals with their papers."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from app.core.calendar import add_working_days
from app.core.db import utc_now
from app.needs.models import Release
from app.organizations.service import ensure_built_in_groups
from tests.conftest import As
from tests.needs.test_releases import NEEDS, agree, move, opened, refs, release, state

SILENCE = {"fields": "summary", "basis": "silence", "reference": "note sent to the Mission"}
PARTNER = {"organization": "PARTNER"}


@pytest.fixture(autouse=True)
def groups(session: Session) -> None:
    ensure_built_in_groups(session)
    session.commit()


def edit(officer: As, ref: str, **changes: object) -> None:
    etag = officer.get(f"{NEEDS}/{ref}").json()["etag"]
    answer = officer.patch(f"{NEEDS}/{ref}", json=changes, headers={"If-Match": etag})
    assert answer.status_code == 200, answer.text


def extend(officer: As, ref: str, line: dict, **more: object) -> dict:
    body = {"basis": "document", "reference": "note verbale 13", **more}
    answer = officer.post(f"{NEEDS}/{ref}/releases/{line['id']}/extension", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def title(reader: As, ref: str) -> str | None:
    return reader.get(f"{NEEDS}/{ref}").json().get("title")


def begin(session: Session, line: dict) -> None:
    """Let the days of a silence procedure be over."""
    kept = session.get_one(Release, UUID(line["id"]))
    kept.starts_at = utc_now() - timedelta(seconds=1)
    if kept.extends_id:
        session.get_one(Release, kept.extends_id).superseded_at = kept.starts_at
    session.commit()


def test_silence_is_refused_where_the_state_did_not_agree_to_it(officer: As, partner: As):
    ref = opened(officer)

    answer = officer.post(f"{NEEDS}/{ref}/releases", json={"audience": PARTNER, **SILENCE})

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/basis")
    assert "No written agreement of TG" in answer.json()["detail"]


def test_silence_counts_the_working_days_of_the_setting(officer: As, partner: As):
    agree(officer, "TG")
    ref = opened(officer)
    officer.client.app.state.settings.silence_working_days = 10

    made = release(officer, ref, PARTNER, **SILENCE | {"fields": "full"})

    tenth = add_working_days(utc_now().date(), 10)
    assert made["from"].startswith((tenth + timedelta(days=1)).isoformat())


def test_silence_of_several_states_needs_an_agreement_or_a_consent_of_each(officer: As, partner: As):
    agree(officer, "TG")
    ref = opened(officer, recipient={"countries": ["TG", "BJ"]})
    asked = {"audience": PARTNER, **SILENCE}
    assert "of BJ to the silence" in officer.post(f"{NEEDS}/{ref}/releases", json=asked).json()["detail"]

    spoken = {"country": "BJ", "reference": "letter of BJ", "document_url": "https://example.org/bj.pdf"}
    made = officer.post(f"{NEEDS}/{ref}/releases", json={**asked, "consents": [spoken]}).json()

    assert made["missing_consents"] == []
    assert [(one["country"], one["reference"]) for one in made["consents"]] == [
        ("BJ", "letter of BJ"),
        ("TG", "silence, by letter of TG on the procedure"),
    ]


def test_a_region_cannot_be_silent(officer: As, partner: As):
    ref = opened(officer, recipient={"region": "011"})

    answer = officer.post(f"{NEEDS}/{ref}/releases", json={"audience": PARTNER, **SILENCE})

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/basis")


def test_an_objection_withdraws_and_is_kept_as_one(officer: As, partner: As, session: Session):
    agree(officer, "TG")
    ref = opened(officer)
    made = release(officer, ref, PARTNER, **SILENCE)
    url = f"{NEEDS}/{ref}/releases/{made['id']}/objections"

    told = officer.post(
        url, json={"country": "TG", "reference": "note 44", "document_url": "https://example.org/n"}
    )

    assert told.status_code == 200
    line = told.json()
    assert (line["ending"], line["ending_country"], line["ending_reference"]) == ("objection", "TG", "note 44")
    assert line["ending_url"] == "https://example.org/n"
    begin(session, made)
    assert refs(partner) == []


def test_only_a_silence_procedure_meets_an_objection(officer: As, partner: As):
    ref = opened(officer)
    made = release(officer, ref, PARTNER)
    url = f"{NEEDS}/{ref}/releases/{made['id']}/objections"

    assert officer.post(url, json={"reference": "note 44"}).status_code == 409
    assert officer.post(url, json={"reference": ""}).status_code == 422
    assert refs(partner) == [ref]


def test_an_agreement_that_ends_takes_running_procedures_with_it_and_no_others(
    officer: As, partner: As, other_partner: As, session: Session
):
    agreement = agree(officer, "TG")
    ref = opened(officer)
    over = release(officer, ref, PARTNER, **SILENCE)
    begin(session, over)
    running = release(officer, ref, {"organization": "OTHER"}, **SILENCE)

    ended = officer.post(f"/api/v1/silence-agreements/{agreement['id']}/end", json={"reference": "note 50"})

    assert ended.json()["ending_reference"] == "note 50"
    lines = {line["id"]: line for line in officer.get(f"{NEEDS}/{ref}/releases").json()["items"]}
    assert (lines[running["id"]]["ending"], lines[over["id"]]["ending"]) == ("objection", None)
    assert officer.post(f"{NEEDS}/{ref}/releases", json={"audience": PARTNER, **SILENCE}).status_code == 422
    assert refs(partner) == [ref]


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"country": "ZZ"}, "/country"),
        ({"agreed_on": "2999-01-01"}, "/agreed_on"),
        ({"reference": ""}, "/reference"),
        ({"document_url": "javascript:alert(1)"}, "/document_url"),
    ],
)
def test_an_agreement_that_cannot_be_is_refused_at_its_field(officer: As, wrong: dict[str, str], pointer: str):
    body = {"country": "TG", "reference": "a letter", "agreed_on": "2026-01-15", **wrong}

    answer = officer.post("/api/v1/silence-agreements", json=body)

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


def test_a_second_agreement_of_a_state_waits_for_the_end_of_the_first(officer: As):
    agree(officer, "TG")
    body = {"country": "TG", "reference": "another", "agreed_on": "2026-01-15"}

    assert officer.post("/api/v1/silence-agreements", json=body).status_code == 409


def test_an_extension_shows_the_newer_text_and_ends_the_older_line(officer: As, partner: As):
    ref = opened(officer)
    first = release(officer, ref, PARTNER, "full", until="2030-01-01")
    edit(officer, ref, title="Nine depots")

    second = extend(officer, ref, first)

    assert title(partner, ref) == "Nine depots"
    assert (second["revision"], second["extends"], second["until"]) == (2, first["id"], first["until"])
    lines = officer.get(f"{NEEDS}/{ref}/releases").json()["items"]
    assert [line["in_force"] for line in lines] == [False, True]


def test_withdrawing_an_extension_shows_nothing_rather_than_the_older_text(officer: As, partner: As):
    ref = opened(officer)
    first = release(officer, ref, PARTNER, "full")
    edit(officer, ref, title="Nine depots")
    second = extend(officer, ref, first)

    officer.delete(f"{NEEDS}/{ref}/releases/{second['id']}")

    assert refs(partner) == []
    lines = officer.get(f"{NEEDS}/{ref}/releases").json()["items"]
    assert [line["ending"] for line in lines] == ["withdrawn", "withdrawn"]


def test_an_extension_by_silence_leaves_the_older_text_until_it_is_over(
    officer: As, partner: As, session: Session
):
    agree(officer, "TG")
    ref = opened(officer)
    first = release(officer, ref, PARTNER, "full")
    edit(officer, ref, title="Nine depots")
    second = extend(officer, ref, first, basis="silence")
    assert title(partner, ref) == "Depots without inventory"

    begin(session, second)

    assert title(partner, ref) == "Nine depots"


def test_an_objection_to_an_extension_leaves_what_was_consented_to(officer: As, partner: As):
    agree(officer, "TG")
    ref = opened(officer)
    first = release(officer, ref, PARTNER, "full")
    edit(officer, ref, title="Nine depots")
    second = extend(officer, ref, first, basis="silence")

    officer.post(f"{NEEDS}/{ref}/releases/{second['id']}/objections", json={"reference": "note 44"})

    assert title(partner, ref) == "Depots without inventory"
    kept = officer.get(f"{NEEDS}/{ref}/releases/{first['id']}").json()
    assert (kept["in_force"], kept["superseded_at"]) == (True, None)
    assert extend(officer, ref, first)["in_force"] is True


def test_withdrawing_a_line_ends_the_extension_that_waits_for_it(officer: As, partner: As, session: Session):
    agree(officer, "TG")
    ref = opened(officer)
    first = release(officer, ref, PARTNER, "full")
    edit(officer, ref, title="Nine depots")
    second = extend(officer, ref, first, basis="silence")

    officer.delete(f"{NEEDS}/{ref}/releases/{first['id']}")
    begin(session, second)

    assert refs(partner) == []


def test_an_extension_for_several_states_waits_for_each(officer: As, partner: As):
    ref = opened(officer, recipient={"countries": ["TG", "BJ"]})
    both = [{"country": state, "reference": f"letter of {state}"} for state in ("TG", "BJ")]
    first = release(officer, ref, PARTNER, "full", consents=both)
    edit(officer, ref, title="Nine depots")
    second = extend(officer, ref, first, consents=both[:1])
    assert title(partner, ref) == "Depots without inventory"

    officer.post(f"{NEEDS}/{ref}/releases/{second['id']}/consents", json=both[1])

    assert title(partner, ref) == "Nine depots"


@pytest.mark.parametrize("revision", [1, 7])
def test_a_release_is_extended_to_a_newer_revision_alone(officer: As, partner: As, revision: int):
    ref = opened(officer)
    first = release(officer, ref, PARTNER, "full")
    edit(officer, ref, title="Nine depots")
    body = {"basis": "document", "reference": "x", "revision": revision}

    answer = officer.post(f"{NEEDS}/{ref}/releases/{first['id']}/extension", json=body)

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/revision")


def test_what_ended_or_is_extended_cannot_be_extended(officer: As, partner: As):
    ref = opened(officer)
    first = release(officer, ref, PARTNER, "full")
    edit(officer, ref, title="Nine depots")
    second = extend(officer, ref, first)
    url = f"{NEEDS}/{ref}/releases/{first['id']}/extension"
    body = {"basis": "document", "reference": "x"}
    edit(officer, ref, title="Ten depots")
    assert officer.post(url, json=body).status_code == 409

    officer.delete(f"{NEEDS}/{ref}/releases/{second['id']}")

    assert officer.post(url, json=body).status_code == 409


def test_before_an_extension_the_officer_reads_what_would_be_read_otherwise(officer: As, partner: As):
    ref = opened(officer)
    summary = release(officer, ref, PARTNER, "summary")
    full = release(officer, ref, {"organization": "PARTNER"}, "full")
    edit(officer, ref, title="Depots with an inventory", institution="Armoury Service")

    def asked(line: dict) -> list:
        return officer.get(f"{NEEDS}/{ref}/releases/{line['id']}/extension").json()

    assert [one["field"] for one in asked(summary)] == ["title"]
    assert sorted(one["field"] for one in asked(full)) == ["institution", "title"]
    [of_title] = asked(summary)
    assert of_title["parts"] == [
        ["kept", "Depots "],
        ["removed", "without"],
        ["added", "with an"],
        ["kept", " inventory"],
    ]


def test_an_extension_that_shows_the_same_summary_tells_its_reader_nothing(
    officer: As, partner: As, session: Session
):
    ref = opened(officer)
    line = release(officer, ref, PARTNER)
    long_ago = utc_now() - timedelta(days=30)
    kept = session.get_one(Release, UUID(line["id"]))
    kept.starts_at = kept.recorded_at = kept.complete_at = long_ago
    kept.need.shown_at = long_ago
    session.commit()
    before = partner.get(f"{NEEDS}/{ref}")
    edit(officer, ref, institution="Armoury Service")

    extend(officer, ref, line)

    after = partner.get(f"{NEEDS}/{ref}")
    assert (after.json(), after.headers["ETag"]) == (before.json(), before.headers["ETag"])
    assert refs(partner, since=utc_now().date().isoformat()) == []


def test_a_withdrawal_keeps_what_it_rests_on_and_another_changes_nothing(officer: As, partner: As):
    ref = opened(officer)
    line = release(officer, ref, PARTNER, document_url="https://example.org/consent.pdf")
    assert line["document_url"] == "https://example.org/consent.pdf"
    url = f"{NEEDS}/{ref}/releases/{line['id']}"
    why = {"reference": "note 60", "document_url": "https://example.org/60", "note": "by telephone first"}

    ended = officer.post(f"{url}/withdrawal", json=why).json()
    officer.delete(url)

    assert refs(partner) == []
    assert (ended["ending"], ended["ending_reference"], ended["ending_note"]) == (
        "withdrawn",
        "note 60",
        "by telephone first",
    )
    assert officer.get(url).json() == ended


def test_a_state_that_withdraws_everything_is_obeyed_in_one_act(officer: As, partner: As, donor: As):
    ref = opened(officer)
    release(officer, ref, PARTNER, "full")
    release(officer, ref, {"group": "donors"})

    ended = officer.post(f"{NEEDS}/{ref}/withdrawal", json={"reference": "note 61"}).json()

    assert [line["ending_reference"] for line in ended] == ["note 61", "note 61"]
    assert refs(partner) == refs(donor) == []


def test_a_replayed_answer_shows_the_line_as_it_is_now(officer: As, partner: As):
    ref = opened(officer)
    body = {"audience": PARTNER, "fields": "full", "basis": "document", "reference": "note 12"}
    sent = {"json": body, "headers": {"Idempotency-Key": "once"}}
    first = officer.post(f"{NEEDS}/{ref}/releases", **sent).json()
    officer.delete(f"{NEEDS}/{ref}/releases/{first['id']}")

    again = officer.post(f"{NEEDS}/{ref}/releases", **sent)

    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    assert (again.json()["id"], again.json()["in_force"]) == (first["id"], False)
    assert len(officer.get(f"{NEEDS}/{ref}/releases").json()["items"]) == 1


def of_assessment(officer: As, count: int, **changes: object) -> tuple[dict, list[str]]:
    visit = officer.post("/api/v1/assessments", json={"kind": "comprehensive", "states": ["TG"]}).json()
    of_visit = {"source": "assessment", "assessment": visit["ref"], **changes}
    return visit, [opened(officer, **of_visit, source_ref=str(n)) for n in range(count)]


ACT = {"audience": {"group": "donors"}, "fields": "summary", "basis": "document", "reference": "letter"}


def test_one_act_is_for_the_needs_that_were_chosen_and_the_texts_that_were_read(officer: As, donor: As):
    visit, [first, second, _third] = of_assessment(officer, 3)
    edit(officer, first, title="Edited after it was read")
    act = {**ACT, "needs": [first, second], "revisions": {first: 1}}

    made = officer.post(f"/api/v1/assessments/{visit['id']}/releases", json=act)

    assert made.status_code == 201
    assert sorted(refs(donor)) == sorted([first, second])
    assert title(donor, first) == "Depots without inventory"


def test_one_act_is_done_for_all_needs_or_for_none(officer: As, donor: As):
    visit, [first, second] = of_assessment(officer, 2)
    act = {**ACT, "needs": [first, second], "revisions": {second: 9}}

    answer = officer.post(f"/api/v1/assessments/{visit['id']}/releases", json=act)

    assert answer.status_code == 422
    assert refs(donor) == []
    assert officer.get(f"{NEEDS}/{first}/releases").json()["items"] == []


def test_each_need_of_an_act_takes_the_consents_of_its_own_states(officer: As, donor: As):
    visit, [first] = of_assessment(officer, 1, recipient={"countries": ["TG", "BJ"]})
    of_visit = {"source": "assessment", "assessment": visit["ref"], "source_ref": "alone"}
    second = opened(officer, **of_visit, recipient={"countries": ["TG"]})
    act = {**ACT, "consents": [{"country": state, "reference": f"letter of {state}"} for state in ("TG", "BJ")]}

    officer.post(f"/api/v1/assessments/{visit['id']}/releases", json=act)

    assert sorted(refs(donor)) == sorted([first, second])


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"consents": [{"country": "FR", "reference": "x"}]}, "/consents/0/country"),
        ({"needs": ["N-2026-22222"]}, "/needs/0"),
        ({"needs": []}, "/needs"),
        ({"revision": 1}, "/revision"),
    ],
)
def test_an_act_that_cannot_be_is_refused_at_its_field(officer: As, wrong: dict, pointer: str):
    visit, _ = of_assessment(officer, 1)

    answer = officer.post(f"/api/v1/assessments/{visit['id']}/releases", json={**ACT, **wrong})

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


@pytest.mark.parametrize("path", ["/organizations/PARTNER/sight", "/groups/donors/sight", "/silence-agreements"])
def test_who_sees_what_is_for_officers_alone(officer: As, partner: As, donor: As, path: str):
    assert officer.get(f"/api/v1{path}").status_code == 200
    for outsider in (partner, donor):
        assert outsider.get(f"/api/v1{path}").status_code == 403


AUDIENCES = {"group": {"group": "donors"}, "one": {"organization": "DONOR"}}
MOVES = {
    "draft": [],
    "open": [("open", {"override_reason": "a test"})],
    "on_hold": [("open", {"override_reason": "a test"}), ("on_hold", {})],
    "closed": [("open", {"override_reason": "a test"}), ("closed", {"outcome": "not_met"})],
}
SEEN = {("group", "open"), ("one", "open"), ("one", "on_hold"), ("one", "closed")}


@pytest.mark.parametrize("status", MOVES)
@pytest.mark.parametrize("basis", ["document", "no_objection", "silence"])
@pytest.mark.parametrize("audience", AUDIENCES)
def test_audience_basis_and_status_decide_together(
    officer: As, donor: As, session: Session, audience: str, basis: str, status: str
):
    agree(officer, "TG")
    ref = state(officer)
    body = {"audience": AUDIENCES[audience], "fields": "full", "basis": basis, "reference": "a note"}

    made = officer.post(f"{NEEDS}/{ref}/releases", json=body)
    for to, more in MOVES[status]:
        move(officer, ref, to, **more)

    if (audience, basis) == ("group", "silence"):
        assert (made.status_code, refs(donor)) == (422, [])
        return
    if basis == "silence":
        assert refs(donor) == []
        begin(session, made.json())
    assert refs(donor) == ([ref] if (audience, status) in SEEN else [])
