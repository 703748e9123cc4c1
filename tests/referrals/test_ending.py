"""What the end of a line ends elsewhere, what a live one forbids, and what is put before whom."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from app.needs.models import Need
from app.referrals import queries
from app.referrals.attention import attention
from tests.conftest import As
from tests.needs.conftest import move as move_need
from tests.pairings.conftest import judged
from tests.referrals.conftest import ACCEPTED, API, BASIS, Desk

ENDS = {
    "decline": ("partner", {"reason": "no_capacity"}),
    "retract": ("officer", {"reason": "timing"}),
}


def sees(who: As, need: Need) -> bool:
    return bool(who.get(f"{API}/needs/{need.ref}").status_code == 200)


def waits(desk: Desk, who: As) -> list[str]:
    desk.session.expire_all()
    return [one.kind.value for one in attention(desk.session, who.actor)]


@pytest.mark.parametrize("move", ENDS)
def test_the_end_of_the_last_live_line_ends_the_release_that_served_it(desk: Desk, move: str):
    need = desk.need()
    pairs = desk.pairing(need), desk.pairing(need)
    letter = desk.conveyed(*pairs)
    side, said = ENDS[move]
    who = desk.partner if side == "partner" else desk.officer

    desk.move(who, letter, move, n=1, **said)
    still = sees(desk.partner, need)
    desk.move(who, letter, move, n=2, **said)

    assert (still, sees(desk.partner, need)) == (True, False)
    ledger = desk.officer.get(f"{API}/needs/{need.ref}/releases").json()
    assert ledger["seen_by"] == []
    assert ledger["items"][0]["withdrawn_at"] is not None


def test_a_completed_line_ends_it_too(desk: Desk):
    letter = desk.in_delivery()
    need = desk.line(letter).need
    for who in (desk.partner, desk.officer):
        desk.move(who, letter, "report", outcome="delivered")

    desk.move(desk.officer, letter, "complete")

    assert not sees(desk.partner, need)


def test_an_older_release_by_name_and_a_later_one_end_together(desk: Desk):
    pair = desk.pairing()
    letter = desk.conveyed(pair)
    body = {"audience": {"organization": "PARTNER"}, "fields": "full", **BASIS}
    desk.officer.post(f"{API}/needs/{pair.need.ref}/releases", json=body)

    desk.move(desk.partner, letter, "decline", reason="no_funds")

    assert not sees(desk.partner, pair.need)


def test_what_a_group_sees_is_not_the_referrals_to_end(desk: Desk, other_partner: As):
    pair = desk.pairing()
    body = {"audience": {"group": "partners"}, "fields": "full", **BASIS}
    desk.officer.post(f"{API}/needs/{pair.need.ref}/releases", json=body)
    letter = desk.conveyed(pair, release=None)

    desk.move(desk.partner, letter, "decline", reason="no_funds")

    assert sees(desk.partner, pair.need)
    assert sees(other_partner, pair.need)


def test_another_organizations_line_keeps_its_own_release(desk: Desk, other_partner: As):
    need = desk.need()
    mine = desk.conveyed(desk.pairing(need))
    desk.conveyed(desk.pairing(need, desk.programme(other_partner)), to=other_partner)

    desk.move(desk.partner, mine, "decline", reason="no_funds")

    assert (sees(desk.partner, need), sees(other_partner, need)) == (False, True)


def test_the_organization_keeps_what_it_said_and_no_longer_reads_the_need(desk: Desk):
    pair = desk.pairing()
    letter = desk.conveyed(pair, note="internal")
    desk.move(desk.partner, letter, "ask", note="Which depots?")
    desk.move(desk.officer, letter, "answer", note="All nine")
    desk.move(desk.partner, letter, "take_up", part="whole", what="Everything")
    desk.move(desk.officer, letter, "start", accepted=ACCEPTED, note="hidden-start")
    desk.move(desk.partner, letter, "report", outcome="partly_delivered", note="Seven left")
    desk.move(desk.officer, letter, "report", outcome="not_delivered", note="hidden-state")
    desk.move(desk.officer, letter, "retract", reason="political_or_consent", note="hidden-retract")

    own = desk.partner.get(f"{API}/referrals/{letter['id']}")

    [line] = own.json()["lines"]
    assert (line["need"], line["status"], line["moves"]) == (None, "retracted", [])
    assert line["programme"]["title"] == "Armoury management for police forces"
    assert [answer["note"] for answer in line["answers"]] == ["Which depots?", "All nine", "", "", ""]
    assert [told["note"] for told in line["outcomes"]] == ["Seven left"]
    for hidden in ("hidden", "internal", "political", "note verbale", pair.need.ref, "police armouries"):
        assert hidden not in own.text
    assert desk.partner.get(f"{API}/referrals/{letter['id']}/need/{pair.need.ref}").status_code == 404


def test_the_need_is_read_through_the_letter_exactly_as_released(desk: Desk):
    pair = desk.pairing()
    letter = desk.conveyed(pair)
    path = f"{API}/referrals/{letter['id']}/need"

    for who in (desk.partner, desk.officer):
        shown = who.get(f"{path}/{pair.need.ref}").json()
        assert shown["fields"] == "full"
        assert shown["title"] == "Secure storage of small arms in police armouries"
        assert {"source", "responsible", "status_reason", "revision"}.isdisjoint(shown)
    other = desk.need()
    assert desk.officer.get(f"{path}/{other.ref}").status_code == 404


def test_retracting_a_pairing_and_retracting_its_line_are_one_act(desk: Desk):
    by_pairing, by_line = desk.pairing(), desk.pairing()
    letter = desk.conveyed(by_pairing, by_line)
    desk.session.expire_all()

    judged(desk.officer, by_pairing, "retract", reason="timing", note="The ministry asked")
    desk.move(desk.officer, letter, "retract", n=2, reason="timing", note="The ministry asked")

    for n, pair in enumerate((by_pairing, by_line), start=1):
        assert desk.officer.get(f"{API}/pairings/{pair.id}").json()["status"] == "retracted"
        assert desk.line(letter, n).status.value == "retracted"
        assert not sees(desk.partner, pair.need)
        decision = desk.officer.get(f"{API}/pairings/{pair.id}/decisions").json()["items"][-1]
        assert (decision["reason"], decision["note"]) == ("timing", "The ministry asked")


def test_several_decisions_at_once_end_lines_too(desk: Desk):
    pair = desk.pairing()
    letter = desk.conveyed(pair)
    desk.session.expire_all()
    etag = desk.officer.get(f"{API}/pairings/{pair.id}").json()["etag"]
    body = {"decisions": [{"pairing": str(pair.id), "etag": etag, "judgement": "retract", "reason": "timing"}]}

    answer = desk.officer.post(f"{API}/needs/{pair.need.ref}/decisions", json=body)

    assert answer.status_code == 201
    assert desk.line(letter).status.value == "retracted"


@pytest.mark.parametrize("reason", [None, "no_funds", "duplicate_of"])
def test_to_retract_a_line_needs_a_reason_of_a_decision(desk: Desk, reason: str | None):
    said = {"reason": reason} if reason else {}

    answer = desk.try_move(desk.officer, desk.conveyed(), "retract", **said)

    assert answer.json()["errors"][0]["pointer"] == "/reason"


def test_a_new_conveyance_of_the_same_pair_is_a_new_line(desk: Desk):
    pair = desk.pairing()
    first = desk.conveyed(pair)
    desk.move(desk.partner, first, "decline", reason="no_funds", note="Not this year")
    desk.session.expire_all()
    for judgement, said in (("retract", {"reason": "timing"}), ("reopen", {}), ("accept", {})):
        judged(desk.officer, pair, judgement, **said)
        desk.session.expire_all()

    second = desk.conveyed(pair)

    assert second["lines"][0]["answers"] == []
    [old] = desk.partner.get(f"{API}/referrals/{first['id']}").json()["lines"]
    assert (old["status"], old["answers"][0]["note"]) == ("declined", "Not this year")
    assert len(queries.of_pairing(desk.session, desk.officer.actor, pair.id)) == 2


@pytest.mark.parametrize("wanted", ["status", "merge"])
def test_a_need_with_a_live_line_is_neither_closed_nor_merged(desk: Desk, wanted: str):
    pair, other = desk.pairing(), desk.need()
    letter = desk.conveyed(pair)
    etag = desk.officer.get(f"{API}/needs/{pair.need.ref}").json()["etag"]
    body = {"status": "closed", "outcome": "met"} if wanted == "status" else {"into": other.ref}
    path = f"{API}/needs/{pair.need.ref}/{wanted}"

    refused = desk.officer.post(path, json=body, headers={"If-Match": etag})
    desk.move(desk.partner, letter, "decline", reason="no_funds")
    done = desk.officer.post(path, json=body, headers={"If-Match": etag})

    assert refused.status_code == 409
    assert letter["id"] in refused.json()["detail"]
    assert done.status_code == 200


def test_a_need_with_a_live_line_may_be_held_and_stays_in_sight(desk: Desk):
    pair = desk.pairing()
    desk.conveyed(pair)

    move_need(desk.officer, desk.officer.get(f"{API}/needs/{pair.need.ref}").json(), status="on_hold")

    assert sees(desk.partner, pair.need)


def test_partial_delivery_leads_to_a_need_met_in_part_and_a_residual_one(desk: Desk):
    letter = desk.in_delivery()
    need = desk.line(letter).need
    desk.move(desk.partner, letter, "report", outcome="partly_delivered")
    before = waits(desk, desk.officer)
    desk.move(desk.officer, letter, "report", outcome="partly_delivered")
    desk.move(desk.officer, letter, "complete")
    still = waits(desk, desk.officer)

    shown = desk.officer.get(f"{API}/needs/{need.ref}").json()
    move_need(desk.officer, shown, status="closed", outcome="partly_met")

    assert (before, still, waits(desk, desk.officer)) == (["partial"], ["partial"], [])
    drafts = desk.officer.get(f"{API}/needs", params={"status": "draft"}).json()["items"]
    assert [draft["residual_of"] for draft in drafts] == [need.ref]


def test_an_open_question_and_a_decline_are_put_before_the_officer_until_dealt_with(desk: Desk):
    pair = desk.pairing()
    letter = desk.conveyed(pair)
    desk.move(desk.partner, letter, "ask", note="Where?")
    asked = waits(desk, desk.officer)
    desk.move(desk.officer, letter, "answer", note="There")
    answered = waits(desk, desk.officer)
    desk.move(desk.partner, letter, "decline", reason="outside_mandate")
    declined = waits(desk, desk.officer)

    judged(desk.officer, pair, "retract", reason="wrong_capacity")

    assert (asked, answered, declined, waits(desk, desk.officer)) == (["question"], [], ["declined"], [])


def withdraw(desk: Desk, letter: dict[str, Any]) -> None:
    line = letter["lines"][0]
    path = f"{API}/needs/{line['need']['ref']}/releases/{line['release']}"
    assert desk.officer.delete(path).status_code == 204


def test_a_release_withdrawn_under_a_live_line_is_put_before_the_officer(desk: Desk):
    letter = desk.conveyed()
    seen = waits(desk, desk.officer)

    withdraw(desk, letter)

    assert (seen, waits(desk, desk.officer)) == ([], ["sight_ended"])
    [line] = desk.officer.get(f"{API}/referrals/{letter['id']}").json()["lines"]
    assert (line["in_sight"], line["attention"]) == (False, ["sight_ended"])
    [own] = desk.partner.get(f"{API}/referrals/{letter['id']}").json()["lines"]
    assert (own["need"], own["status"]) == (None, "conveyed")
    body = {"audience": {"organization": "PARTNER"}, "fields": "full", **BASIS}
    desk.officer.post(f"{API}/needs/{line['need']['ref']}/releases", json=body)
    assert waits(desk, desk.officer) == []


def test_a_need_held_under_a_release_to_a_group_is_out_of_sight(desk: Desk):
    pair = desk.pairing()
    body = {"audience": {"group": "partners"}, "fields": "full", **BASIS}
    desk.officer.post(f"{API}/needs/{pair.need.ref}/releases", json=body)
    desk.conveyed(pair, release=None)
    seen = waits(desk, desk.officer)

    move_need(desk.officer, desk.officer.get(f"{API}/needs/{pair.need.ref}").json(), status="on_hold")

    assert (seen, waits(desk, desk.officer)) == ([], ["sight_ended"])


def test_what_a_partner_has_to_answer_waits_for_it_alone(desk: Desk, other_partner: As, donor: As):
    letter = desk.conveyed(desk.pairing(), desk.pairing())
    desk.move(desk.partner, letter, "take_up", part="whole")

    assert waits(desk, desk.partner) == ["to_answer"]
    assert waits(desk, other_partner) == waits(desk, donor) == waits(desk, desk.officer) == []


def test_live_lines_are_counted_by_need(desk: Desk, session: Session):
    crowded, other = desk.need(), desk.need()
    letter = desk.conveyed(*[desk.pairing(crowded) for _ in range(4)])
    second = desk.conveyed(desk.pairing(other))
    counts = queries.live_counts(session)

    assert (counts[crowded.id], counts[other.id]) == (4, 1)
    assert list(session.scalars(queries.crowded())) == [crowded.id]
    desk.move(desk.partner, letter, "decline", n=4, reason="no_funds")
    desk.move(desk.partner, second, "decline", reason="no_funds")
    session.expire_all()
    assert queries.live_counts(session, [crowded.id, other.id]) == {crowded.id: 3}
    assert list(session.scalars(queries.crowded())) == []
    assert {line.referral_id for line in session.scalars(queries.live_lines(desk.partner.actor))} == {
        UUID(letter["id"])
    }
