"""Ready to fund: the State consents, an organization is willing, an amount is missing; told as releases allow."""

import pytest
from sqlalchemy.orm import Session

from app.core.db import utc_now
from app.referrals.models import LineStatus, ReferralLine
from tests.conftest import As
from tests.interest.conftest import (
    NEEDS,
    Conveyed,
    Opened,
    Released,
    change,
    express,
    funds,
    move,
    withdraw_release,
)

USD = {"currency": "USD"}


def funding(reader: As, ref: str) -> dict:
    answer = reader.get(f"{NEEDS}/{ref}/funding")
    assert answer.status_code == 200, answer.text
    return answer.json()


def ready(reader: As) -> list[str]:
    page = reader.get(NEEDS, params={"ready_to_fund": True, "count": True, "facets": True}).json()
    assert page["total"] == len(page["items"]) == sum(page["facets"]["status"].values())
    return [item["ref"] for item in page["items"]]


@pytest.fixture
def ref(opened: Opened, release: Released) -> str:
    """A need that costs USD 80,000 to 100,000, which all delegations read in full, and one that is not ready."""
    release(opened(title="Another"))
    made = opened()
    release(made)
    return made


def test_a_need_is_ready_when_the_state_consents_somebody_is_willing_and_money_is_missing(
    donor: As, officer: As, partner: As, ref: str, conveyed: Conveyed
):
    assert ready(donor) == ready(officer) == []
    assert funding(donor, ref)["willing"] is False

    conveyed(ref, partner)

    assert ready(donor) == ready(officer) == [ref]
    shown = funding(donor, ref)
    assert (shown["ready"], shown["willing"], shown["organizations"]) == (True, True, [])
    assert shown["missing"] == {"low": 80_000, "high": 100_000, "currency": "USD"}


@pytest.mark.parametrize(
    ("status", "more"),
    [
        (LineStatus.CONVEYED, {}),
        (LineStatus.TAKEN_UP, {"if_funded": False}),
        (LineStatus.RETRACTED, {"ended_at": utc_now(), "if_funded": True}),
    ],
)
def test_only_a_live_line_taken_up_if_funded_makes_it_ready(
    donor: As, partner: As, ref: str, conveyed: Conveyed, status: LineStatus, more: dict
):
    conveyed(ref, partner, status, **more)

    assert ready(donor) == []


def test_a_delegation_that_sees_a_summary_is_told_nothing_of_money(
    donor: As, partner: As, opened: Opened, release: Released, conveyed: Conveyed
):
    ref = opened()
    release(ref, "summary")
    conveyed(ref, partner)

    assert ready(donor) == []
    assert funding(donor, ref) == {
        "need": ref, "ready": False, "willing": None, "organizations": [], "cost": None, "missing": None,
        "pledged": [],
    }  # fmt: skip


def test_without_sight_there_is_no_answer(donor: As, partner: As, officer: As, opened: Opened, conveyed: Conveyed):
    ref = opened()
    conveyed(ref, partner)

    hidden, unknown = donor.get(f"{NEEDS}/{ref}/funding"), donor.get(f"{NEEDS}/N-2026-22222/funding")

    assert (hidden.status_code, hidden.json()["detail"]) == (404, unknown.json()["detail"])
    assert ready(donor) == ready(officer) == []  # no delegation may read it


def test_partners_do_not_ask_for_it(partner: As, ref: str):
    assert partner.get(NEEDS, params={"ready_to_fund": True}).status_code == 403
    assert partner.get(f"{NEEDS}/{ref}/funding").status_code == 403
    search = {"name": "Ready", "query": {"ready_to_fund": True}}
    assert partner.post("/api/v1/searches", json=search).status_code == 403


def test_acknowledged_interests_cover_and_open_ones_do_not(
    donor: As, other_donor: As, officer: As, partner: As, ref: str, conveyed: Conveyed
):
    conveyed(ref, partner)
    theirs = express(other_donor, ref, "co_funding", amount=30_000, **USD)

    assert funding(donor, ref)["missing"]["high"] == 100_000
    change(officer, theirs, {"status": "acknowledged"})
    assert funding(donor, ref)["missing"] == {"low": 50_000, "high": 70_000, "currency": "USD"}
    assert funding(donor, ref)["pledged"] == []
    assert funding(officer, ref)["pledged"] == [{"amount": 30_000, "currency": "USD"}]
    assert "DONOR-2" not in donor.get(f"{NEEDS}/{ref}/funding").text


def test_what_is_covered_is_no_longer_ready(donor: As, officer: As, partner: As, ref: str, conveyed: Conveyed):
    line = conveyed(ref, partner)
    mine = express(donor, ref, "co_funding", amount=100_000, **USD)
    change(officer, mine, {"status": "fulfilled", "funds": funds(line)})

    assert ready(donor) == ready(officer) == []
    assert funding(donor, ref)["missing"] == {"low": 0, "high": 0, "currency": "USD"}


def test_withdrawing_leaves_it_missing_again(donor: As, officer: As, partner: As, ref: str, conveyed: Conveyed):
    conveyed(ref, partner)
    mine = express(donor, ref, "full_funding")
    change(officer, mine, {"status": "acknowledged"})

    assert (ready(donor), funding(donor, ref)["missing"]["high"]) == ([], 0)
    change(donor, mine, {"status": "withdrawn"})
    assert ready(donor) == [ref]


def test_another_currency_covers_nothing(donor: As, officer: As, partner: As, ref: str, conveyed: Conveyed):
    conveyed(ref, partner)
    change(officer, express(donor, ref, "co_funding", amount=100_000, currency="EUR"), {"status": "acknowledged"})

    assert ready(donor) == [ref]
    assert funding(officer, ref)["missing"]["high"] == 100_000
    assert funding(officer, ref)["pledged"] == [{"amount": 100_000, "currency": "EUR"}]


def test_an_unknown_cost_stays_not_known(
    donor: As, officer: As, partner: As, opened: Opened, release: Released, conveyed: Conveyed
):
    ref = opened(indicative_cost=None)
    release(ref)
    conveyed(ref, partner)
    change(officer, express(donor, ref, "co_funding", amount=100_000, **USD), {"status": "acknowledged"})

    assert ready(donor) == [ref]
    assert funding(donor, ref)["missing"] is None


def test_the_cost_is_that_of_the_released_text(donor: As, officer: As, partner: As, ref: str, conveyed: Conveyed):
    conveyed(ref, partner)
    etag = officer.get(f"{NEEDS}/{ref}").json()["etag"]
    newer = {"indicative_cost": {"low": 5, "currency": "EUR"}}
    officer.patch(f"{NEEDS}/{ref}", json=newer, headers={"If-Match": etag})

    assert funding(donor, ref)["missing"]["high"] == 100_000
    assert funding(officer, ref)["missing"] == {"low": 5, "high": None, "currency": "EUR"}


def test_when_consent_ends_nothing_is_told_any_more(
    donor: As, officer: As, partner: As, opened: Opened, release: Released, conveyed: Conveyed
):
    ref = opened()
    permission = release(ref)
    conveyed(ref, partner)
    assert ready(donor) == [ref]

    withdraw_release(officer, ref, permission)

    assert ready(donor) == []
    assert donor.get(f"{NEEDS}/{ref}/funding").status_code == 404


def test_a_need_on_hold_is_not_ready(
    donor: As, officer: As, partner: As, ref: str, release: Released, conveyed: Conveyed
):
    release(ref, audience={"organization": "DONOR"})
    conveyed(ref, partner)

    move(officer, ref, "on_hold")

    assert ready(donor) == ready(officer) == []


def test_an_organization_is_named_where_it_agreed_and_a_full_release_shows_the_need(
    donor: As, officer: As, partner: As, opened: Opened, release: Released, conveyed: Conveyed
):
    ref = opened()
    permission = release(ref)
    conveyed(ref, partner)
    assert funding(officer, ref)["organizations"] == ["PARTNER"]
    assert funding(donor, ref)["organizations"] == []

    agreed = partner.post(f"{NEEDS}/{ref}/named", json={})

    assert agreed.status_code == 201
    assert agreed.json()["reference"] == "said by the organization itself"
    assert funding(donor, ref)["organizations"] == ["PARTNER"]
    assert partner.delete(f"{NEEDS}/{ref}/named/PARTNER").status_code == 204
    assert funding(donor, ref)["organizations"] == []
    partner.post(f"{NEEDS}/{ref}/named", json={})
    withdraw_release(officer, ref, permission)
    release(ref, "summary")
    assert funding(donor, ref)["organizations"] == []


def test_who_is_not_willing_any_more_is_not_named(
    session: Session, donor: As, partner: As, ref: str, conveyed: Conveyed
):
    line = conveyed(ref, partner)
    partner.post(f"{NEEDS}/{ref}/named", json={})

    ended = session.get_one(ReferralLine, line.id)
    ended.status, ended.ended_at = LineStatus.RETRACTED, utc_now()
    session.commit()

    assert funding(donor, ref)["organizations"] == []


def test_an_officer_records_who_agreed_with_the_reference(officer: As, partner: As, ref: str, conveyed: Conveyed):
    conveyed(ref, partner)
    path = f"{NEEDS}/{ref}/named"

    nameless = officer.post(path, json={"reference": "letter 4"})
    unproven = officer.post(path, json={"organization": "PARTNER"})
    ahead = officer.post(path, json={"organization": "PARTNER", "reference": "x", "agreed_on": "2190-01-01"})
    agreed = officer.post(path, json={"organization": "PARTNER", "reference": "note 4", "agreed_on": "2026-05-04"})

    assert [answer.status_code for answer in (nameless, unproven, ahead, agreed)] == [422, 422, 422, 201]
    [item] = officer.get(path).json()["items"]
    assert (item["organization"], item["agreed_on"], item["reference"]) == ("PARTNER", "2026-05-04", "note 4")
    assert partner.get(path).json()["items"] == [item]


def test_an_organization_that_takes_no_part_is_not_named(officer: As, partner: As, other_partner: As, ref: str,
                                                         conveyed: Conveyed, release: Released):  # fmt: skip
    conveyed(ref, partner)
    release(ref, audience={"organization": "OTHER"})

    assert other_partner.post(f"{NEEDS}/{ref}/named", json={}).status_code == 409
    assert other_partner.post(f"{NEEDS}/{ref}/named", json={"organization": "PARTNER"}).status_code == 403
    assert other_partner.get(f"{NEEDS}/{ref}/named").json()["items"] == []
    assert other_partner.delete(f"{NEEDS}/{ref}/named/PARTNER").status_code == 404


def test_delegations_read_names_and_never_consents(donor: As, partner: As, ref: str, conveyed: Conveyed):
    conveyed(ref, partner)
    partner.post(f"{NEEDS}/{ref}/named", json={})

    assert donor.get(f"{NEEDS}/{ref}/named").json() == {"items": []}
    assert donor.post(f"{NEEDS}/{ref}/named", json={}).status_code == 403


def test_an_organization_takes_its_name_back_even_when_it_sees_the_need_no_more(
    session: Session, donor: As, officer: As, partner: As, ref: str, conveyed: Conveyed
):
    line = conveyed(ref, partner)
    partner.post(f"{NEEDS}/{ref}/named", json={})
    withdraw_release(officer, ref, str(line.release_id))

    assert partner.get(f"{NEEDS}/{ref}").status_code == 404
    assert partner.delete(f"{NEEDS}/{ref}/named/PARTNER").status_code == 204
    assert funding(donor, ref)["organizations"] == []
