"""Who sees which programme, and which of its fields."""

from datetime import date, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.core.db import utc_now
from app.programmes import queries
from app.programmes.models import Freshness
from tests.conftest import As
from tests.programmes.conftest import MINIMAL, PATH, aged

HIDDEN = ("excluded", "capacity", "eligibility_notes", "contradictions", "merged_into", "created_at", "changed_at")


def day(distance: int) -> str:
    return (utc_now().date() + timedelta(days=distance)).isoformat()


def titles(reader: As | TestClient, query: str = "") -> list[str]:
    return sorted(item["title"] for item in reader.get(f"{PATH}?{query}").json()["items"])


@pytest.fixture
def shelf(key: TestClient, session: Session) -> dict[str, dict[str, Any]]:
    """One programme of every kind of sight, all of PARTNER."""
    kinds: dict[str, dict[str, Any]] = {
        "live": {},
        "draft": {"status": "draft"},
        "suspended": {"status": "suspended"},
        "ended": {"status": "ended"},
        "past its end": {"ends_on": day(-1)},
        "ends today": {"ends_on": day(0)},
        "overdue": {},
        "stale": {},
    }
    made = {title: key.post(PATH, json=MINIMAL | more | {"title": title}).json() for title, more in kinds.items()}
    aged(session, made["overdue"]["ref"], utc_now().date() - timedelta(days=89))
    aged(session, made["stale"]["ref"], utc_now().date() - timedelta(days=90))
    return made


LIVE = ["ends today", "live", "overdue"]


def test_officers_and_the_own_organization_see_all(shelf: Any, officer: As, admin: As, partner: As):
    for reader in (officer, admin, partner):
        assert titles(reader) == sorted(shelf)


def test_others_see_what_is_live(shelf: Any, other_partner: As, donor: As):
    for reader in (other_partner, donor):
        assert titles(reader) == LIVE
        for title, programme in shelf.items():
            seen = reader.get(f"{PATH}/{programme['ref']}").status_code
            assert seen == (200 if title in LIVE else 404)


def test_nobody_who_is_not_signed_in_sees_any(shelf: Any, anybody: TestClient):
    assert anybody.get(PATH).status_code == 401
    assert anybody.get(f"{PATH}/{shelf['live']['ref']}").status_code == 401


def test_counts_and_facets_are_of_what_the_reader_sees(shelf: Any, donor: As, officer: As):
    for reader, number in ((donor, len(LIVE)), (officer, len(shelf))):
        page = reader.get(f"{PATH}?count=true&facets=true&limit=1").json()
        assert page["total"] == number
        assert page["facets"]["theme"] == {"WPN-PSM": number}
        assert sum(page["facets"]["status"].values()) == number
        assert sum(page["facets"]["freshness"].values()) == number


def test_others_see_no_exclusions_capacity_or_notes(key: TestClient, officer: As, donor: As, other_partner: As):
    more = {"excluded": ["ML"], "capacity": 2, "eligibility_notes": "by request"}
    own = key.post(PATH, json=MINIMAL | more).json()

    assert {name: own[name] for name in more} == more
    assert officer.get(f"{PATH}/{own['ref']}").json()["excluded"] == ["ML"]
    for reader in (donor, other_partner):
        seen = reader.get(f"{PATH}/{own['ref']}").json()
        assert not set(seen) & set(HIDDEN)
        assert seen == {name: own[name] for name in seen} | {"etag": seen["etag"]}


def test_what_others_do_not_see_does_not_move_their_tag_nor_filter_their_list(key: TestClient, donor: As):
    own = key.post(PATH, json=MINIMAL | {"external_id": "A1"}).json()
    path = f"{PATH}/{own['ref']}"
    before = donor.get(path)

    changed = key.patch(path, json={"excluded": ["TG"], "capacity": 1}, headers={"If-Match": own["etag"]})

    assert changed.status_code == 200
    assert donor.get(path).headers["ETag"] == before.headers["ETag"]
    assert titles(donor, "country=TG") == [own["title"]]
    assert titles(key, "country=TG") == [own["title"]]


def test_for_officers_a_country_that_is_excluded_is_not_served(key: TestClient, officer: As):
    key.post(PATH, json=MINIMAL | {"excluded": ["TG"]})

    assert titles(officer, "country=TG") == []
    assert titles(officer, "country=ML") == [MINIMAL["title"]]


@pytest.mark.parametrize(
    ("distance", "expected"),
    [
        (31, Freshness.FRESH),
        (30, Freshness.DUE),
        (0, Freshness.DUE),
        (-1, Freshness.OVERDUE),
        (-89, Freshness.OVERDUE),
        (-90, Freshness.STALE),
    ],
)
def test_freshness_follows_from_the_day(
    session: Session, key: TestClient, partner: As, distance: int, expected: Freshness
):
    on = date(2027, 3, 1)
    ref = key.post(PATH, json=MINIMAL).json()["ref"]
    aged(session, ref, on + timedelta(days=distance))

    programme = queries.get(session, partner.actor, ref, on)

    assert queries.freshness(programme, on) is expected
    assert [row[0] for row in session.execute(_with_freshness(expected, partner, session, on))] == [programme]


def _with_freshness(wanted: Freshness, reader: As, session: Session, on: date) -> Any:
    return queries.search(session, reader.actor, queries.ProgrammeFilter(freshness=[wanted]), on)


def test_a_status_that_contradicts_the_dates_is_reported_and_not_mended(key: TestClient, shelf: Any):
    past = key.get(f"{PATH}/{shelf['past its end']['ref']}").json()
    early = key.post(PATH, json=MINIMAL | {"starts_on": day(10)}).json()
    over = key.post(PATH, json=MINIMAL | {"status": "ended", "ends_on": day(10)}).json()

    assert (past["status"], past["contradictions"]) == (
        "active",
        [f"It is active, but its dates say that it ended on {day(-1)}"],
    )
    assert early["contradictions"] == [f"It is active, but its dates say that it starts on {day(10)}"]
    assert over["contradictions"] == [f"It is ended, but its dates say that it runs until {day(10)}"]
    assert shelf["live"]["contradictions"] == []
