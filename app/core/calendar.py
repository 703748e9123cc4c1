"""Working days and months: Monday to Friday but the holidays of a dated file; a month ends where it ends."""

import csv
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from app.core.errors import Invalid

FILE = "holidays.csv"
CONFIRMED = "confirmed"
_SATURDAY = 5
_said: list[Path] = []


@dataclass(frozen=True, slots=True)
class Holiday:
    """A day on which United Nations Headquarters is closed; `confirmed` by its official list or not."""

    on: date
    name: str
    confirmed: bool


def read_from(folder: Path | None) -> None:
    """Let `holidays.csv` of `folder` stand for the package's in the years that it names; None: for no year.

    Raises Invalid, naming the line, for a file that cannot be read so.
    """
    _said[:] = [folder] if folder else []
    known_holidays.cache_clear()
    holidays.cache_clear()
    known_holidays()


def add_working_days(start: date, count: int) -> date:
    """Return the `count`-th working day after `start` (not counting `start` itself)."""
    day = start
    while count > 0:
        day += timedelta(days=1)
        count -= is_working_day(day)
    return day


def add_months(start: date, count: int) -> date:
    """Return the same day `count` months later, or that month's last: 31 August and 6 months are 28 February."""
    months = start.year * 12 + start.month - 1 + count
    year, month = months // 12, months % 12 + 1
    return date(year, month, min(start.day, monthrange(year, month)[1]))


def is_working_day(day: date) -> bool:
    return day.weekday() < _SATURDAY and day not in holidays()


@cache
def holidays() -> frozenset[date]:
    """The holidays of United Nations Headquarters as far as known; see holidays.csv for what is unconfirmed."""
    return frozenset(holiday.on for holiday in known_holidays())


@cache
def known_holidays() -> tuple[Holiday, ...]:
    """Every known holiday in order: an installed system's own file goes before the package's, year by year."""
    own = _read(_said[0] / FILE) if _said else []
    years = {holiday.on.year for holiday in own}
    package = _read(Path(__file__).parent / FILE)
    return tuple(
        sorted([*own, *(each for each in package if each.on.year not in years)], key=lambda each: each.on)
    )


def _read(path: Path) -> list[Holiday]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return [_holiday(path, number, row) for number, row in enumerate(csv.DictReader(lines), start=2)]


def _holiday(path: Path, number: int, row: dict[str, str]) -> Holiday:
    try:
        return Holiday(
            date.fromisoformat(row["date"].strip()), row["name"].strip(), row["note"].strip() == CONFIRMED
        )
    except (KeyError, ValueError, AttributeError) as error:
        message = (
            f"{path.name}, line {number}: write date,name,note as 2026-01-01,New Year's Day,confirmed ({error})"
        )
        raise Invalid(message) from None
