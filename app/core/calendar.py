"""Working days: Monday to Friday but the holidays of a dated data file, which are marked while unconfirmed."""

import csv
from datetime import date, timedelta
from functools import cache
from pathlib import Path

_HOLIDAYS = Path(__file__).parent / "holidays.csv"
_SATURDAY = 5


def add_working_days(start: date, count: int) -> date:
    """Return the `count`-th working day after `start` (not counting `start` itself)."""
    day = start
    while count > 0:
        day += timedelta(days=1)
        count -= is_working_day(day)
    return day


def is_working_day(day: date) -> bool:
    return day.weekday() < _SATURDAY and day not in holidays()


@cache
def holidays() -> frozenset[date]:
    """The holidays of United Nations Headquarters as far as known; see holidays.csv for what is unconfirmed."""
    with _HOLIDAYS.open(encoding="utf-8", newline="") as lines:
        return frozenset(date.fromisoformat(row["date"]) for row in csv.DictReader(lines))
