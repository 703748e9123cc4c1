"""An assessment and its table of recommendations, as an officer sends them."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import As

Taken = Callable[..., dict[str, Any]]
HEADER = "No.\tRecommendation\tResponsible authority\tState's remarks\tPriority\tDate wanted"
STORES = (
    "The Logistics Directorate should count the 14,000 rifles in its nine depots each month by serial number; "
    "36 storekeepers should be able to run a two-person rule, as paragraph 6 of resolution 2370 (2017) asks."
)
DRONES = "Give the police a legal basis to detect drones over public events."
ROWS = (
    f"1\t{STORES}\tLogistics Directorate\tA pilot register works in one depot\thigh\t2027-12-31",
    f"2 (a)\t{DRONES}\tMinistry of the Interior\t\tmedium\t",
)
TABLE = "\n".join([HEADER, *ROWS])


@pytest.fixture
def visit(officer: As) -> dict[str, Any]:
    """An assessment of two States."""
    body = {
        "kind": "comprehensive",
        "states": ["TG", "BJ"],
        "visit_from": "2026-03-02",
        "visit_until": "2026-03-06",
    }
    made: dict[str, Any] = officer.post("/api/v1/assessments", json=body).json()
    return made


@pytest.fixture
def take(officer: As, visit: dict[str, Any]) -> Taken:
    """Send a table as text, or a file, and return what became of it."""

    def send(text: str = TABLE, dry_run: bool = False, file: bytes = b"", **options: Any) -> dict[str, Any]:
        url = f"/api/v1/assessments/{visit['ref']}/table"
        params = {"dry_run": str(dry_run).lower()}
        sent = {"files": {"file": ("table.bin", file)}} if file else {"json": {"text": text, **options}}
        answer = officer.post(url, params=params, **sent)
        assert answer.status_code == 200, answer.text
        taken: dict[str, Any] = answer.json()
        return taken

    return send
