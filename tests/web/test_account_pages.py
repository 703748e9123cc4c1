"""Signing in and out, and choosing a password by a single-use link, as a browser does it."""

import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.access import passwords
from app.access.attempts import Attempts
from app.access.authentication import SESSION_COOKIE
from app.access.limits import RequestLimit
from app.access.links import make_link
from app.access.models import LinkPurpose
from app.access.passwords import hash_password
from app.core.actor import Role
from app.organizations.models import OrganizationKind
from app.organizations.roles import suitable_roles
from tests.conftest import As, make_organization
from tests.web.conftest import send
from tests.web.reading import faults

PASSWORD = "seven grey geese fly"


@pytest.fixture
def account(session: Session, officer: As) -> str:
    officer.user.password_hash = hash_password(PASSWORD)
    session.commit()
    return officer.user.email


def token_on(page: str) -> str:
    found = re.search('name="token" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def sign_in(browser: TestClient, email: str, password: str, **more: str):
    token = token_on(browser.get("/sign-in").text)
    entered = {"token": token, "email": email, "password": password, **more}
    return browser.post("/sign-in", data=entered, follow_redirects=False)


def test_a_person_signs_in_reads_and_signs_out(anybody: TestClient, account: str):
    answer = sign_in(anybody, account, PASSWORD, next="/needs")

    assert answer.headers["location"] == "/needs"
    page = anybody.get("/needs").text
    assert account in page
    out = anybody.post("/sign-out", data={"token": token_on(page)}, follow_redirects=False)
    assert out.headers["location"] == "/sign-in?said=signed-out"
    assert anybody.get("/needs", follow_redirects=False).status_code == 303


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(anybody: TestClient, account: str):
    cookie = sign_in(anybody, account, PASSWORD).headers["set-cookie"]

    assert SESSION_COOKIE in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_a_wrong_password_is_said_without_telling_whether_the_account_exists(anybody: TestClient, account: str):
    known = sign_in(anybody, account, "wrong")
    unknown = sign_in(anybody, "nobody@example.org", "wrong")

    assert known.status_code == unknown.status_code == 422
    assert known.text.replace(account, "") == unknown.text.replace("nobody@example.org", "")
    assert account in known.text
    assert "wrong" not in known.text
    assert faults(known.text) == []


@pytest.mark.parametrize(
    "next_", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_sign_in_never_leads_to_another_site(anybody: TestClient, account: str, next_: str):
    assert sign_in(anybody, account, PASSWORD, next=next_).headers["location"] == "/"


def test_a_form_without_its_token_is_refused(anybody: TestClient, account: str):
    answer = anybody.post("/sign-in", data={"email": account, "password": PASSWORD})

    assert answer.status_code == 403
    assert PASSWORD not in answer.text


def test_a_form_from_another_site_is_refused(anybody: TestClient, account: str):
    token = token_on(anybody.get("/sign-in").text)
    entered = {"token": token, "email": account, "password": PASSWORD}

    answer = anybody.post("/sign-in", data=entered, headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 403


def test_a_token_of_another_session_is_refused(officer: As, donor: As):
    officer.client.cookies["other"] = "1"
    foreign = token_on(donor.get("/needs").text)

    answer = officer.client.post("/runs", data={"token": foreign}, follow_redirects=False)

    assert answer.status_code == 403


def test_a_link_sets_a_password_once(app: FastAPI, session: Session, anybody: TestClient, donor: As):
    link = make_link(session, app.state.settings, donor.user, LinkPurpose.INVITATION)
    session.commit()
    path = link.removeprefix(app.state.settings.base_url)
    token = token_on(anybody.get(path).text)

    chosen = {"token": token, "password": PASSWORD, "again": PASSWORD}
    answer = anybody.post(path, data=chosen, follow_redirects=False)

    assert answer.headers["location"] == "/sign-in?said=password-set"
    assert sign_in(anybody, donor.user.email, PASSWORD).status_code == 303
    assert TestClient(app).get(path).status_code == 404


@pytest.mark.parametrize(
    ("password", "again", "said"),
    [(PASSWORD, "something else", "differ"), ("short", "short", "12 to 200 characters")],
)
def test_a_password_that_cannot_be_taken_is_said_and_the_link_stays_usable(
    app: FastAPI, session: Session, anybody: TestClient, donor: As, password: str, again: str, said: str
):
    path = make_link(session, app.state.settings, donor.user, LinkPurpose.RESET).removeprefix(
        app.state.settings.base_url
    )
    session.commit()
    token = token_on(anybody.get(path).text)

    answer = anybody.post(path, data={"token": token, "password": password, "again": again})

    assert answer.status_code == 422
    assert said in answer.text
    assert faults(answer.text) == []
    assert anybody.get(path).status_code == 200


def test_asking_for_a_link_says_the_same_whoever_asks(anybody: TestClient, account: str):
    told = []
    for email in (account, "nobody@example.org"):
        token = token_on(anybody.get("/forgotten").text)
        told.append(anybody.post("/forgotten", data={"token": token, "email": email}, follow_redirects=False))

    assert {answer.headers["location"] for answer in told} == {"/sign-in?said=link-asked"}


def test_what_was_entered_is_shown_again_when_the_session_has_ended(session: Session, officer: As):
    officer.client.cookies[SESSION_COOKIE] = "ended"

    answer = send(officer, "/needs/new", title="A long text about armouries")

    assert answer.status_code == 401
    assert "A long text about armouries" in answer.text
    assert faults(answer.text) == []


def test_signing_in_again_ends_the_session_that_the_browser_had(
    app: FastAPI, anybody: TestClient, account: str, donor: As
):
    sign_in(anybody, account, PASSWORD)
    before = anybody.cookies[SESSION_COOKIE]
    token = token_on(anybody.get("/needs").text)

    anybody.post("/sign-in", data={"token": token, "email": account, "password": PASSWORD}, follow_redirects=False)

    assert anybody.cookies[SESSION_COOKIE] != before
    assert anybody.get("/api/v1/me").status_code == 200
    assert TestClient(app, cookies={SESSION_COOKIE: before}).get("/api/v1/me").status_code == 401


def test_who_tries_too_often_is_told_how_long_to_wait(app: FastAPI, anybody: TestClient, account: str):
    app.state.sign_in_attempts = Attempts(1)

    answers = [sign_in(anybody, account, "wrong") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [422, 429]
    assert 1 <= int(answers[1].headers["Retry-After"]) <= 60


def test_asking_for_links_does_not_use_up_the_tries_to_sign_in(app: FastAPI, anybody: TestClient, account: str):
    app.state.sign_in_attempts, app.state.link_attempts = Attempts(1), Attempts(1)
    asked = []
    for _ in range(2):
        token = token_on(anybody.get("/forgotten").text)
        asked.append(anybody.post("/forgotten", data={"token": token, "email": account}, follow_redirects=False))

    assert [answer.status_code for answer in asked] == [303, 429]
    assert 1 <= int(asked[1].headers["Retry-After"]) <= 60
    assert sign_in(anybody, account, PASSWORD).status_code == 303


def test_no_transaction_that_writes_is_open_while_a_password_is_looked_at(
    app: FastAPI, session: Session, anybody: TestClient, donor: As, account: str, monkeypatch: pytest.MonkeyPatch
):
    begun, open_session = [], app.state.open_session

    def noted(writes: bool) -> Session:
        begun.append(writes)
        return open_session(writes)

    def before_any_write(*_: str) -> str:
        assert not any(begun)
        return "done"

    link = make_link(session, app.state.settings, donor.user, LinkPurpose.RESET)
    session.commit()
    entered = {"email": account, "password": PASSWORD, "again": PASSWORD}
    tokens = {}
    for page in (f"/link/{link.rpartition('/')[2]}", "/sign-in"):
        tokens[page] = token_on(anybody.get(page).text)
    app.state.open_session = noted
    monkeypatch.setattr(passwords._hasher, "verify", before_any_write)
    monkeypatch.setattr(passwords._hasher, "hash", before_any_write)

    for page, token in tokens.items():
        begun.clear()
        answer = anybody.post(page, data={"token": token, **entered}, follow_redirects=False)
        assert (answer.status_code, begun[0], True in begun) == (303, False, True)


def test_pages_are_limited_as_the_api_is(app: FastAPI, officer: As, anybody: TestClient):
    app.state.request_limit = RequestLimit(1)

    assert [officer.get("/needs").status_code for _ in range(2)] == [200, 429]
    assert [anybody.get("/sign-in").status_code for _ in range(2)] == [200, 429]
    assert {anybody.get("/healthz").status_code for _ in range(2)} == {200}


def test_organizations_are_offered_under_the_roles_that_fit_them(admin: As, session: Session):
    for kind in OrganizationKind:
        make_organization(session, f"A-{kind.value}", kind)

    for path in ("/users", "/keys"):
        page = admin.get(path).text
        assert faults(page) == []
        groups = {part.split('"')[0]: part for part in page.split('<optgroup label="')[1:]}
        assert next(iter(groups)) == "For admin or officer or partner"
        assert 'value="CTED-T"' in groups["For admin or officer or partner"]
        assert 'value="A-implementer"' in groups["For partner"]
        assert 'value="A-donor"' in groups["For donor"]
        assert 'value="A-both"' in groups["For partner or donor"]


def test_every_role_that_is_offered_with_an_organization_is_taken_and_no_other(admin: As, session: Session):
    for kind in OrganizationKind:
        body = make_organization(session, f"A-{kind.value}", kind)
        offered = suitable_roles(admin.actor, body)
        for role in Role:
            invited = {"email": f"{role}@{kind.value}.example", "role": role, "organization": body.ref}
            assert send(admin, "/users", **invited).status_code == (201 if role in offered else 422)
