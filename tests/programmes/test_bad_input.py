"""Bad input says what is wrong, where, and what would be right."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.programmes.conftest import MINIMAL, PATH

JSON = {"Content-Type": "application/json"}  # written by hand, because a surrogate half is sent escaped


@pytest.mark.parametrize(
    ("change", "pointer", "said"),
    [
        ({"themes": ["WPN-PSN"]}, "/themes/0", "WPN-PSM"),
        ({"themes": []}, "/themes", "at least 1"),
        ({"coverage": {"countries": ["TOG"]}}, "/coverage/countries/0", "TG"),
        ({"coverage": {"regions": ["11"]}}, "/coverage/regions/0", "011"),
        ({"coverage": {"members_of": ["PARTNR"]}}, "/coverage/members_of/0", "PARTNER"),
        ({"coverage": {}}, "/coverage", "Say where"),
        ({"excluded": ["UK"]}, "/excluded/0", "'UK' is not a code of the vocabulary country"),
        ({"language": "xx"}, "/language", "is not a code of the vocabulary language"),
        ({"partners": [{"organization": "PARTNR"}]}, "/partners/0/organization", "PARTNER"),
        (
            {"partners": [{"organization": "PARTNER"}, {"organization": "PARTNER"}]},
            "/partners",
            "named twice",
        ),
        ({"starts_on": "2026-02-01", "ends_on": "2026-01-01"}, "/ends_on", "ends before it starts"),
        ({"starts_on": "01.02.2026"}, "/starts_on", "2027-12-31"),
        ({"ceiling": 5, "currency": "USD"}, "/kind", "Only a fund"),
        ({"budget": 5}, "/currency", "needs its currency"),
        ({"budget": 5, "currency": "USB"}, "/currency", "not a code of the vocabulary currency; the nearest: USD"),
        ({"currency": "DEM"}, "/currency", "not a code of the vocabulary currency"),
        ({"capacity": 0}, "/capacity", "greater than or equal to 1"),
        ({"capacity": False}, "/capacity", "valid integer"),
        ({"capacity": 10**30}, "/capacity", "less than or equal to"),
        ({"title": "x" * 301}, "/title", "at most 300"),
        ({"title": "   "}, "/title", "at least 1"),
        ({"title": None}, "/title", "valid string"),
        ({"summary": "a\u202eb"}, "/summary", "turns the direction"),
        ({"summary": "a\x00b"}, "/summary", "control character"),
        ({"summary": "\ud800"}, "/summary", "half of a surrogate pair"),
        ({"themes": ["\ud800"]}, "/themes/0", "half of a surrogate pair"),
        ({"external_id": "a\x00"}, "/external_id", "control character"),
        ({"titel": "x"}, "/titel", "not permitted"),
        ({"status": "live"}, "/status", "'draft', 'active', 'suspended' or 'ended'"),
        ({"web_page": "javascript:alert(1)"}, "/web_page", "begins with https"),
    ],
)
def test_a_bad_field_is_named(key: TestClient, change: dict[str, Any], pointer: str, said: str):
    response = key.post(PATH, content=json.dumps(MINIMAL | change), headers=JSON)

    assert response.status_code == 422
    [error] = response.json()["errors"]
    assert error["pointer"] == pointer
    assert said in error["message"]


def test_all_wrong_codes_are_named_at_once(key: TestClient):
    response = key.post(PATH, json=MINIMAL | {"themes": ["WPN-PSN", "WPN-PSM", "X"], "excluded": ["QQ"]})

    pointers = [error["pointer"] for error in response.json()["errors"]]
    assert sorted(pointers) == ["/excluded/0", "/themes/0", "/themes/2"]


@pytest.mark.parametrize("ref", ["P-2026-XXXXX", "%00", "%F0%9F", "a" * 300])
def test_a_reference_that_names_nothing_is_not_found(key: TestClient, ref: str):
    assert key.get(f"{PATH}/{ref}").status_code == 404


def test_a_change_that_contradicts_the_rest_of_the_record_is_refused(key: TestClient):
    programme = key.post(PATH, json=MINIMAL | {"starts_on": "2026-06-01", "ends_on": "2027-06-01"}).json()

    response = key.patch(
        f"{PATH}/{programme['ref']}", json={"ends_on": "2026-01-01"}, headers={"If-Match": programme["etag"]}
    )

    assert response.status_code == 422
    assert key.get(f"{PATH}/{programme['ref']}").json() == programme
