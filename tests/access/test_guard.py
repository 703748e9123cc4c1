"""Another site's page cannot use a visitor's session; keys are not affected."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.conftest import As

OWN = "http://testserver"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 201),
        ({"Sec-Fetch-Site": "same-origin", "Origin": OWN}, 201),
        ({"Sec-Fetch-Site": "none"}, 201),
        ({"Origin": OWN}, 201),
        ({"Origin": "http://127.0.0.1:8000"}, 201),  # the public address, behind a proxy
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Origin": OWN}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://testserver.evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://["}, 403),
        ({"Authorization": "Basic eDp5", "Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_a_session_writes_for_our_own_pages_alone(partner: As, headers: dict[str, str], status: int):
    assert partner.post("/api/v1/keys", json={}, headers=headers).status_code == status


def test_reading_is_not_guarded(partner: As):
    assert partner.get("/api/v1/me", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_a_key_is_sent_on_purpose(app: FastAPI, partner: As):
    key = partner.post("/api/v1/keys", json={}).json()["key"]
    headers = {
        "Authorization": f"Bearer {key}",
        "Origin": "https://elsewhere.example",
        "Sec-Fetch-Site": "cross-site",
    }

    assert TestClient(app, headers=headers).post("/api/v1/keys", json={}).status_code == 201
