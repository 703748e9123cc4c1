"""The table of moves: every status, every move, either side; and what a move needs besides."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Connection, select

from app.access.models import KeyScope
from app.core.db import utc_now
from app.organizations.keys.schemas import KeyIn
from app.organizations.keys.service import issue
from app.referrals.models import LineOutcome, LineStatus, Move
from app.referrals.moves import MOVES, OFFICERS
from tests.conftest import As
from tests.referrals.conftest import ACCEPTED, API, Desk

SAID: dict[str, dict[str, Any]] = {
    "take_up": {"part": "whole"},
    "decline": {"reason": "no_funds"},
    "ask": {"note": "How many depots?"},
    "answer": {"note": "Nine."},
    "start": {"accepted": ACCEPTED},
    "report": {"outcome": "delivered"},
    "inquire": {},
    "complete": {},
    "retract": {"reason": "timing"},
}
DUE_DILIGENCE = {"result": "done", "on": "2026-02-01", "reference": "file 12"}


def brought_to(desk: Desk, status: LineStatus) -> dict[str, Any]:
    """A letter whose line has a status, with a question asked and both outcomes where they can be."""
    letter = desk.conveyed()
    if status not in {LineStatus.CONVEYED, LineStatus.DECLINED, LineStatus.RETRACTED}:
        desk.move(desk.partner, letter, "take_up", part="whole")
    if status in {LineStatus.IN_DELIVERY, LineStatus.COMPLETED}:
        desk.move(desk.officer, letter, "start", accepted=ACCEPTED)
        desk.move(desk.partner, letter, "report", outcome="delivered")
        desk.move(desk.officer, letter, "report", outcome="delivered")
    if status in {LineStatus.CONVEYED, LineStatus.TAKEN_UP, LineStatus.IN_DELIVERY}:
        desk.move(desk.partner, letter, "ask", note="When?")
    ends = {LineStatus.COMPLETED: "complete", LineStatus.DECLINED: "decline", LineStatus.RETRACTED: "retract"}
    if end := ends.get(status):
        desk.move(desk.officer, letter, end, **SAID[end])
    return letter


@pytest.mark.parametrize("status", LineStatus)
def test_each_side_makes_the_moves_of_the_table_and_no_others(
    desk: Desk, connection: Connection, status: LineStatus
):
    letter = brought_to(desk, status)

    for move in Move:
        for who, side in ((desk.partner, "organization"), (desk.officer, "officer")):
            expected = 403 if side == "organization" and move in OFFICERS else 409
            expected = 201 if expected == 409 and status in MOVES[move] else expected
            desk.session.commit()
            tried = connection.begin_nested()
            answer = desk.try_move(who, letter, move.value, **SAID[move.value])
            assert answer.status_code == expected, f"{side} {move} of {status}: {answer.text}"
            if answer.status_code == 201:
                assert answer.json()["lines"][0]["status"] == MOVES[move][status].value
            desk.session.commit()
            tried.rollback()


@pytest.mark.parametrize("status", LineStatus)
def test_the_answer_names_the_moves_that_each_side_may_make(desk: Desk, status: LineStatus):
    letter = brought_to(desk, status)

    for who in (desk.partner, desk.officer):
        [line] = who.get(f"{API}/referrals/{letter['id']}").json()["lines"]
        made = {
            move.value for move in Move if status in MOVES[move] and (who is desk.officer or move not in OFFICERS)
        }
        assert set(line["moves"]) == made


@pytest.mark.parametrize(
    ("move", "said", "pointer"),
    [
        ("take_up", {}, "/part"),
        ("take_up", {"part": "part"}, "/what"),
        ("take_up", {"part": "whole", "outcome": "delivered"}, "/outcome"),
        ("take_up", {"part": "whole", "diligence": {**DUE_DILIGENCE, "result": "refused"}}, "/diligence"),
        ("take_up", {"part": "whole", "diligence": {**DUE_DILIGENCE, "on": "2199-01-01"}}, "/diligence/on"),
        ("decline", {}, "/reason"),
        ("decline", {"reason": "wrong_theme"}, "/reason"),
        ("ask", {}, "/note"),
        ("ask", {"note": "  "}, "/note"),
        ("fly", {}, "/move"),
        ("take_up", {"part": "half"}, "/part"),
        ("decline", {"reason": "no_funds", "more": 1}, "/more"),
    ],
)
def test_a_move_says_what_it_lacks_and_what_it_does_not_take(desk: Desk, move: str, said: Any, pointer: str):
    answer = desk.try_move(desk.partner, desk.conveyed(), move, **said)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({}, "/accepted"),
        ({"accepted": {"on": "2199-01-01", "reference": "n"}}, "/accepted/on"),
        ({"accepted": ACCEPTED, "on": "2199-01-01"}, "/on"),
        ({"accepted": {"on": "2026-01-01", "reference": ""}}, "/accepted/reference"),
    ],
)
def test_the_start_needs_the_acceptance_of_the_state(desk: Desk, said: Any, pointer: str):
    letter = desk.conveyed()
    desk.move(desk.partner, letter, "take_up", part="whole")

    answer = desk.try_move(desk.officer, letter, "start", **said)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("kind", ["police", "border_or_customs", "military", "intelligence", "prison"])
def test_a_security_force_needs_the_due_diligence_of_the_provider(desk: Desk, kind: str):
    letter = desk.conveyed(desk.pairing(desk.need(beneficiary_kind=kind)))
    desk.move(desk.partner, letter, "take_up", part="whole")

    refused = desk.try_move(desk.officer, letter, "start", accepted=ACCEPTED)
    line = desk.move(desk.officer, letter, "start", accepted=ACCEPTED, diligence=DUE_DILIGENCE)

    assert refused.json()["errors"][0]["pointer"] == "/diligence"
    assert (line["status"], line["diligence"], line["diligence_on"]) == ("in_delivery", "done", "2026-02-01")


def test_due_diligence_stated_with_the_answer_serves_for_the_start(desk: Desk):
    letter = desk.conveyed(desk.pairing(desk.need(beneficiary_kind="police")))
    desk.move(desk.partner, letter, "take_up", part="whole", diligence=DUE_DILIGENCE)

    assert desk.move(desk.officer, letter, "start", accepted=ACCEPTED)["status"] == "in_delivery"


def test_refused_due_diligence_blocks_the_start(desk: Desk):
    letter = desk.conveyed()
    desk.move(desk.partner, letter, "take_up", part="whole")

    refused = desk.try_move(
        desk.officer, letter, "start", accepted=ACCEPTED, diligence={**DUE_DILIGENCE, "result": "refused"}
    )

    assert refused.status_code == 409
    assert desk.line(letter).status is LineStatus.TAKEN_UP


def test_an_answer_in_part_if_funded_keeps_what_was_said(desk: Desk):
    letter = desk.conveyed()

    line = desk.move(
        desk.partner,
        letter,
        "take_up",
        part="part",
        what="Two of nine depots",
        from_on="2027-03-01",
        if_funded=True,
        note="Subject to funds",
    )

    assert (line["part"], line["what"], line["from_on"], line["if_funded"]) == (
        "part",
        "Two of nine depots",
        "2027-03-01",
        True,
    )
    assert line["answers"][0]["note"] == "Subject to funds"
    assert line["answered_at"] is not None


def test_a_question_stays_open_until_an_officer_answers(desk: Desk):
    letter = desk.conveyed()
    asked = desk.move(desk.partner, letter, "ask", note="How many depots?")
    again = desk.move(desk.partner, letter, "ask", note="And where?")
    taken = desk.move(desk.partner, letter, "take_up", part="whole")

    answered = desk.move(desk.officer, letter, "answer", note="Nine.")

    assert asked["question_at"] == again["question_at"] == taken["question_at"] is not None
    assert answered["question_at"] is None
    assert desk.try_move(desk.officer, letter, "answer", note="Nine, again.").status_code == 409
    [line] = desk.partner.get(f"{API}/referrals/{letter['id']}").json()["lines"]
    assert [answer["note"] for answer in line["answers"]] == ["How many depots?", "And where?", "", "Nine."]


def test_a_line_is_completed_with_an_outcome_of_both_sides(desk: Desk):
    letter = desk.in_delivery()
    early = desk.try_move(desk.officer, letter, "complete")
    desk.move(desk.partner, letter, "report", outcome="partly_delivered", note="Seven are left")
    half = desk.try_move(desk.officer, letter, "complete")
    desk.move(desk.officer, letter, "report", outcome="partly_delivered", note="Two depots have locks")

    line = desk.move(desk.officer, letter, "complete")

    assert (early.status_code, half.status_code) == (409, 409)
    assert (line["status"], line["confirmed"]) == ("completed", True)
    assert [told["side"] for told in line["outcomes"]] == ["organization", "state"]


def report_was(desk: Desk, letter: dict[str, Any], days_ago: int) -> None:
    """Let the organization have reported some days ago. Outcomes cannot be changed, so one is written late."""
    line = desk.line(letter)
    told = {"line_id": line.id, "number": 1, "side": "organization", "by_officer": False, "outcome": "delivered"}
    desk.session.add(LineOutcome(**told, at=utc_now() - timedelta(days=days_ago)))
    desk.session.commit()


@pytest.mark.parametrize(
    ("reported", "inquired", "status"),
    [(400, None, 409), (400, 31, 201), (400, 29, 409), (300, 31, 409), (370, 30, 201)],
)
def test_without_the_states_word_it_ends_unconfirmed_after_both_clocks(
    desk: Desk, reported: int, inquired: int | None, status: int
):
    letter = desk.in_delivery()
    report_was(desk, letter, reported)
    if inquired is not None:
        day = (utc_now() - timedelta(days=inquired)).date().isoformat()
        desk.move(desk.officer, letter, "inquire", on=day)

    answer = desk.try_move(desk.officer, letter, "complete")

    assert answer.status_code == status, answer.text
    if status == 201:
        assert answer.json()["lines"][0]["confirmed"] is False


def test_an_inquiry_follows_a_report_and_lies_in_the_past(desk: Desk):
    letter = desk.in_delivery()

    assert desk.try_move(desk.officer, letter, "inquire").status_code == 409
    desk.move(desk.partner, letter, "report", outcome="delivered")
    for day in ("2199-01-01", "2020-01-01"):
        assert desk.try_move(desk.officer, letter, "inquire", on=day).json()["errors"][0]["pointer"] == "/on"


def test_an_officer_records_what_an_organization_without_an_account_wrote(desk: Desk):
    letter = desk.conveyed()
    desk.move(desk.officer, letter, "take_up", part="whole", note="by mail of 3 March")
    desk.move(desk.officer, letter, "start", accepted=ACCEPTED)
    desk.move(desk.officer, letter, "report", outcome="delivered", side="organization", note="their report")
    desk.move(desk.officer, letter, "report", outcome="delivered")

    assert desk.move(desk.officer, letter, "complete")["confirmed"] is True
    refused = desk.try_move(desk.partner, letter, "report", outcome="delivered", side="state")
    assert refused.status_code in {409, 422}


def test_a_partner_does_not_speak_for_the_state(desk: Desk):
    refused = desk.try_move(desk.partner, desk.in_delivery(), "report", outcome="delivered", side="state")

    assert refused.json()["errors"][0]["pointer"] == "/side"


def test_two_at_once_the_second_reads_again(desk: Desk):
    letter = desk.conveyed()
    path = f"{API}/referrals/{letter['id']}/lines/1/moves"
    read = {"If-Match": letter["lines"][0]["etag"]}

    first = desk.officer.post(path, json={"move": "retract", "reason": "timing"}, headers=read)
    second = desk.partner.post(path, json={"move": "take_up", "part": "whole"}, headers=read)
    without = desk.partner.post(path, json={"move": "take_up", "part": "whole"})

    assert (first.status_code, second.status_code, without.status_code) == (201, 412, 428)
    assert "retracted" in second.json()["detail"]


def test_the_same_move_sent_twice_is_made_once(desk: Desk):
    letter = desk.conveyed()
    path = f"{API}/referrals/{letter['id']}/lines/1/moves"
    headers = {"If-Match": letter["etag"], "Idempotency-Key": "k1"}

    answers = [desk.partner.post(path, json={"move": "ask", "note": "When?"}, headers=headers) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert len(answers[1].json()["lines"][0]["answers"]) == 1


def test_what_was_said_cannot_be_changed(desk: Desk):
    letter = desk.in_delivery()
    desk.move(desk.partner, letter, "report", outcome="delivered")
    told = desk.session.scalars(select(LineOutcome)).one()
    told.note = "changed"

    with pytest.raises(Exception, match="append-only"):
        desk.session.flush()
    desk.session.rollback()


def test_a_key_of_the_organization_answers_too(app: FastAPI, desk: Desk):
    letter = desk.conveyed()
    _key, text = issue(desk.session, desk.partner.actor, KeyIn(scope=KeyScope.WRITE))
    client = TestClient(app, headers={"Authorization": f"Bearer {text}"})

    answer = client.post(
        f"{API}/referrals/{letter['id']}/lines/1/moves",
        json={"move": "take_up", "part": "whole"},
        headers={"If-Match": letter["etag"]},
    )

    assert answer.status_code == 201, answer.text


def test_strangers_and_unknown_letters_answer_alike(desk: Desk, other_partner: As, donor: As):
    letter = desk.conveyed()
    known, unknown = letter["id"], "00000000-0000-4000-8000-000000000000"
    say = {"json": {"move": "ask", "note": "?"}, "headers": {"If-Match": letter["etag"]}}

    for path in ("", f"/need/{letter['lines'][0]['need']['ref']}"):
        for who in (other_partner, donor):
            answers = [who.get(f"{API}/referrals/{one}{path}") for one in (known, unknown)]
            assert [answer.status_code for answer in answers] == [404, 404]
            assert answers[0].text.replace(known, "") == answers[1].text.replace(unknown, "")
    answers = [other_partner.post(f"{API}/referrals/{one}/lines/1/moves", **say) for one in (known, unknown)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].text.replace(known, "") == answers[1].text.replace(unknown, "")
    assert donor.post(f"{API}/referrals/{known}/lines/1/moves", **say).status_code == 403
    assert donor.get(f"{API}/referrals?count=true").json() == {"items": [], "next": None, "total": 0}
    for n in (0, 2, 99):
        assert desk.partner.post(f"{API}/referrals/{known}/lines/{n}/moves", **say).status_code == 404
