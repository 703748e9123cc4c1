"""API keys: shown once, hashed, scoped, revocable, and nobody else's business."""

from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.access.models import ApiKey
from app.audit.models import AuditEvent
from app.core.db import utc_now
from tests.conftest import As


def test_revoking_a_key_revokes_every_key_that_came_of_it(app: FastAPI, partner: As):
    def issue(key: str) -> dict[str, str]:
        return TestClient(app, headers={"Authorization": f"Bearer {key}"}).post("/api/v1/keys", json={}).json()

    first = partner.post("/api/v1/keys", json={}).json()
    second = issue(first["key"])
    third = issue(second["key"])
    unrelated = partner.post("/api/v1/keys", json={}).json()

    partner.delete(f"/api/v1/keys/{first['id']}")

    for issued, status in ((second, 401), (third, 401), (unrelated, 200)):
        asked = TestClient(app, headers={"Authorization": f"Bearer {issued['key']}"}).get("/api/v1/me")
        assert asked.status_code == status


def bearer(app: FastAPI, key: str) -> TestClient:
    return TestClient(app, headers={"Authorization": f"Bearer {key}"})


def test_a_partner_issues_a_key_for_itself_and_it_works(app: FastAPI, partner: As):
    issued = partner.post("/api/v1/keys", json={"name": "our system"})

    me = bearer(app, issued.json()["key"]).get("/api/v1/me").json()
    assert issued.status_code == 201
    assert (me["organization"], me["role"], me["user"]) == ("PARTNER", "partner", None)
    assert me["key"]["id"] == issued.json()["id"]
    assert issued.json()["key"].startswith(f"cpk_{issued.json()['id']}_")


def test_the_secret_is_in_the_first_answer_alone(partner: As, session: Session):
    headers = {"Idempotency-Key": "one"}
    first = partner.post("/api/v1/keys", json={}, headers=headers).json()
    again = partner.post("/api/v1/keys", json={}, headers=headers).json()

    secret = first["key"].rpartition("_")[2]
    assert (again["id"], again["key"]) == (first["id"], None)
    for answer in (partner.get("/api/v1/keys"), partner.get(f"/api/v1/keys/{first['id']}")):
        assert secret not in answer.text
    stored = [str(row) for table in ("api_key", "audit_event", "idempotency_record", "job")
              for row in session.execute(text(f"SELECT * FROM {table}"))]  # fmt: skip
    assert stored
    assert not any(secret in row for row in stored)


def test_a_revoked_key_is_out_at_once(app: FastAPI, partner: As, session: Session):
    issued = partner.post("/api/v1/keys", json={}).json()
    client = bearer(app, issued["key"])
    assert client.get("/api/v1/me").status_code == 200

    assert partner.delete(f"/api/v1/keys/{issued['id']}").status_code == 204

    assert client.get("/api/v1/me").status_code == 401
    assert partner.get(f"/api/v1/keys/{issued['id']}").json()["revoked_at"] is not None
    actions = [event.action for event in session.query(AuditEvent).order_by(AuditEvent.number)]
    assert actions == ["key.issued", "key.revoked"]


def test_a_key_ends_when_it_says(app: FastAPI, partner: As, session: Session):
    soon = (utc_now() + timedelta(days=1)).isoformat()
    issued = partner.post("/api/v1/keys", json={"expires_at": soon}).json()
    client = bearer(app, issued["key"])
    assert client.get("/api/v1/me").status_code == 200

    session.query(ApiKey).update({"expires_at": utc_now() - timedelta(seconds=1)})

    assert client.get("/api/v1/me").status_code == 401


@pytest.mark.parametrize(
    "credential",
    ["", "x", "cpk_", "cpk__", "cpk_000000000000_0", "Cpk_{id}_{secret}", "cpk_{id}_", "cpk_{id}_{secret}0"],
)
def test_a_key_that_is_not_quite_right_opens_nothing(app: FastAPI, partner: As, credential: str):
    _, public_id, secret = partner.post("/api/v1/keys", json={}).json()["key"].split("_")

    answer = bearer(app, credential.format(id=public_id, secret=secret)).get("/api/v1/me")

    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_a_key_that_reads_changes_nothing(app: FastAPI, admin: As):
    client = bearer(app, admin.post("/api/v1/keys", json={"scope": "read"}).json()["key"])

    assert client.get("/api/v1/organizations").status_code == 200
    assert client.post("/api/v1/organizations", json={}).status_code == 403
    assert "organization:write" not in client.get("/api/v1/me").json()["permissions"]


def test_another_organizations_keys_do_not_exist(partner: As, other_partner: As):
    theirs = other_partner.post("/api/v1/keys", json={}).json()

    assert partner.get("/api/v1/keys?count=true").json() == {"items": [], "next": None, "total": 0}
    address = f"/api/v1/keys/{theirs['id']}"
    assert partner.get(address).status_code == 404
    assert partner.delete(address).status_code == 404
    assert partner.patch(address, json={"name": "mine"}, headers={"If-Match": "*"}).status_code == 404
    assert other_partner.get(address).json()["revoked_at"] is None


@pytest.mark.parametrize(
    "wanted", [{"role": "admin"}, {"role": "officer"}, {"role": "donor"}, {"organization": "OTHER"}]
)
def test_a_partner_gives_no_more_than_it_has(partner: As, other_partner: As, wanted: dict[str, str]):
    assert partner.post("/api/v1/keys", json=wanted).status_code == 403


def test_an_admin_issues_keys_for_anybody(app: FastAPI, admin: As, partner: As):
    issued = admin.post("/api/v1/keys", json={"organization": "PARTNER", "role": "partner"}).json()

    assert bearer(app, issued["key"]).get("/api/v1/me").json()["organization"] == "PARTNER"
    assert partner.get(f"/api/v1/keys/{issued['id']}").status_code == 200
    assert [key["id"] for key in admin.get("/api/v1/keys?organization=PARTNER").json()["items"]] == [issued["id"]]


def test_a_key_issues_none_that_outlives_it(app: FastAPI, partner: As):
    ends = utc_now() + timedelta(days=2)
    client = bearer(app, partner.post("/api/v1/keys", json={"expires_at": ends.isoformat()}).json()["key"])

    assert client.post("/api/v1/keys", json={}).json()["expires_at"] == ends.isoformat().replace("+00:00", "Z")
    later = (ends + timedelta(days=1)).isoformat()
    assert client.post("/api/v1/keys", json={"expires_at": later}).status_code == 422


def test_bad_input_is_named_by_field(partner: As):
    def pointer(**fields: object) -> str:
        answer = partner.post("/api/v1/keys", json=fields)
        assert answer.status_code == 422
        return str(answer.json()["errors"][0]["pointer"])

    assert pointer(expires_at="2020-01-01T00:00:00Z") == "/expires_at"
    assert pointer(expires_at="2099-01-01") == "/expires_at"
    assert pointer(scope="all") == "/scope"
    assert pointer(name="a\x00b") == "/name"
    assert pointer(key="mine") == "/key"


def test_a_key_is_renamed_with_its_etag(partner: As):
    issued = partner.post("/api/v1/keys", json={"name": "old"})
    address = f"/api/v1/keys/{issued.json()['id']}"

    assert partner.patch(address, json={"name": "new"}).status_code == 428
    answer = partner.patch(address, json={"name": "new"}, headers={"If-Match": issued.headers["ETag"]})
    assert answer.json()["name"] == "new"
    assert answer.headers["ETag"] != issued.headers["ETag"]


def test_use_is_noted_at_most_every_ten_minutes(app: FastAPI, partner: As, session: Session):
    issued = partner.post("/api/v1/keys", json={}).json()
    client = bearer(app, issued["key"])

    def last_used() -> str:
        client.get("/api/v1/me")
        return str(partner.get(f"/api/v1/keys/{issued['id']}").json()["last_used_at"])

    first = last_used()
    assert first != "None"
    assert last_used() == first
    session.query(ApiKey).update({"last_used_at": utc_now() - timedelta(minutes=11)})
    assert last_used() > first
    assert partner.get(f"/api/v1/keys/{issued['id']}").headers["ETag"] == issued["etag"]


def test_a_request_is_answered_when_its_use_cannot_be_noted(app: FastAPI, partner: As, session: Session):
    client = bearer(app, partner.post("/api/v1/keys", json={}).json()["key"])
    if session.get_bind().dialect.name == "sqlite":
        refuse = (
            "CREATE TRIGGER refuse BEFORE UPDATE OF last_used_at ON api_key BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    else:
        refuse = "ALTER TABLE api_key ADD CONSTRAINT refuse CHECK (last_used_at IS NULL)"
    session.execute(text(refuse))

    assert client.get("/api/v1/me").status_code == 200
