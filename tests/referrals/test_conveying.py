"""One letter to one organization: what it holds, what it needs, and who then sees what."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from app.core.db import utc_now
from app.needs.models import NeedStatus, Release
from app.pairings.models import PairingStatus
from app.referrals.conveying import convey
from app.referrals.models import Referral
from app.referrals.schemas import ReferralIn
from tests.conftest import As
from tests.needs.conftest import move as move_need
from tests.referrals.conftest import API, BASIS, Desk

FUND = {"kind": "fund", "title": "Trust fund", "summary": "Pays for assistance.", "themes": ["WPN-PSM"]}
EMBARGO = {"country": "TG", "text": "Arms embargo", "source": "resolution 0000", "dated_on": "2026-01-01"}


def letters(desk: Desk) -> int:
    return desk.session.scalar(select(func.count()).select_from(Referral)) or 0


def test_one_letter_for_two_needs_releases_both_to_the_organization(desk: Desk, other_partner: As):
    pairs = desk.pairing(), desk.pairing()

    letter = desk.conveyed(*pairs)

    assert [line["n"] for line in letter["lines"]] == [1, 2]
    assert [line["status"] for line in letter["lines"]] == ["conveyed", "conveyed"]
    for pair in pairs:
        assert desk.partner.get(f"{API}/needs/{pair.need.ref}").json()["fields"] == "full"
        assert other_partner.get(f"{API}/needs/{pair.need.ref}").status_code == 404
        assert desk.officer.get(f"{API}/pairings/{pair.id}").json()["status"] == "conveyed"


def test_a_letter_leaves_an_event_of_its_own_and_one_a_pairing(desk: Desk):
    letter = desk.conveyed(desk.pairing(), desk.pairing())

    events = desk.officer.get(f"{API}/audit", params={"subject": letter["id"]}).json()["items"]
    pairing = desk.officer.get(f"{API}/audit", params={"subject": letter["lines"][0]["pairing"]}).json()["items"]

    assert [event["action"] for event in events] == ["referral.conveyed"]
    assert [event["action"] for event in pairing] == ["pairing.convey"]


def test_a_need_without_a_release_is_named(desk: Desk):
    pair = desk.pairing()

    answer = desk.letter(pair, release=None)

    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["pointer"] == "/release"
    assert pair.need.ref in error["message"]
    assert letters(desk) == 0


def released(desk: Desk, ref: str, audience: dict[str, str], **said: Any) -> dict[str, Any]:
    body = {"audience": audience, "fields": "full", **BASIS, **said}
    answer = desk.officer.post(f"{API}/needs/{ref}/releases", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


@pytest.mark.parametrize("audience", [{"organization": "PARTNER"}, {"group": "partners"}])
def test_a_full_release_in_force_by_name_or_through_a_group_serves(desk: Desk, audience: dict[str, str]):
    pair = desk.pairing()
    release = released(desk, pair.need.ref, audience)

    letter = desk.conveyed(pair, release=None)

    assert letter["lines"][0]["release"] == release["id"]


@pytest.mark.parametrize(
    ("audience", "said"),
    [
        ({"organization": "PARTNER"}, {"fields": "summary"}),
        ({"group": "partners"}, {"except": ["PARTNER"]}),
        ({"group": "donors"}, {}),
        ({"organization": "PARTNER"}, {"basis": "silence"}),
    ],
)
def test_a_release_that_shows_it_less_or_to_others_or_later_does_not_serve(desk: Desk, audience: Any, said: Any):
    pair = desk.pairing()
    agreement = {"country": "TG", "reference": "their letter", "agreed_on": "2026-01-01"}
    assert desk.officer.post(f"{API}/silence-agreements", json=agreement).status_code == 201
    released(desk, pair.need.ref, audience, **said)

    assert desk.letter(pair, release=None).status_code == 422
    assert desk.letter(pair).status_code == 201


def test_a_release_of_an_older_text_does_not_serve(desk: Desk):
    pair = desk.pairing()
    released(desk, pair.need.ref, {"organization": "PARTNER"})
    need = desk.officer.get(f"{API}/needs/{pair.need.ref}").json()
    changed = desk.officer.patch(
        f"{API}/needs/{pair.need.ref}", json={"institution": "Police"}, headers={"If-Match": need["etag"]}
    )
    assert changed.status_code == 200

    refused = desk.letter(pair, release=None)
    letter = desk.conveyed(pair)

    assert "revision 2" in refused.json()["detail"]
    shown = desk.partner.get(f"{API}/referrals/{letter['id']}/need/{pair.need.ref}").json()
    assert shown["institution"] == "Police"


@pytest.mark.parametrize(
    ("basis", "told"),
    [
        ({"basis": "silence", "reference": "their letter"}, "silence procedure"),
        ({**BASIS, "from": "2099-01-01"}, "begins only"),
        ({**BASIS, "until": "2020-01-01"}, "must be after"),
        ({**BASIS, "consents": [{"country": "BJ", "reference": "n"}]}, "no State of these needs"),
    ],
)
def test_a_basis_that_gives_no_sight_now_conveys_nothing(desk: Desk, basis: dict[str, Any], told: str):
    answer = desk.letter(desk.pairing(), release=basis)

    assert answer.status_code == 422
    assert told in answer.json()["detail"]
    assert answer.json()["errors"][0]["pointer"].startswith("/release")
    assert (letters(desk), desk.session.scalar(select(func.count()).select_from(Release))) == (0, 0)


def test_several_states_each_consent_for_their_own_need(desk: Desk):
    both = desk.need(recipient={"countries": ["TG", "BJ"]})
    pairs = desk.pairing(both), desk.pairing(desk.need(recipient={"countries": ["GH"]}))
    consents = [{"country": country, "reference": "note"} for country in ("TG", "BJ")]

    missing = desk.letter(*pairs, release={**BASIS, "consents": consents[:1]})
    made = desk.letter(*pairs, release={**BASIS, "consents": consents})

    assert "consent of BJ" in missing.json()["detail"]
    assert made.status_code == 201, made.text


def test_only_accepted_pairings_of_open_needs_are_conveyed(desk: Desk):
    for status in PairingStatus:
        if status not in {PairingStatus.ACCEPTED, PairingStatus.DEFERRED}:
            answer = desk.letter(desk.pairing(status=status))
            assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (409, "/pairings/0")
    held = desk.pairing()
    need = desk.officer.get(f"{API}/needs/{held.need.ref}").json()
    move_need(desk.officer, need, status=NeedStatus.ON_HOLD.value)

    assert desk.letter(held).status_code == 409


def test_a_pairing_is_conveyed_once_at_a_time(desk: Desk):
    pair = desk.pairing()
    desk.conveyed(pair)

    assert desk.letter(pair).status_code == 409
    assert desk.letter(desk.pairing(), pair).status_code == 409
    assert letters(desk) == 1


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"organization": "NOBODY"}, "/organization"),
        ({"organization": "OTHER"}, "/pairings/0"),
        ({"pairings": []}, "/pairings"),
        ({"pairings": [str(uuid4())]}, "/pairings/0"),
        ({"pairings": ["no-such-thing"]}, "/pairings/0"),
        ({"funds": ["P-2026-XXXXX"]}, "/funds/0"),
        ({"co_implementers": ["NOBODY"]}, "/co_implementers/0"),
        ({"co_implementers": ["PARTNER"]}, "/co_implementers/0"),
        ({"acknowledged": [str(uuid4())]}, "/acknowledged/0"),
        ({"release": {"basis": "document", "reference": " "}}, "/release/reference"),
        ({"note": "\u0000"}, "/note"),
        ({"recipient": "TG"}, "/recipient"),
    ],
)
def test_a_letter_says_what_is_wrong_with_it(desk: Desk, other_partner: As, said: Any, pointer: str):
    answer = desk.letter(desk.pairing(), **said)

    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert letters(desk) == 0


def test_the_same_pairing_twice_is_refused(desk: Desk):
    pair = desk.pairing()

    assert desk.letter(pair, pair).json()["errors"][0]["pointer"] == "/pairings"


def test_funds_are_attached_and_co_implementers_named_without_showing_them_anything(desk: Desk, other_partner: As):
    fund, plain = desk.programme(**FUND), desk.programme()
    pair = desk.pairing()

    refused = desk.letter(pair, funds=[plain.ref])
    letter = desk.conveyed(pair, funds=[fund.ref], co_implementers=["OTHER"])

    assert refused.json()["errors"][0]["pointer"] == "/funds/0"
    assert [one["ref"] for one in letter["funds"]] == [fund.ref]
    assert letter["co_implementers"] == ["OTHER"]
    assert other_partner.get(f"{API}/needs/{pair.need.ref}").status_code == 404
    assert other_partner.get(f"{API}/referrals").json()["items"] == []


def test_advisory_notes_on_the_states_are_acknowledged_and_kept(desk: Desk, admin: As):
    note = admin.post(f"{API}/advisories", json=EMBARGO).json()
    admin.post(f"{API}/advisories", json={**EMBARGO, "country": "BJ"})
    admin.post(f"{API}/advisories", json={**EMBARGO, "ended_on": "2026-02-01"})
    admin.post(f"{API}/advisories", json={**EMBARGO, "dated_on": "2199-01-01"})
    pair = desk.pairing()

    refused = desk.letter(pair)
    letter = desk.conveyed(pair, acknowledged=[note["id"]])

    assert refused.status_code == 422
    [error] = refused.json()["errors"]
    assert error["pointer"] == "/acknowledged"
    assert note["id"] in error["message"]
    assert [kept["id"] for kept in letter["advisories"]] == [note["id"]]
    own = desk.partner.get(f"{API}/referrals/{letter['id']}").json()
    assert "embargo" not in str(own).lower()


def test_advisory_notes_are_kept_by_admins_and_read_by_officers(admin: As, officer: As, partner: As):
    made = admin.post(f"{API}/advisories", json=EMBARGO)
    path = f"{API}/advisories/{made.json()['id']}"

    ended = admin.patch(path, json={"ended_on": "2026-05-01"}, headers={"If-Match": made.headers["ETag"]})

    assert made.status_code == 201
    assert (ended.status_code, ended.json()["in_force"]) == (200, False)
    assert admin.patch(path, json={"text": "x"}, headers={"If-Match": made.headers["ETag"]}).status_code == 412
    assert admin.patch(path, json={"text": None}, headers={"If-Match": ended.headers["ETag"]}).status_code == 422
    wrong = admin.patch(path, json={"ended_on": "2020-05-01"}, headers={"If-Match": ended.headers["ETag"]})
    assert wrong.json()["errors"][0]["pointer"] == "/ended_on"
    assert admin.post(f"{API}/advisories", json={**EMBARGO, "country": "QQ"}).status_code == 422
    assert len(officer.get(f"{API}/advisories").json()["items"]) == 1
    assert officer.post(f"{API}/advisories", json=EMBARGO).status_code == 403
    assert partner.get(f"{API}/advisories").status_code == 403


def test_lists_are_filtered_and_a_need_that_is_not_seen_finds_nothing(desk: Desk):
    pair = desk.pairing()
    letter, other = desk.conveyed(pair), desk.conveyed()
    desk.move(desk.partner, other, "decline", reason="no_funds")

    def ids(who: As, **wanted: Any) -> set[str]:
        return {one["id"] for one in who.get(f"{API}/referrals", params=wanted).json()["items"]}

    for who in (desk.officer, desk.partner):
        assert ids(who) == {letter["id"], other["id"]}
        assert ids(who, live="true") == ids(who, status="conveyed") == {letter["id"]}
        assert ids(who, live="false") == ids(who, status="declined") == {other["id"]}
        assert ids(who, need=pair.need.ref) == ids(who, organization="PARTNER") - {other["id"]} == {letter["id"]}
    desk.move(desk.officer, letter, "retract", reason="political_or_consent")
    assert ids(desk.officer, need=pair.need.ref) == {letter["id"]}
    assert ids(desk.partner, need=pair.need.ref) == set()


def test_a_letter_sent_twice_with_one_key_is_one(desk: Desk):
    pair = desk.pairing()
    body = {"organization": "PARTNER", "pairings": [str(pair.id)], "release": BASIS}

    answers = [
        desk.officer.post(f"{API}/referrals", json=body, headers={"Idempotency-Key": "k"}) for _ in range(2)
    ]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert letters(desk) == 1


def test_who_cleared_is_kept_beside_who_conveyed(desk: Desk, admin: As):
    wanted = ReferralIn.model_validate(
        {"organization": "PARTNER", "pairings": [desk.pairing().id], "release": BASIS}
    )
    again = ReferralIn.model_validate(wanted.model_dump(mode="json", by_alias=True))

    made = convey(desk.session, desk.officer.actor, again, cleared_by=admin.actor)

    assert (made.conveyed_by_id, made.cleared_by_id) == (desk.officer.user.id, admin.user.id)
    assert made.conveyed_at <= utc_now()
