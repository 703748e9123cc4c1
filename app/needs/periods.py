"""The day or the moment that a question about the past is about."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from fastapi import Depends, Query
from pydantic import TypeAdapter, ValidationError

from app.core.db import utc_now
from app.core.errors import Invalid
from app.core.fields import Day, Moment

_DAY: TypeAdapter[date] = TypeAdapter(Day)
_MOMENT: TypeAdapter[datetime] = TypeAdapter(Moment)


@dataclass(frozen=True, slots=True)
class Period:
    """From `begins` until before `ends`; a moment is one whose two ends are the same."""

    begins: datetime
    ends: datetime

    @property
    def is_day(self) -> bool:
        return self.ends > self.begins

    def holds(self, moment: datetime | None) -> bool:
        """Whether something happened in the period, after its beginning."""
        return moment is not None and self.begins < moment < self.ends


def this_moment() -> Period:
    now = utc_now()
    return Period(now, now)


def period_of(text: str | None) -> Period:
    """Read a day ("2026-05-05", in UTC) or a time; nothing means now. Raises Invalid.

    Of today there is what was until now: the rest of it may still come otherwise.
    """
    if not text:
        return this_moment()
    try:
        if len(text.strip()) == len("2026-05-05"):
            return _day(_DAY.validate_python(text))
        moment = _MOMENT.validate_python(text.replace(" ", "+"))
    except ValidationError:
        raise Invalid.field("at", "Write a day as 2027-12-31 or a time as 2027-12-31T09:00:00Z") from None
    return Period(moment, moment)


def _day(day: date) -> Period:
    begins = datetime.combine(day, time(), UTC)
    ends, now = begins + timedelta(days=1), utc_now()
    return Period(begins, min(ends, now) if begins < now else ends)


def _asked(
    at: Annotated[
        str | None, Query(max_length=40, description="a day, such as 2026-05-05, or a time; now where unsaid")
    ] = None,
) -> Period:
    return period_of(at)


PeriodDep = Annotated[Period, Depends(_asked)]
