"""Sign-in: the same answer for every way to be wrong, sessions that can be ended, tokens for forms."""

import hmac
from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.access import passwords, service
from app.access.attempts import Attempts
from app.access.authentication import SESSION_COOKIE, sha256
from app.access.links import find_user, make_link
from app.access.models import LinkPurpose, SignInLink, User, UserSession
from app.access.passwords import hash_password
from app.core.db import utc_now
from app.core.errors import Invalid, NotPermitted, TooMany
from app.core.settings import Settings
from tests.conftest import As

PASSWORD = "a sentence that is long"
SignIn = Callable[..., str]


@pytest.fixture
def sign_in(session: Session, settings: Settings) -> SignIn:
    attempts = Attempts(5)

    def try_it(email: str, password: str = PASSWORD, address: str = "192.0.2.1") -> str:
        return service.open_session(session, service.prove(session, email, password, address, attempts), settings)

    return try_it


@pytest.fixture
def member(partner: As, session: Session) -> As:
    """A partner's account that has PASSWORD."""
    partner.user.password_hash = hash_password(PASSWORD)
    session.commit()
    return partner


def test_the_token_opens_a_session_and_only_its_hash_is_stored(
    app: FastAPI, member: As, sign_in: SignIn, session: Session
):
    token = sign_in(member.user.email.upper())

    client = TestClient(app, cookies={SESSION_COOKIE: token})
    assert client.get("/api/v1/me").json()["user"]["email"] == member.user.email
    assert session.query(UserSession).filter_by(token_hash=sha256(token)).one()
    assert session.query(UserSession).filter_by(token_hash=token).count() == 0


def test_every_way_to_be_wrong_gets_the_same_answer(
    member: As, donor: As, officer: As, sign_in: SignIn, session: Session
):
    officer.user.password_hash, officer.user.disabled_at = hash_password(PASSWORD), utc_now()
    session.commit()

    wrong = [
        (member.user.email, "another sentence that is long"),
        (member.user.email, "\ud800"),
        (member.user.email, "x" * 5000),
        ("nobody@example.org", PASSWORD),
        ("no\0body@example.org", PASSWORD),
        ("\ud800", PASSWORD),
        (donor.user.email, PASSWORD),  # has no password yet
        (officer.user.email, PASSWORD),  # is disabled
    ]
    answers = set()
    for number, (email, password) in enumerate(wrong):
        with pytest.raises(Invalid) as caught:
            sign_in(email, password, f"192.0.2.{number}")
        answers.add(str(caught.value))

    assert answers == {service.WRONG}


def test_an_unknown_address_costs_the_same_work(sign_in: SignIn, monkeypatch: pytest.MonkeyPatch):
    verified = []
    real = passwords._hasher.verify
    monkeypatch.setattr(passwords._hasher, "verify", lambda *a: verified.append(a[1]) or real(*a))

    with pytest.raises(Invalid):
        sign_in("nobody@example.org")

    assert verified[0].startswith("$argon2id$")


def test_one_account_is_tried_a_few_times_a_minute_from_one_address(member: As, sign_in: SignIn):
    for _ in range(5):
        with pytest.raises(Invalid):
            sign_in(member.user.email, "wrong", "192.0.2.1")

    with pytest.raises(TooMany) as caught:
        sign_in(member.user.email, PASSWORD, "192.0.2.1")
    assert 1 <= int(caught.value.headers["Retry-After"]) <= 60


def test_who_guesses_from_elsewhere_does_not_lock_the_owner_out(member: As, sign_in: SignIn):
    for _ in range(20):
        with pytest.raises((Invalid, TooMany)):
            sign_in(member.user.email, "wrong", "192.0.2.1")

    assert sign_in(member.user.email, PASSWORD, "192.0.2.99")


def test_many_addresses_together_try_one_account_no_more_often_than_the_limit():
    attempts = Attempts(2)
    for number in range(20):
        attempts.spend(f"192.0.2.{number}", "one@example.org")

    with pytest.raises(TooMany):
        attempts.spend("192.0.2.99", "one@example.org")


@pytest.mark.parametrize("change", [{"disabled_at": utc_now()}, {"password_hash": "another"}])
def test_a_proof_is_worth_nothing_when_the_account_changed_meanwhile(
    member: As, session: Session, settings: Settings, change: dict[str, object]
):
    proof = service.prove(session, member.user.email, PASSWORD, "192.0.2.1", Attempts(5))
    session.query(User).filter_by(id=member.user.id).update(change)

    with pytest.raises(Invalid, match="do not belong together"):
        service.open_session(session, proof, settings)


def test_one_address_tries_few_accounts_a_minute():
    attempts = Attempts(2)
    for number in range(6):
        attempts.spend("192.0.2.1", f"{number}@example.org")

    with pytest.raises(TooMany):
        attempts.spend("192.0.2.1", "another@example.org")
    attempts.spend("192.0.2.2", "another@example.org")


def test_signing_out_ends_the_session(app: FastAPI, member: As, sign_in: SignIn, session: Session):
    token = sign_in(member.user.email)
    client = TestClient(app, cookies={SESSION_COOKIE: token})

    service.sign_out(session, token)

    assert client.get("/api/v1/me").status_code == 401


def test_a_session_ends_by_itself(app: FastAPI, member: As, sign_in: SignIn, session: Session):
    token = sign_in(member.user.email)
    session.query(UserSession).update({"expires_at": utc_now() - timedelta(seconds=1)})

    assert TestClient(app, cookies={SESSION_COOKIE: token}).get("/api/v1/me").status_code == 401


def test_a_new_password_ends_every_session_and_the_link(
    app: FastAPI, member: As, sign_in: SignIn, session: Session, settings: Settings
):
    token = sign_in(member.user.email)
    secret = make_link(session, settings, member.user, LinkPurpose.RESET).rpartition("/")[2]

    service.use_link(session, secret, hash_password("another sentence that is long"))

    assert TestClient(app, cookies={SESSION_COOKIE: token}).get("/api/v1/me").status_code == 401
    assert member.get("/api/v1/me").status_code == 401
    assert sign_in(member.user.email, "another sentence that is long")
    with pytest.raises(Invalid, match="used already"):
        service.use_link(session, secret, hash_password("a third sentence that is long"))


def test_a_link_past_its_time_is_dead(member: As, session: Session, settings: Settings):
    secret = make_link(session, settings, member.user, LinkPurpose.RESET).rpartition("/")[2]
    session.query(SignInLink).update({"expires_at": utc_now() - timedelta(seconds=1)})

    assert find_user(session, secret) is None


@pytest.mark.parametrize("password", ["eleven char", "x" * 201, "aaaaaaaaaaaaaaaa", "with half a \ud800 pair"])
def test_a_password_that_is_not_accepted_is_named(password: str):
    with pytest.raises(Invalid) as caught:
        hash_password(password)

    assert caught.value.errors[0].pointer == "/password"


def test_a_password_is_the_same_however_its_accents_are_typed():
    assert passwords.matches("ma phrase préférée", hash_password("ma phrase pre\u0301fe\u0301re\u0301e"))


def test_a_form_token_belongs_to_one_session():
    secret = b"of this service"
    token = service.csrf_token(secret, "one")
    service.check_csrf(secret, "one", token)

    for wrong in (service.csrf_token(secret, "two"), service.csrf_token(b"another", "one"), "", "\ud800", "one"):
        with pytest.raises(NotPermitted):
            service.check_csrf(secret, "one", wrong)


@pytest.mark.parametrize("given", ["", hmac.new(b"", b"form", "sha256").hexdigest()])
def test_without_a_cookie_no_form_token_is_right(given: str):
    for secret in (b"of this service", b""):
        with pytest.raises(NotPermitted):
            service.check_csrf(secret, "", given)
