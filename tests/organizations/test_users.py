"""Accounts: made and closed by admins, invited by a single-use link, seen by nobody else."""

import json

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.links import find_user
from app.access.models import SignInLink, User
from app.access.passwords import hash_password, matches
from app.access.service import use_link
from app.audit.models import AuditEvent
from app.core.jobs import Job
from tests.conftest import As

NEW = {"email": "Jane@Example.org", "role": "partner", "organization": "PARTNER"}


def secret_of(link: str) -> str:
    return link.rpartition("/")[2]


def test_an_admin_adds_an_account_and_gets_its_invitation_once(admin: As, partner: As, session: Session):
    headers = {"Idempotency-Key": "one"}
    first = admin.post("/api/v1/users", json=NEW, headers=headers)
    again = admin.post("/api/v1/users", json=NEW, headers=headers)

    assert first.status_code == 201
    assert (first.json()["email"], first.json()["organization"]) == ("jane@example.org", "PARTNER")
    user = find_user(session, secret_of(first.json()["invitation"]["link"]))
    assert user is not None
    assert str(user.id) == first.json()["id"]
    assert (again.json()["id"], again.json()["invitation"]["link"]) == (first.json()["id"], None)


def test_only_the_hash_of_a_link_is_stored(admin: As, partner: As, session: Session):
    secret = secret_of(admin.post("/api/v1/users", json=NEW).json()["invitation"]["link"])

    assert secret not in session.scalars(select(SignInLink.token_hash)).all()
    assert secret not in json.dumps([[e.before, e.after] for e in session.query(AuditEvent)])


def test_no_address_is_kept_in_the_audit_trail(admin: As, partner: As, session: Session):
    user = admin.post("/api/v1/users", json=NEW).json()
    change = {"email": "other@example.org", "role": "donor"}
    admin.patch(f"/api/v1/users/{user['id']}", json=change, headers={"If-Match": user["etag"]})

    events = session.query(AuditEvent).filter_by(subject_type="User").order_by(AuditEvent.number).all()
    assert [event.action for event in events] == ["user.added", "user.changed"]
    assert "example.org" not in json.dumps([[e.before, e.after, e.subject_ref] for e in events])
    assert events[1].after["email"] == "changed"


def test_an_address_has_one_account(admin: As, partner: As):
    admin.post("/api/v1/users", json=NEW)

    assert admin.post("/api/v1/users", json={**NEW, "email": "JANE@example.org"}).status_code == 409


@pytest.mark.parametrize(
    "email", ["jane", "jane@org", "jané@example.org", "a b@example.org", "j\u0000@example.org", 7]
)
def test_an_address_that_is_none_is_refused(admin: As, partner: As, email: object):
    answer = admin.post("/api/v1/users", json={**NEW, "email": email})

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/email")


def test_an_unknown_organization_is_answered_with_near_ones(admin: As, partner: As):
    answer = admin.post("/api/v1/users", json={**NEW, "organization": "PARTNR"})

    assert "PARTNER" in answer.json()["errors"][0]["message"]


def test_a_disabled_account_is_out_at_once(admin: As, partner: As, session: Session):
    assert partner.get("/api/v1/me").status_code == 200

    assert admin.delete(f"/api/v1/users/{partner.user.id}").status_code == 204

    assert partner.get("/api/v1/me").status_code == 401
    assert admin.get(f"/api/v1/users/{partner.user.id}").json()["disabled_at"] is not None
    admin.patch(f"/api/v1/users/{partner.user.id}", json={"disabled": False}, headers={"If-Match": "*"})
    assert partner.get("/api/v1/me").status_code == 401  # what was revoked stays so


def test_a_disabled_account_has_no_link(admin: As, partner: As, session: Session):
    user = admin.post("/api/v1/users", json=NEW).json()
    admin.delete(f"/api/v1/users/{user['id']}")

    assert find_user(session, secret_of(user["invitation"]["link"])) is None
    assert admin.post(f"/api/v1/users/{user['id']}/reset").status_code == 409


def test_a_role_that_is_changed_counts_from_the_next_request(admin: As, partner: As):
    admin.patch(f"/api/v1/users/{partner.user.id}", json={"role": "donor"}, headers={"If-Match": "*"})

    assert partner.get("/api/v1/me").json()["role"] == "donor"


def test_the_last_admin_is_not_locked_out(admin: As):
    own = f"/api/v1/users/{admin.user.id}"

    assert admin.delete(own).status_code == 409
    assert admin.patch(own, json={"role": "officer"}, headers={"If-Match": "*"}).status_code == 409
    assert admin.get("/api/v1/me").json()["role"] == "admin"


def test_a_reset_link_replaces_the_one_before(admin: As, partner: As, session: Session):
    address = f"/api/v1/users/{partner.user.id}/reset"
    first, second = (secret_of(admin.post(address).json()["link"]) for _ in range(2))

    assert find_user(session, first) is None
    use_link(session, second, hash_password("a sentence that is long"))
    assert matches("a sentence that is long", session.get_one(User, partner.user.id).password_hash)


def test_with_a_mail_server_no_answer_holds_a_link(app: FastAPI, admin: As, partner: As, session: Session):
    app.state.settings = app.state.settings.model_copy(update={"smtp_url": "smtp://mail.example"})

    answer = admin.post("/api/v1/users", json=NEW).json()

    assert answer["invitation"] == {"link": None, "mailed": True}
    assert session.query(SignInLink).count() == 0
    assert session.query(Job).one().payload == {"account_id": answer["id"], "purpose": "invitation"}


def test_accounts_are_listed_for_admins_alone(admin: As, partner: As, officer: As):
    listed = admin.get("/api/v1/users?organization=PARTNER&role=partner&disabled=false&count=true").json()

    assert [user["email"] for user in listed["items"]] == [partner.user.email]
    assert listed["total"] == 1
    assert {who.get("/api/v1/users").status_code for who in (partner, officer)} == {403}


def test_me_says_who_one_is_and_what_one_may(partner: As, anybody: TestClient):
    me = partner.get("/api/v1/me").json()

    assert (me["role"], me["organization"], me["key"]) == ("partner", "PARTNER", None)
    assert me["user"]["email"] == partner.user.email
    assert "programme:write" in me["permissions"]
    assert "pairing:read" not in me["permissions"]
    assert anybody.get("/api/v1/me").status_code == 401
