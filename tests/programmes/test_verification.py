"""Whether a public source was compared with its record is for CTED to say."""

from fastapi.testclient import TestClient

from tests.conftest import As
from tests.programmes.conftest import MINIMAL, PATH

CHECKED = {"provenance": {"verification": "checked"}}


def test_an_organization_does_not_verify_its_own_record(key: TestClient):
    refused = key.post(PATH, json={**MINIMAL, **CHECKED})
    ref = key.post(PATH, json=MINIMAL).json()["ref"]
    changed = key.patch(f"{PATH}/{ref}", json=CHECKED, headers={"If-Match": "*"})

    for answer in (refused, changed):
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/provenance/verification"


def test_cted_verifies_what_it_compiled_from_public_sources(officer: As, partner: As):
    origin = {"kind": "public_sources", "verification": "checked"}
    body = {**MINIMAL, "organization": partner.organization.ref, "provenance": origin}

    answer = officer.post(PATH, json=body)

    assert (answer.status_code, answer.json()["provenance"]["verification"]) == (201, "checked")
