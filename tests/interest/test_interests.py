"""A delegation expresses interest in what it sees, officers answer, and each sees what is theirs."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy.orm import Session

from app.core.db import utc_now
from app.interest import queries
from app.interest.models import Interest, InterestStatus
from app.interest.moves import MOVES, Side
from app.referrals.models import Delivered, LineOutcome, LineStatus, ReferralLine
from app.referrals.models import Side as Reporter
from tests.conftest import As
from tests.interest.conftest import (
    INTERESTS,
    Conveyed,
    Opened,
    Released,
    change,
    express,
    funds,
    move,
    withdraw_release,
)

SOME = {"kind": "co_funding", "amount": 40_000, "currency": "USD"}


@pytest.fixture
def ref(opened: Opened, release: Released) -> str:
    """A need that all delegations read in full."""
    made = opened()
    release(made)
    return made


def test_a_delegation_expresses_interest_in_a_need_that_it_sees(donor: As, ref: str):
    answer = donor.post(INTERESTS, json={"need": ref, **SOME, "note": "From our regional budget"})

    shown = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{INTERESTS}/{shown['id']}"
    assert answer.headers["etag"] == shown["etag"]
    assert (shown["need"], shown["title"], shown["delegation"]) == (ref, "Depots without inventory", "DONOR")
    assert (shown["kind"], shown["amount"], shown["currency"]) == ("co_funding", 40_000, "USD")
    assert (shown["status"], shown["moves"], shown["referral"]) == ("open", ["withdrawn"], None)


def test_a_need_that_is_not_seen_is_unknown(donor: As, opened: Opened, release: Released):
    hidden = opened()
    to_others = opened(title="Others")
    release(to_others, audience={"group": "partners"})

    answers = [
        donor.post(INTERESTS, json={"need": each, "kind": "information"})
        for each in (hidden, to_others, "N-2026-22222", "\x00")
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404, 422]
    assert len({answer.json()["detail"] for answer in answers[:3]}) == 1


def test_interest_is_expressed_in_open_needs(donor: As, officer: As, ref: str, release: Released):
    release(ref, audience={"organization": "DONOR"})
    move(officer, ref, "on_hold")

    assert donor.post(INTERESTS, json={"need": ref, "kind": "information"}).status_code == 409


def test_a_delegation_has_one_live_interest_in_a_need(donor: As, other_donor: As, ref: str):
    first = express(donor, ref, "information")

    again = donor.post(INTERESTS, json={"need": ref, **SOME})
    express(other_donor, ref, "information")
    change(donor, first, {"note": "x"})

    assert again.status_code == 409
    assert "already" in again.json()["detail"]


def test_after_withdrawal_another_one_may_be_expressed(donor: As, ref: str):
    first = express(donor, ref, "information")
    donor.patch(f"{INTERESTS}/{first['id']}", json={"status": "withdrawn"}, headers={"If-Match": first["etag"]})

    second = express(donor, ref, "full_funding")

    assert second["id"] != first["id"]
    listed = donor.get(INTERESTS, params={"count": True}).json()
    assert [item["status"] for item in listed["items"]] == ["open", "withdrawn"]
    assert listed["total"] == 2


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"kind": "information", "amount": 5, "currency": "USD"}, "/amount"),
        ({"kind": "co_funding", "amount": 5}, "/currency"),
        ({"kind": "co_funding", "currency": "USD"}, "/amount"),
        ({"kind": "co_funding", "amount": 0, "currency": "USD"}, "/amount"),
        ({"kind": "co_funding", "amount": -1, "currency": "USD"}, "/amount"),
        ({"kind": "co_funding", "amount": 1, "currency": "usd"}, "/currency"),
        ({"kind": "charity"}, "/kind"),
        ({"kind": "information", "note": "a\x00b"}, "/note"),
        ({"kind": "information", "status": "fulfilled"}, "/status"),
        ({}, "/kind"),
    ],
)
def test_what_does_not_fit_is_refused_where_it_is(donor: As, ref: str, wrong: dict, pointer: str):
    answer = donor.post(INTERESTS, json={"need": ref, **wrong})

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize("who", ["officer", "admin", "partner"])
def test_only_delegations_express_interest(request: pytest.FixtureRequest, ref: str, who: str):
    caller: As = request.getfixturevalue(who)

    assert caller.post(INTERESTS, json={"need": ref, "kind": "information"}).status_code == 403


def test_delegations_do_not_see_each_others(donor: As, other_donor: As, partner: As, officer: As, ref: str):
    mine = express(donor, ref, **SOME)

    unknown = other_donor.get(f"{INTERESTS}/{uuid4()}")
    hidden = other_donor.get(f"{INTERESTS}/{mine['id']}")
    taken = other_donor.patch(
        f"{INTERESTS}/{mine['id']}", json={"status": "withdrawn"}, headers={"If-Match": mine["etag"]}
    )

    assert (hidden.status_code, taken.status_code) == (404, 404)
    assert hidden.json()["detail"] == unknown.json()["detail"]
    assert other_donor.get(INTERESTS, params={"count": True}).json() == {"items": [], "next": None, "total": 0}
    assert other_donor.get(INTERESTS, params={"delegation": "DONOR"}).json()["items"] == []
    assert partner.get(INTERESTS).status_code == 403
    assert [item["delegation"] for item in officer.get(INTERESTS).json()["items"]] == ["DONOR"]


def test_a_colleague_of_the_delegation_sees_and_withdraws(app, session: Session, donor: As, ref: str):
    mine = express(donor, ref, **SOME)
    colleague = As(app, session, donor.user.role, donor.organization)

    assert change(colleague, mine, {}) == mine
    assert (
        colleague.patch(
            f"{INTERESTS}/{mine['id']}", json={"status": "withdrawn"}, headers={"If-Match": mine["etag"]}
        ).json()["status"]
        == "withdrawn"
    )


def test_when_consent_ends_the_delegation_keeps_what_it_entered_and_no_text(
    donor: As, officer: As, opened: Opened, release: Released
):
    ref = opened()
    permission = release(ref)
    mine = express(donor, ref, **SOME, note="Ours")

    withdraw_release(officer, ref, permission)

    kept = donor.get(f"{INTERESTS}/{mine['id']}").json()
    assert (kept["need"], kept["title"], kept["language"]) == (ref, None, None)
    assert (kept["amount"], kept["note"], kept["status"]) == (40_000, "Ours", "open")
    assert "Depots" not in donor.get(INTERESTS).text
    assert officer.get(f"{INTERESTS}/{mine['id']}").json()["title"] == "Depots without inventory"


def test_a_repeated_request_is_done_once(donor: As, ref: str):
    body, key = {"need": ref, "kind": "information"}, {"Idempotency-Key": "k1"}

    first, second = (donor.post(INTERESTS, json=body, headers=key) for _ in range(2))

    assert second.headers["idempotent-replayed"] == "true"
    assert first.json() == second.json()


def test_a_delegation_changes_what_it_says_while_it_is_open(donor: As, officer: As, ref: str):
    mine = express(donor, ref, **SOME)

    changed = donor.patch(
        f"{INTERESTS}/{mine['id']}",
        json={"kind": "information", "amount": None, "currency": None, "note": None},
        headers={"If-Match": mine["etag"]},
    ).json()
    change(officer, mine, {"status": "acknowledged"})
    late = donor.patch(f"{INTERESTS}/{mine['id']}", json={"note": "more"}, headers={"If-Match": "*"})

    assert (changed["kind"], changed["amount"], changed["currency"], changed["note"]) == (
        "information",
        None,
        None,
        "",
    )
    assert late.status_code == 409


def test_if_match_is_needed_and_held_against_the_record(donor: As, ref: str):
    mine = express(donor, ref, **SOME)
    path = f"{INTERESTS}/{mine['id']}"

    assert donor.patch(path, json={"note": "a"}).status_code == 428
    assert donor.patch(path, json={"note": "a"}, headers={"If-Match": mine["etag"]}).status_code == 200
    assert donor.patch(path, json={"note": "b"}, headers={"If-Match": mine["etag"]}).status_code == 412


@pytest.mark.parametrize("wanted", [{"status": "acknowledged"}, {"status": "fulfilled"}, {"funds": None}])
def test_a_delegation_makes_no_officers_move_on_any_record(donor: As, ref: str, wanted: dict):
    mine = express(donor, ref, **SOME)

    for interest_id in (mine["id"], uuid4()):
        answer = donor.patch(f"{INTERESTS}/{interest_id}", json=wanted, headers={"If-Match": "*"})
        assert answer.status_code == 403


@pytest.mark.parametrize("wanted", [{"status": "withdrawn"}, {"note": "ours"}, {"amount": None}])
def test_an_officer_says_nothing_in_a_delegations_name(donor: As, officer: As, ref: str, wanted: dict):
    mine = express(donor, ref, **SOME)

    assert change(officer, mine, wanted, 403)["status"] == 403


def test_a_null_status_is_refused(donor: As, ref: str):
    mine = express(donor, ref, **SOME)

    answer = donor.patch(f"{INTERESTS}/{mine['id']}", json={"status": None}, headers={"If-Match": "*"})

    assert answer.status_code == 422


def test_the_table_says_who_makes_each_move():
    assert {
        (before.value, after.value, side.value) for before, moves in MOVES.items() for after, side in moves.items()
    } == {
        ("open", "acknowledged", "officer"),
        ("open", "fulfilled", "officer"),
        ("open", "withdrawn", "delegation"),
        ("acknowledged", "fulfilled", "officer"),
        ("acknowledged", "withdrawn", "delegation"),
    }


@pytest.mark.parametrize("before", InterestStatus)
@pytest.mark.parametrize("after", InterestStatus)
def test_a_move_is_made_where_the_table_has_it_and_nowhere_else(
    session: Session, donor: As, officer: As, partner: As, ref: str, conveyed: Conveyed,
    before: InterestStatus, after: InterestStatus,
):  # fmt: skip
    line = conveyed(ref, partner)
    mine = express(donor, ref, **SOME)
    _bring_to(session, mine["id"], before, line)

    for side, who in ((Side.OFFICER, officer), (Side.DELEGATION, donor)):
        answer = who.patch(f"{INTERESTS}/{mine['id']}", json={"status": after}, headers={"If-Match": "*"})
        allowed = MOVES[before].get(after) is side
        assert answer.status_code in ({200} if allowed or before is after else {403, 409}) | (
            {403} if before is after else set()
        )
        now = InterestStatus(who.get(f"{INTERESTS}/{mine['id']}").json()["status"])
        assert now is (after if allowed else before)
        if allowed:
            return


def _bring_to(session: Session, interest_id: str, status: InterestStatus, line: ReferralLine) -> None:
    interest = session.get_one(Interest, UUID(interest_id))
    interest.status, interest.line = status, session.get_one(ReferralLine, line.id)
    interest.answered_at = utc_now() if status is not InterestStatus.OPEN else None
    interest.ended_at = utc_now() if status in {InterestStatus.WITHDRAWN, InterestStatus.FULFILLED} else None
    session.commit()


def test_an_interest_is_fulfilled_with_the_referral_that_it_funds(
    donor: As, officer: As, partner: As, ref: str, conveyed: Conveyed
):
    mine = express(donor, ref, **SOME)
    line = conveyed(ref, partner)

    without = change(officer, mine, {"status": "fulfilled"}, 422)
    done = officer.patch(
        f"{INTERESTS}/{mine['id']}",
        json={"status": "fulfilled", "funds": funds(line)},
        headers={"If-Match": mine["etag"]},
    ).json()

    assert without["errors"][0]["pointer"] == "/funds"
    assert (done["status"], done["referral"]["organization"], done["moves"]) == ("fulfilled", "PARTNER", [])
    assert None not in (done["answered_at"], done["ended_at"])


def test_the_delegation_sees_status_and_outcome_of_what_it_funds_and_nothing_else(
    session: Session, donor: As, officer: As, partner: As, ref: str, conveyed: Conveyed
):
    mine = express(donor, ref, **SOME)
    line = conveyed(ref, partner, what="A note between the organization and CTED", from_on=date(2027, 1, 4))
    session.add(
        LineOutcome(
            line_id=line.id,
            number=1,
            side=Reporter.ORGANIZATION,
            by_officer=False,
            outcome=Delivered.PARTLY_DELIVERED,
            note="secret",
        )
    )
    session.commit()
    change(officer, mine, {"funds": funds(line)})

    unanswered = donor.get(f"{INTERESTS}/{mine['id']}").json()["referral"]
    change(officer, mine, {"status": "acknowledged"})
    shown = donor.get(f"{INTERESTS}/{mine['id']}")

    assert unanswered is None
    assert shown.json()["referral"] == {
        "status": "taken_up", "part": "whole", "from_on": "2027-01-04", "outcome": "partly_delivered",
        "confirmed": None, "referral": None, "line": None, "organization": None,
    }  # fmt: skip
    assert not {"PARTNER", "secret", "CTED", str(line.referral_id)} & set(shown.text.replace('"', " ").split())


def test_what_a_withdrawn_interest_would_have_funded_is_not_shown(
    donor: As, officer: As, partner: As, ref: str, conveyed: Conveyed
):
    mine = express(donor, ref, **SOME)
    change(officer, mine, {"status": "acknowledged", "funds": funds(conveyed(ref, partner))})

    assert donor.get(f"{INTERESTS}/{mine['id']}").json()["referral"]["status"] == "taken_up"
    assert change(donor, mine, {"status": "withdrawn"})["referral"] is None


def test_a_line_of_another_need_or_an_ended_one_is_not_funded(
    donor: As, officer: As, partner: As, other_partner: As, ref: str, opened: Opened, conveyed: Conveyed
):
    mine = express(donor, ref, **SOME)
    elsewhere = conveyed(opened(title="Another"), partner)
    retracted = conveyed(ref, other_partner, LineStatus.RETRACTED, ended_at=utc_now())

    for wrong in (funds(elsewhere), funds(retracted), {"referral": str(uuid4()), "line": 1}):
        assert change(officer, mine, {"funds": wrong}, 422)["errors"][0]["pointer"] == "/funds"


def test_officers_read_what_waits_first_and_what_is_overdue(
    session: Session, donor: As, other_donor: As, officer: As, opened: Opened, release: Released
):
    first, second = opened(), opened(title="Second")
    release(first)
    release(second)
    answered, late, new = express(donor, first), express(donor, second), express(other_donor, first)
    change(officer, answered, {"status": "acknowledged"})
    session.get_one(Interest, UUID(late["id"])).expressed_at = utc_now() - timedelta(days=40)
    session.commit()

    shown = officer.get(INTERESTS, params={"sort": "waiting"}).json()["items"]

    assert [item["id"] for item in shown] == [late["id"], new["id"], answered["id"]]
    assert [item["overdue"] for item in shown] == [True, False, None]
    assert donor.get(INTERESTS).json()["items"][0]["due_on"] is None


def test_an_interest_is_due_ten_working_days_after_it_was_expressed(
    session: Session, donor: As, officer: As, ref: str
):
    mine = express(donor, ref)
    interest = session.get_one(Interest, UUID(mine["id"]))
    interest.expressed_at = interest.expressed_at.replace(year=2026, month=11, day=2)  # a Monday
    session.commit()

    [on_the_day] = queries.shown(session, officer.actor, [interest], 10, date(2026, 11, 16))
    [after] = queries.shown(session, officer.actor, [interest], 10, date(2026, 11, 17))

    assert (on_the_day.due_on, on_the_day.overdue) == (date(2026, 11, 16), False)
    assert after.overdue is True


def test_the_list_is_filtered_and_paged(donor: As, officer: As, opened: Opened, release: Released):
    needs = [opened(title=f"Need {n}") for n in range(3)]
    for each in needs:
        release(each)
        express(donor, each, "information")

    pages, cursor = [], None
    while not pages or cursor:
        answer = officer.get(INTERESTS, params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        pages.append([item["need"] for item in answer["items"]])
        cursor = answer["next"]

    assert pages == [[needs[2], needs[1]], [needs[0]]]
    assert [i["need"] for i in officer.get(INTERESTS, params={"need": needs[1]}).json()["items"]] == [needs[1]]
    assert officer.get(INTERESTS, params={"kind": "co_funding"}).json()["items"] == []
    assert officer.get(INTERESTS, params={"status": "nothing"}).status_code == 422
    assert officer.get(INTERESTS, params={"stauts": "open"}).status_code == 422
