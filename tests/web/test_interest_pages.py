"""A delegation expresses interest and follows it, officers answer: on pages, without scripts."""

import re

from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from tests.conftest import As
from tests.web.conftest import World, make_referral, make_release, send
from tests.web.reading import faults, read


def latest(who: As) -> dict:
    return who.get("/api/v1/interests").json()["items"][0]


def test_a_delegation_expresses_interest_on_the_page_of_a_need(donor: As, officer: As, world: World):
    need = f"/needs/{world.need.ref}"
    assert "Express interest" in donor.get(need).text

    done = send(
        donor, f"{need}/interests", kind="co_funding", amount="40000", currency="USD", note="Ours", form="k"
    )

    assert (done.status_code, done.headers["location"]) == (303, "/interests?said=interest-expressed")
    assert (latest(donor)["amount"], latest(donor)["note"]) == (40_000, "Ours")
    after = donor.get(need).text
    assert "Express interest" not in after
    assert "co-funding, USD 40,000" in after
    assert faults(after) == []
    assert "No delegation has expressed interest" not in officer.get(need).text


def test_a_refused_form_keeps_what_was_entered(donor: As, world: World):
    answer = send(donor, f"/needs/{world.need.ref}/interests", kind="information", amount="5", currency="USD")

    assert answer.status_code == 422
    assert "names no amount" in answer.text
    assert 'value="5"' in answer.text
    assert faults(answer.text) == []


def test_a_form_sent_twice_expresses_once(donor: As, world: World):
    sent = [
        send(donor, f"/needs/{world.need.ref}/interests", kind="information", form="the same") for _ in range(2)
    ]

    assert [answer.status_code for answer in sent] == [303, 303]
    assert donor.get("/api/v1/interests?count=true").json()["total"] == 2  # the world has one already


def test_a_delegation_changes_and_withdraws_on_the_page_of_its_interest(donor: As, world: World):
    path = f"/interests/{world.interest.id}"
    version = latest(donor)["etag"]

    changed = send(
        donor, path, step="change", version=version, kind="co_funding", amount="7.50", currency="EUR", note=""
    )
    stale = send(donor, path, step="withdraw", version=version)
    done = send(donor, path, step="withdraw", version=latest(donor)["etag"])

    assert (changed.status_code, stale.status_code, done.status_code) == (303, 412, 303)
    assert 'value="7.5"' in stale.text
    assert latest(donor)["status"] == "withdrawn"
    assert 'name="step"' not in donor.get(path).text


def test_an_officer_acknowledges_and_fulfils_with_the_referral(
    session: Session, officer: As, partner: As, donor: As, world: World
):
    referral = make_referral(session, officer, partner, world)
    send(donor, f"/needs/{world.need.ref}/interests", kind="full_funding")
    mine = latest(donor)
    path = f"/interests/{mine['id']}"
    page = officer.get(path).text
    assert f'value="{referral}/1"' in page

    acknowledged = send(officer, path, step="acknowledge", version=mine["etag"], funds="")
    without = send(officer, path, step="fulfil", version=latest(officer)["etag"], funds="")
    fulfilled = send(officer, path, step="fulfil", version=latest(officer)["etag"], funds=f"{referral}/1")

    assert (acknowledged.status_code, without.status_code, fulfilled.status_code) == (303, 422, 303)
    assert "Name the referral that it funds" in without.text
    assert latest(officer)["referral"]["organization"] == "PARTNER"
    seen = read(donor.get(path).text).text
    assert "fulfilled" in seen
    assert "conveyed" in seen
    assert "PARTNER" not in seen
    assert referral not in donor.get(path).text
    plan = officer.get(f"/needs/{world.need.ref}").text
    assert re.search(rf'data-label="Who pays">.*{path}', plan)


def test_a_line_with_a_number_beyond_all_numbers_is_refused(officer: As, world: World):
    path, version = f"/interests/{world.interest.id}", latest(officer)["etag"]

    answer = send(officer, path, step="link", version=version, funds=f"{world.interest.id}/{'9' * 5_000}")

    assert answer.status_code == 422


def test_a_button_of_the_other_side_is_refused(officer: As, donor: As, world: World):
    path, version = f"/interests/{world.interest.id}", latest(donor)["etag"]

    assert send(donor, path, step="acknowledge", version=version).status_code == 403
    assert send(officer, path, step="withdraw", version=version).status_code == 403
    assert send(officer, path, step="nonsense", version=version).status_code == 303
    assert latest(donor)["status"] == "open"


def test_another_delegations_page_is_not_there(app, session: Session, partner: As, donor: As, world: World):
    other = As(app, session, donor.user.role, partner.organization)

    assert other.get(f"/interests/{world.interest.id}").status_code == 404
    assert world.arabic.ref not in other.get("/interests").text
    assert partner.get("/interests").status_code == 403


def test_when_consent_ends_the_pages_of_the_interest_say_no_text_of_the_need(officer: As, donor: As, world: World):
    [release] = officer.get(f"/api/v1/needs/{world.arabic.ref}/releases").json()["items"]
    officer.delete(f"/api/v1/needs/{world.arabic.ref}/releases/{release['id']}")

    for path in ("/interests", f"/interests/{world.interest.id}"):
        page = donor.get(path).text
        assert world.arabic.ref in page
        assert "not shown to you at present" in page
        assert "تأمين" not in page
        assert f'href="/needs/{world.arabic.ref}"' not in page


def test_an_organization_agrees_to_be_named_on_its_page_of_the_need(
    session: Session, officer: As, partner: As, donor: As, world: World
):
    make_referral(session, officer, partner, world)
    need = f"/needs/{world.need.ref}"
    assert "Agree to be named" not in partner.get(need).text  # it has not taken it up

    wrong = send(partner, f"{need}/named")
    by_officer = send(officer, f"{need}/named", organization="PARTNER", reference="letter 4")

    assert (wrong.status_code, by_officer.status_code) == (409, 409)
    assert "has taken up no referral" in wrong.text
    assert faults(wrong.text) == faults(by_officer.text) == []


def test_the_list_is_narrowed_to_what_is_ready_to_fund(officer: As, donor: As, partner: As, world: World):
    make = 'name="ready_to_fund"'

    assert make in donor.get("/needs").text
    assert make in officer.get("/needs").text
    assert make not in partner.get("/needs").text
    page = donor.get("/needs?ready_to_fund=true")
    assert "0 needs" in read(page.text).text
    assert "Ready to fund" in page.text
    assert partner.get("/needs?ready_to_fund=true").status_code == 403


def test_a_search_is_saved_from_the_list_and_found_again(donor: As, world: World):
    page = donor.get("/needs?theme=WPN-PSM&q=armouries").text
    query = re.search(r'name="query" value="([^"]*)"', page)[1].replace("&amp;", "&")

    done = send(donor, "/searches", name="Armouries", query=query, form="k")

    assert (done.status_code, done.headers["location"]) == (303, "/searches?said=search-kept")
    [kept] = donor.get("/api/v1/searches").json()["items"]
    assert kept["query"] == {"q": "armouries", "theme": ["WPN-PSM"]}
    listed = donor.get("/searches").text
    assert kept["path"].replace("&", "&amp;") in listed
    assert kept["feed"] in listed
    assert world.need.ref in donor.get(kept["path"]).text
    nameless = send(donor, "/searches", name=" ", query=query)
    assert nameless.status_code == 422
    assert faults(nameless.text) == []


def test_a_secret_address_is_shown_once_renewed_and_revoked(anybody: TestClient, donor: As, world: World):
    send(donor, "/searches", name="All", query="")
    [kept] = donor.get("/api/v1/searches").json()["items"]
    path = f"/searches/{kept['id']}/address"

    first = send(donor, path, form="one")
    again = send(donor, path, form="one")
    address = read(first.text).text.split("http://127.0.0.1:8000")[1].split()[0]

    assert (first.status_code, again.headers["location"]) == (201, "/searches?said=address-made-before")
    assert first.headers["referrer-policy"] == "no-referrer"
    assert faults(first.text) == []
    assert world.need.ref in anybody.get(address).text
    assert address not in donor.get("/searches").text
    assert "Renew" in donor.get("/searches").text
    assert send(donor, f"{path}/revocation").status_code == 303
    assert anybody.get(address).status_code == 401


def test_the_address_of_all_needs_and_a_deleted_search(anybody: TestClient, donor: As, world: World):
    made = send(donor, "/searches/needs/address")
    address = read(made.text).text.split("http://127.0.0.1:8000")[1].split()[0]
    assert anybody.get(address).status_code == 200
    assert send(donor, "/searches/needs/address/revocation").status_code == 303
    assert anybody.get(address).status_code == 401

    send(donor, "/searches", name="All", query="")
    [kept] = donor.get("/api/v1/searches").json()["items"]
    assert send(donor, f"/searches/{kept['id']}/deletion").status_code == 303
    assert donor.get("/api/v1/searches").json()["items"] == []


def test_names_and_notes_are_written_as_text(donor: As, officer: As, world: World):
    send(donor, "/searches", name="<script>alert(1)</script>", query="")
    send(donor, f"/needs/{world.need.ref}/interests", kind="information", note="<b>bold</b>")

    assert "<script>alert" not in donor.get("/searches").text
    assert "<b>bold" not in officer.get(f"/interests/{latest(donor)['id']}").text


def test_the_brief_is_offered_to_whoever_reads_the_need(session: Session, officer: As, donor: As, world: World):
    make_release(session, officer.actor, world.need, "full")
    session.commit()

    page = donor.get(f"/needs/{world.need.ref}").text
    address = re.search(r'href="(/api/v1/needs/[^"]*/brief)"', page)[1]

    assert "Northern Savannah" in donor.get(address).text
    assert 'name="audience"' in officer.get(f"/needs/{world.need.ref}").text
