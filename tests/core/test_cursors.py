"""A cursor may have been made by hand: it is taken or refused, and never a fault of ours."""

import base64
import json
from typing import Any

import pytest

from tests.conftest import As

LISTS = ("needs", "programmes", "pairings", "organizations", "groups", "users", "keys", "audit", "jobs", "imports")
ID = "00000000-0000-0000-0000-000000000000"
PARTS: tuple[Any, ...] = (
    *(5, 1.5, True, None, [], {}, "", "x", "\x00", ID, "2026-11-22", "2026-01-01T00:00:00+00:00"),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01"),
)
FIRST = (("2026-11-22",), ("2026-01-01T00:00:00+00:00",))


@pytest.mark.parametrize("name", LISTS)
def test_no_cursor_is_a_fault_of_ours(admin: As, name: str):
    made = [[*before, part] for before in ((), *FIRST) for part in PARTS] + [[part, ID] for part in PARTS]

    for values in made:
        cursor = base64.urlsafe_b64encode(json.dumps(values).encode()).decode()
        answer = admin.get(f"/api/v1/{name}", params={"cursor": cursor})
        assert answer.status_code in {200, 422}, (values, answer.text)


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1899-12-31T23:59:59Z"])
def test_a_time_that_no_calendar_of_ours_holds_is_refused(admin: As, at: str):
    issued = admin.post("/api/v1/keys", json={"expires_at": at})
    listed = admin.get("/api/v1/needs/N-2026-AAAAA/releases", params={"at": at})

    assert (issued.status_code, listed.status_code) == (422, 422)
    assert "1900 to 9990" in issued.json()["errors"][0]["message"]
