"""One letter to one organization: what it holds, what it needs, and who then sees what."""

from tests.conftest import As
from tests.referrals.conftest import API, Desk


def test_one_letter_for_two_needs_releases_both_to_the_organization(desk: Desk, partner: As, other_partner: As):
    pairs = desk.pairing(), desk.pairing()

    letter = desk.conveyed(*pairs)

    assert [line["n"] for line in letter["lines"]] == [1, 2]
    assert [line["status"] for line in letter["lines"]] == ["conveyed", "conveyed"]
    for pair in pairs:
        assert partner.get(f"{API}/needs/{pair.need.ref}").json()["fields"] == "full"
        assert other_partner.get(f"{API}/needs/{pair.need.ref}").status_code == 404
        assert desk.officer.get(f"{API}/pairings/{pair.id}").json()["status"] == "conveyed"
