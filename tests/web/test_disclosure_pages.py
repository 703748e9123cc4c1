"""The pages show each reader what the API shows, and nothing else."""

import re

from sqlalchemy.orm import Session

from tests.conftest import As
from tests.web.conftest import STORAGE, World, make_need
from tests.web.reading import read


def test_a_summary_shows_the_region_and_never_the_state(donor: As, world: World):
    page = read(donor.get(f"/needs/{world.need.ref}").text).text

    assert "Western Africa" in page
    for hidden in ("Togo", "Northern Savannah", "Directorate General", "state_request", "request of the State"):
        assert hidden not in page


def test_the_list_agrees_with_the_api_in_rows_and_counts(donor: As, officer: As, world: World):
    for reader in (donor, officer):
        api = reader.get("/api/v1/needs?count=true&facets=true").json()
        page = reader.get("/needs")

        assert f"{api['total']} needs" in read(page.text).text
        assert all(need["ref"] in page.text for need in api["items"])
        assert 'value="WPN-PSM"' in page.text
        assert api["facets"]["theme"]["WPN-PSM"] == api["total"]


def test_what_is_not_released_is_not_there_at_all(donor: As, partner: As, world: World):
    absent = partner.get("/needs/N-2026-XXXXX")

    for reader, ref in ((partner, world.need.ref), (donor, world.draft.ref)):
        answer = reader.get(f"/needs/{ref}")
        assert answer.status_code == 404
        assert answer.text.count("There is no such need") == absent.text.count("There is no such need") == 1
    assert "0 needs" in read(partner.get("/needs").text).text


def test_searching_by_a_hidden_word_finds_nothing(donor: As, world: World):
    assert "0 needs" in read(donor.get("/needs?q=Savannah").text).text
    assert world.need.ref in donor.get("/needs?q=armouries").text


def test_a_donor_is_offered_no_filter_of_officers(donor: As, world: World):
    page = donor.get("/needs").text

    assert 'name="status"' not in page
    assert donor.get("/needs?responsible=a@example.org").status_code == 403


def test_a_partner_does_not_see_what_another_one_keeps_for_itself(officer: As, partner: As, world: World):
    path = f"/programmes/{world.armouries.ref}"

    assert "Keep it up to date" in officer.get(path).text
    assert "Keep it up to date" not in partner.get(path).text


def test_filters_in_force_are_chips_that_lead_to_the_list_without_them(officer: As, world: World):
    page = read(officer.get("/needs?theme=WPN-PSM&status=open&q=").text)

    chips = [a["href"] for a in page.all("a") if (a.get("class") or "").startswith("chip")]
    assert chips == ["/needs?status=open", "/needs?theme=WPN-PSM"]


def test_the_next_page_goes_on_where_this_one_ends(session: Session, officer: As):
    made = {make_need(session, officer.actor, {**STORAGE, "title": f"Need {n}"}).ref for n in range(25)}
    session.commit()

    first = officer.get("/needs?status=open&sort=title").text
    [following] = [a["href"] for a in read(first).all("a") if a.get("rel") == "next"]
    second = officer.get(following).text

    shown = [re.findall(r'href="/needs/(N-[^"]+)"', page) for page in (first, second)]
    assert [len(refs) for refs in shown] == [20, 5]
    assert {*shown[0], *shown[1]} == made
    assert 'rel="next"' not in second


def test_a_filter_that_means_nothing_is_explained(officer: As):
    answer = officer.get("/needs?theme=NO-SUCH")

    assert answer.status_code == 422
    assert "NO-SUCH" in answer.text
