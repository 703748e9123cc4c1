"""A small guideline: three clauses in force, and another wording of them open for consultation."""

from typing import Any

import pytest

from tests.conftest import As

PRACTICES = "/api/v1/practices"
FIRST = """# Guide to arms in transit

What this is about.

## 1 Marking {#marking .upstream themes="WPN-MRT" weapons="SALW" provisions="2370:6"}

Every firearm is marked at manufacture and at import.

## 2 Detection at borders {#detection .downstream themes="BLE-CUS"}

Customs select consignments by risk, and officers are trained to open them safely.

## 3 Records {#records .upstream themes="WPN-PSM" weapons="SALW AMMO"}

A central register holds every arm and every transfer.
"""
SECOND = """# Guide to arms in transit

What this is about.

## 1 Marking {#marking}

Every firearm is marked at manufacture, at import and when it leaves State stocks.

## 2 Detection at borders {#detection}

Customs select consignments by risk, and officers are trained to open them safely.

## 3 Tracing {#tracing .downstream}

Requests to trace are answered within a month.
"""


class Library:
    """What an officer does with the document GUIDE-1."""

    def __init__(self, officer: As) -> None:
        self.officer = officer
        body = {"ref": "GUIDE-1", "title": "Guide to arms in transit", "about": "Invented for a test"}
        assert officer.post(PRACTICES, json=body).status_code == 201
        self.path = f"{PRACTICES}/GUIDE-1"

    def open(self, markdown: str, **more: Any) -> dict[str, Any]:
        answer = self.officer.post(f"{self.path}/versions", json={"markdown": markdown, **more})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def move(self, number: int, status: str) -> Any:
        etag = self.officer.get(f"{self.path}/versions/{number}").json()["etag"]
        moved = {"status": status}
        return self.officer.post(f"{self.path}/versions/{number}/status", json=moved, headers={"If-Match": etag})


@pytest.fixture
def library(officer: As) -> Library:
    """Version 1 is in force, version 2 open for consultation."""
    library = Library(officer)
    library.open(FIRST)
    assert library.move(1, "current").status_code == 200
    library.open(SECOND, note="Marking again when arms leave State stocks")
    return library
