"""What an organization reads of its referral: its own side, nothing of what passes between CTED and the State."""

from tests.conftest import As
from tests.referrals.conftest import API, Desk


def test_that_the_state_was_asked_and_what_it_said_is_not_the_organizations(desk: Desk, officer: As, partner: As):
    letter = desk.in_delivery()
    desk.move(partner, letter, "report", outcome="delivered")
    desk.move(officer, letter, "inquire", note="note verbale 12")
    desk.move(officer, letter, "report", outcome="not_delivered", side="state")

    own = partner.get(f"{API}/referrals/{letter['id']}").json()["lines"][0]
    page = partner.get(f"/referrals/{letter['id']}").text
    whole = officer.get(f"{API}/referrals/{letter['id']}").json()["lines"][0]

    assert [answer["move"] for answer in own["answers"]] == ["take_up", "start"]
    assert [outcome["side"] for outcome in own["outcomes"]] == ["organization"]
    assert "State asked" not in page
    assert [answer["move"] for answer in whole["answers"]] == ["take_up", "start", "inquire"]
