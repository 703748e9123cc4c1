"""Searches are kept, followed as feeds, and show what their reader may see at that moment."""

from uuid import uuid4
from xml.etree import ElementTree

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.access.models import KeyScope
from app.core.actor import Actor
from app.core.db import utc_now
from app.interest import search_queries
from app.organizations.keys.schemas import KeyIn
from app.organizations.keys.service import issue
from tests.conftest import As
from tests.interest.conftest import NEEDS, Opened, Released, move, withdraw_release

SEARCHES = "/api/v1/searches"
ATOM = {"a": "http://www.w3.org/2005/Atom"}
STOCKPILES = {"name": "Stockpiles", "query": {"theme": ["WPN-PSM"], "q": "depots"}}


def keep(who: As, **said: object) -> dict:
    answer = who.post(SEARCHES, json={**STOCKPILES, **said})
    assert answer.status_code == 201, answer.text
    return answer.json()


def address_of(who: As, search: dict) -> str:
    answer = who.post(f"{SEARCHES}/{search['id']}/address")
    assert answer.status_code == 201, answer.text
    return answer.json()["address"].removeprefix("http://127.0.0.1:8000")


def feed(client: TestClient, path: str) -> ElementTree.Element:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/atom+xml"
    return ElementTree.fromstring(answer.content)


def titles(root: ElementTree.Element) -> list[str | None]:
    return [title.text for title in root.findall("a:entry/a:title", ATOM)]


def test_a_search_keeps_what_was_asked(donor: As):
    kept = keep(donor)

    assert kept["query"] == {"theme": ["WPN-PSM"], "q": "depots"}
    assert kept["path"] == "/needs?q=depots&theme=WPN-PSM"
    assert kept["feed"] == f"/feeds/searches/{kept['id']}.atom"
    assert donor.get(SEARCHES).json()["items"] == [kept]
    assert donor.get(f"{SEARCHES}/{kept['id']}").json() == kept


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"theme": ["NO-SUCH"]}, "/query/theme"),
        ({"them": ["WPN-PSM"]}, "/query/them"),
        ({"priority": ["urgent"]}, "/query/priority/0"),
        ({"since": "yesterday"}, "/query/since"),
        ({"limit": 5}, "/query/limit"),
        ({"q": "a\x00"}, "/query/q"),
    ],
)
def test_a_query_is_checked_as_the_list_checks_it(donor: As, query: dict, pointer: str):
    answer = donor.post(SEARCHES, json={"name": "x", "query": query})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith(pointer)


def test_a_filter_of_officers_is_theirs(donor: As, officer: As):
    mine = {"responsible": ["me"]}

    assert donor.post(SEARCHES, json={"name": "x", "query": mine}).status_code == 403
    assert keep(officer, query=mine)["query"] == mine


def test_searches_are_their_organizations_or_their_officers_own(
    app: FastAPI, session: Session, donor: As, other_donor: As, officer: As, admin: As, partner: As
):
    theirs, officers = keep(donor), keep(officer)
    colleague = As(app, session, donor.user.role, donor.organization)

    assert [item["id"] for item in colleague.get(SEARCHES).json()["items"]] == [theirs["id"]]
    assert [item["id"] for item in officer.get(SEARCHES).json()["items"]] == [officers["id"]]
    for stranger in (other_donor, partner, admin):
        assert stranger.get(SEARCHES).json() == {"items": []}
        for path in (f"{SEARCHES}/{theirs['id']}", f"{SEARCHES}/{officers['id']}"):
            assert stranger.get(path).json()["detail"] == stranger.get(f"{SEARCHES}/{uuid4()}").json()["detail"]
            assert stranger.delete(path).status_code == 404
            assert stranger.post(f"{path}/address").status_code == 404
        assert stranger.get(theirs["feed"]).status_code == 404


def test_a_search_is_deleted_with_its_addresses(anybody: TestClient, donor: As):
    kept = keep(donor)
    address = address_of(donor, kept)
    feed(anybody, address)

    assert donor.delete(f"{SEARCHES}/{kept['id']}").status_code == 204

    assert donor.get(f"{SEARCHES}/{kept['id']}").status_code == 404
    assert anybody.get(address).status_code == 401


def test_a_feed_shows_what_is_found_and_seen_newest_first(donor: As, opened: Opened, release: Released):
    release(opened(title="Depots in the north"))
    release(opened(title="Airports", themes=["BLE-AVS"]))
    opened(title="Depots that nobody may see")

    everything = feed(donor.client, "/feeds/needs.atom")
    found = feed(donor.client, keep(donor)["feed"])

    assert sorted(titles(everything)) == ["Airports", "Depots in the north"]
    assert titles(found) == ["Depots in the north"]


def test_a_feed_is_whole_atom(donor: As, opened: Opened, release: Released):
    ref = opened(title="Depots & <magazines>", language="en")
    release(ref, "summary")

    root = feed(donor.client, "/feeds/needs.atom")

    assert root.tag == "{http://www.w3.org/2005/Atom}feed"
    assert root.findtext("a:author/a:name", None, ATOM) == "Counterpart"
    [entry] = root.findall("a:entry", ATOM)
    today = utc_now().date().isoformat()
    assert entry.findtext("a:title", None, ATOM) == "Depots & <magazines>"
    assert (
        entry.findtext("a:updated", None, ATOM) == root.findtext("a:updated", None, ATOM) == f"{today}T00:00:00Z"
    )
    assert entry.find("a:link", ATOM).attrib["href"] == f"http://127.0.0.1:8000/needs/{ref}"
    assert entry.find("a:category", ATOM).attrib["term"] == "WPN-PSM"
    assert "Western Africa" in entry.findtext("a:summary", None, ATOM)
    for element in (root, entry):
        assert element.findtext("a:id", None, ATOM).startswith("urn:uuid:")
    assert "Togo" not in ElementTree.tostring(root, "unicode")


def test_an_entry_keeps_its_id_and_says_when_it_changed(donor: As, officer: As, opened: Opened, release: Released):
    ref = opened()
    release(ref)

    def ids() -> list[str | None]:
        return [one.text for one in feed(donor.client, "/feeds/needs.atom").findall("a:entry/a:id", ATOM)]

    before = ids()
    move(officer, ref, "on_hold")
    assert ids() == []
    move(officer, ref, "open", override_reason="for the test")

    assert ids() == before != []


def test_a_secret_address_reads_as_its_owner_and_is_said_once(
    anybody: TestClient, donor: As, opened: Opened, release: Released
):
    release(opened())
    kept, key = keep(donor), {"Idempotency-Key": "once"}

    first = donor.post(f"{SEARCHES}/{kept['id']}/address", headers=key).json()
    second = donor.post(f"{SEARCHES}/{kept['id']}/address", headers=key).json()

    path = first["address"].removeprefix("http://127.0.0.1:8000")
    answer = anybody.get(path)
    assert second == {"address": None}
    assert titles(ElementTree.fromstring(answer.content)) == ["Depots without inventory"]
    assert (answer.headers["cache-control"], answer.headers["referrer-policy"]) == (
        "private, no-store",
        "no-referrer",
    )
    assert path.split("key=")[1] not in answer.text
    assert donor.get(SEARCHES).json()["items"][0]["address_since"] is not None


def test_a_secret_opens_one_feed_until_it_is_renewed_or_revoked(anybody: TestClient, donor: As):
    one, two = keep(donor), keep(donor, name="Others")
    old = address_of(donor, one)
    new = address_of(donor, one)
    secret = new.split("key=")[1]

    assert anybody.get(old).status_code == 401
    assert anybody.get(new).status_code == 200
    for other in (two["feed"], "/feeds/needs.atom", "/feeds/clocks.ics"):
        assert anybody.get(f"{other}?key={secret}").status_code in {401, 404}
    assert donor.delete(f"{SEARCHES}/{one['id']}/address").status_code == 204
    assert anybody.get(new).status_code == 401


def test_the_address_of_all_needs_is_made_and_ended(anybody: TestClient, donor: As):
    made = donor.post("/api/v1/feeds/needs/address").json()["address"].removeprefix("http://127.0.0.1:8000")

    assert made.startswith("/feeds/needs.atom?key=")
    assert anybody.get(made).status_code == 200
    assert donor.delete("/api/v1/feeds/needs/address").status_code == 204
    assert anybody.get(made).status_code == 401


def test_when_consent_ends_the_feed_holds_nothing_of_the_need(
    anybody: TestClient, donor: As, officer: As, opened: Opened, release: Released
):
    ref = opened()
    permission = release(ref)
    address = address_of(donor, keep(donor))
    assert titles(feed(anybody, address)) == ["Depots without inventory"]

    withdraw_release(officer, ref, permission)

    for path in (address, "/feeds/needs.atom"):
        text = (anybody if "key=" in path else donor.client).get(path).text
        assert ref not in text
        assert "inventory" not in text


def test_a_disabled_account_reads_no_feed(anybody: TestClient, session: Session, donor: As):
    address = address_of(donor, keep(donor))

    donor.user.disabled_at = utc_now()
    session.add(donor.user)
    session.commit()

    assert anybody.get(address).status_code == 401


def test_whose_role_changed_reads_as_it_is_now(
    anybody: TestClient, session: Session, donor: As, partner: As, opened: Opened, release: Released
):
    release(opened())
    address = address_of(donor, keep(donor))

    donor.user.role = partner.user.role
    session.add(donor.user)
    session.commit()

    assert anybody.get(address).status_code == 404  # the delegation's search is not a partner's


def test_a_key_reads_feeds_and_has_no_secret_address(
    app: FastAPI, session: Session, donor: As, admin: As, opened: Opened, release: Released
):
    release(opened())
    made = KeyIn(scope=KeyScope.READ, organization="DONOR", role="donor")
    _, text = issue(session, admin.actor, made)
    session.commit()
    client = TestClient(app, headers={"Authorization": f"Bearer {text}"})

    assert titles(feed(client, keep(donor)["feed"])) == ["Depots without inventory"]
    assert client.post("/api/v1/feeds/needs/address").status_code == 403


def test_nobody_reads_a_feed_without_a_secret(anybody: TestClient, donor: As):
    kept = keep(donor)

    for path in ("/feeds/needs.atom", kept["feed"], f"{kept['feed']}?key=guess", f"{kept['feed']}?key="):
        answer = anybody.get(path)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_feed_takes_no_other_parameters(donor: As):
    assert donor.get("/feeds/needs.atom?theme=WPN-PSM").status_code == 422


def test_the_secret_is_in_no_log(anybody: TestClient, donor: As, capsys: pytest.CaptureFixture[str]):
    address = address_of(donor, keep(donor))
    secret = address.split("key=")[1]

    anybody.get(address)
    anybody.get(f"/feeds/needs.atom?key={secret}")
    anybody.get(f"/feeds/nothing?key={secret}")

    written = capsys.readouterr()
    assert "/feeds/searches/{search_id}.atom" in written.err
    assert secret not in written.err + written.out


def test_officers_follow_what_they_keep_by_the_time_of_change(officer: As, opened: Opened):
    ref = opened()
    changed = officer.get(f"{NEEDS}/{ref}").json()["changed_at"]

    [entry] = feed(officer.client, keep(officer)["feed"]).findall("a:entry", ATOM)

    assert entry.findtext("a:updated", None, ATOM)[:19] == changed[:19]


def test_there_is_a_limit_to_what_is_kept(monkeypatch: pytest.MonkeyPatch, donor: As):
    monkeypatch.setattr("app.interest.searches.MOST_SEARCHES", 2)
    keep(donor)
    keep(donor)

    assert donor.post(SEARCHES, json=STOCKPILES).status_code == 409


def test_actors_without_an_account_keep_nothing_in_common(session: Session, officer: As):
    keep(officer)
    operator = Actor(officer.actor.role, officer.organization.id, label="operator")

    assert search_queries.listed(session, operator) == []
