"""An interest reaches the officer of the need, and what became of it the delegation."""

from fastapi import FastAPI

from tests.conftest import As
from tests.interest.conftest import Opened, Released, change, express, opened, release, withdraw_release
from tests.notices.conftest import Postbox, choose, reading, waits
from tests.referrals.conftest import Desk, desk

__all__ = ["desk", "opened", "release"]


def test_an_interest_waits_for_the_officer_until_it_is_answered_and_the_delegation_is_told(
    app: FastAPI, officer: As, donor: As, opened: Opened, release: Released, postbox: Postbox
):
    ref = opened()
    release(ref)
    made = express(donor, ref)
    reading(app)
    assert waits(officer) == ["A delegation is interested in a need"]

    change(officer, officer.get(f"/api/v1/interests/{made['id']}").json(), {"status": "acknowledged"})
    reading(app)

    assert (waits(officer), waits(donor)) == ([], ["Your interest was acknowledged"])


def test_a_delegation_that_sees_the_need_no_more_is_told_without_its_reference(
    app: FastAPI, officer: As, donor: As, opened: Opened, release: Released, postbox: Postbox
):
    choose(donor, interest="at_once")
    ref = opened()
    released = release(ref)
    made = express(donor, ref)
    change(officer, officer.get(f"/api/v1/interests/{made['id']}").json(), {"status": "acknowledged"})
    withdraw_release(officer, ref, released)

    reading(app)

    [text] = [text for text in postbox.texts if "acknowledged" in text]
    assert ref not in text


def test_that_a_referral_exists_is_told_once_the_interest_is_acknowledged_and_not_before(
    app: FastAPI, desk: Desk, officer: As, donor: As, opened: Opened, release: Released, postbox: Postbox
):
    letter = desk.conveyed()
    ref = letter["lines"][0]["need"]["ref"]
    release(ref)
    made = express(donor, ref)
    path = f"/api/v1/interests/{made['id']}"
    funds = {"funds": {"referral": letter["id"], "line": 1}}

    change(officer, officer.get(path).json(), funds)
    reading(app)
    early = waits(donor)
    change(officer, officer.get(path).json(), {"status": "acknowledged"})
    reading(app)

    assert (early, waits(donor)) == ([], ["Your interest was acknowledged"])
