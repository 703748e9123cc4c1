"""An interest reaches the officer of the need, and what became of it the delegation."""

from fastapi import FastAPI

from tests.conftest import As
from tests.interest.conftest import Opened, Released, change, express, opened, release, withdraw_release
from tests.notices.conftest import Postbox, choose, reading, waits

__all__ = ["opened", "release"]


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
