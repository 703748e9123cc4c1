"""Accounts: made and closed by admins, invited by a single-use link, seen by nobody else."""

import json
from uuid import UUID

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
from app.organizations.models import OrganizationKind
from tests.conftest import As, make_organization

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
    change = {"email": "other@example.org", "role": "officer", "organization": "CTED-T"}
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


def test_a_secret_address_ends_with_its_account_and_does_not_come_back(
    admin: As, partner: As, anybody: TestClient
):
    feed = partner.post("/api/v1/feeds/needs/address", json={}).json()["address"].partition("8000")[2]
    assert anybody.get(feed).status_code == 200

    admin.delete(f"/api/v1/users/{partner.user.id}")
    admin.patch(f"/api/v1/users/{partner.user.id}", json={"disabled": False}, headers={"If-Match": "*"})

    assert anybody.get(feed).status_code == 401


def test_an_account_comes_back_only_where_it_still_belongs(admin: As, partner: As, other_partner: As):
    account, organization = f"/api/v1/users/{partner.user.id}", "/api/v1/organizations/PARTNER"
    admin.delete(account)
    assert admin.patch(organization, json={"kind": "donor"}, headers={"If-Match": "*"}).status_code == 200

    unsuitable = admin.patch(account, json={"disabled": False}, headers={"If-Match": "*"})
    merged = admin.post(f"{organization}/merge", json={"into": "OTHER"}, headers={"If-Match": "*"})
    of_a_merged_one = admin.patch(account, json={"disabled": False}, headers={"If-Match": "*"})

    assert (unsuitable.status_code, merged.status_code, of_a_merged_one.status_code) == (422, 200, 422)
    assert partner.get("/api/v1/me").status_code == 401


def test_a_disabled_account_has_no_link(admin: As, partner: As, session: Session):
    user = admin.post("/api/v1/users", json=NEW).json()
    admin.delete(f"/api/v1/users/{user['id']}")

    assert find_user(session, secret_of(user["invitation"]["link"])) is None
    assert admin.post(f"/api/v1/users/{user['id']}/reset").status_code == 409


def test_a_role_that_is_changed_counts_from_the_next_request(admin: As, partner: As):
    change = {"role": "officer", "organization": "CTED-T"}
    admin.patch(f"/api/v1/users/{partner.user.id}", json=change, headers={"If-Match": "*"})

    assert partner.get("/api/v1/me").json()["role"] == "officer"


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


@pytest.mark.parametrize(
    ("role", "organization", "status"),
    [
        ("officer", "CTED-T", 201),
        ("admin", "CTED-T", 201),
        ("officer", "PARTNER", 422),
        ("admin", "DONOR", 422),
        ("partner", "DONOR", 422),
        ("donor", "PARTNER", 422),
        ("donor", "DONOR", 201),
        ("partner", "FUNDS-AND-RUNS", 201),
        ("donor", "FUNDS-AND-RUNS", 201),
    ],
)
def test_a_role_is_given_where_it_belongs(
    admin: As, partner: As, donor: As, session: Session, role: str, organization: str, status: int
):
    make_organization(session, "FUNDS-AND-RUNS", OrganizationKind.BOTH)
    wanted = {"role": role, "organization": organization}
    user = admin.post("/api/v1/users", json={**NEW, "role": "officer", "organization": "CTED-T"}).json()["id"]

    made = admin.post("/api/v1/users", json={**NEW, "email": "other@example.org", **wanted})
    key = admin.post("/api/v1/keys", json=wanted)
    changed = admin.patch(f"/api/v1/users/{user}", json=wanted, headers={"If-Match": "*"})

    assert (made.status_code, key.status_code) == (status, status)
    assert changed.status_code == (200 if status == 201 else 422)
    if status == 422:
        assert {answer.json()["errors"][0]["pointer"] for answer in (made, key, changed)} == {"/role"}
        assert session.get_one(User, UUID(user)).organization_id == admin.organization.id


def test_an_organization_keeps_the_kind_that_its_accounts_need(admin: As, partner: As):
    address = "/api/v1/organizations/PARTNER"

    refused = admin.patch(address, json={"kind": "donor"}, headers={"If-Match": "*"})

    assert refused.status_code == 409
    assert "partner" in refused.json()["detail"]
    assert admin.patch(address, json={"kind": "both"}, headers={"If-Match": "*"}).status_code == 200
