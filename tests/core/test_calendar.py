"""Months end where they end, working days leave out week-ends and holidays, and an office brings its own list."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from app.core import calendar
from app.core.calendar import add_months, add_working_days, known_holidays
from app.core.errors import Invalid


@pytest.fixture(autouse=True)
def _the_packages_own_again() -> Iterator[None]:
    calendar.read_from(None)
    yield
    calendar.read_from(None)


@pytest.mark.parametrize(
    ("start", "months", "ends"),
    [
        ("2026-01-15", 2, "2026-03-15"),
        ("2026-12-31", 2, "2027-02-28"),
        ("2027-12-31", 2, "2028-02-29"),
        ("2026-08-31", 6, "2027-02-28"),
        ("2026-11-30", 1, "2026-12-30"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2026-03-31", -1, "2026-02-28"),
        ("2026-01-31", -2, "2025-11-30"),
        ("2026-10-31", 0, "2026-10-31"),
    ],
)
def test_months_are_added_to_the_same_day_or_the_months_last(start: str, months: int, ends: str):
    assert add_months(date.fromisoformat(start), months) == date.fromisoformat(ends)


@pytest.mark.parametrize(
    ("start", "days", "ends"),
    [
        ("2026-11-20", 1, "2026-11-23"),  # Friday
        ("2026-11-21", 1, "2026-11-23"),  # Saturday
        ("2026-11-25", 1, "2026-11-27"),  # before Thanksgiving Day
        ("2026-11-20", 5, "2026-11-30"),
        ("2026-12-24", 5, "2027-01-04"),  # Christmas Day and New Year's Day
    ],
)
def test_working_days_leave_out_weekends_and_holidays(start: str, days: int, ends: str):
    assert add_working_days(date.fromisoformat(start), days) == date.fromisoformat(ends)


def test_an_offices_own_file_stands_for_the_packages_in_the_years_that_it_names(tmp_path: Path):
    (tmp_path / "holidays.csv").write_text(
        "date,name,note\n2026-11-23,A day of ours,confirmed\n", encoding="utf-8"
    )

    calendar.read_from(tmp_path)

    assert add_working_days(date(2026, 11, 20), 1) == date(2026, 11, 24)
    assert add_working_days(date(2026, 11, 25), 1) == date(2026, 11, 26)  # no Thanksgiving Day in that file
    assert add_working_days(date(2027, 11, 24), 1) == date(2027, 11, 26)  # the package's own year
    assert [each.name for each in known_holidays() if each.confirmed] == ["A day of ours"]


@pytest.mark.parametrize("line", ["2026-13-01,X,confirmed", "tomorrow,X,confirmed", "2026-01-01"])
def test_a_file_that_cannot_be_read_is_refused_by_its_line(tmp_path: Path, line: str):
    (tmp_path / "holidays.csv").write_text(f"date,name,note\n2026-01-01,New Year,confirmed\n{line}\n", "utf-8")

    with pytest.raises(Invalid, match="line 3"):
        calendar.read_from(tmp_path)
