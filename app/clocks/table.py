"""Every clock in one table: the practice it comes from, its setting, what it counts, and what is to be done."""

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.clocks import sources
from app.clocks.sources import Running
from app.core.calendar import add_months, add_working_days
from app.core.settings import Settings


class ClockName(enum.StrEnum):
    OBSERVATIONS = "observations"
    STEPS = "steps"
    SILENCE = "silence"
    ANSWER = "answer"
    ACCEPTANCE = "acceptance"
    INQUIRY = "inquiry"
    UNCONFIRMED = "unconfirmed"
    DEFERRED = "deferred"
    EXPIRY = "expiry"
    WANTED = "wanted"
    UNSUPPORTED = "unsupported"
    INTEREST = "interest"
    BRIEFING = "briefing"


class Unit(enum.StrEnum):
    """How a clock's number is counted: ON_DAY has none, AHEAD says how long before its day it shows.

    EVE is due on the day before one that is stored, whose number was counted when it was stored.
    """

    DAYS = "days"
    WORKING_DAYS = "working days"
    MONTHS = "months"
    ON_DAY = "on the day itself"
    EVE = "working days, the last one included"
    AHEAD = "days ahead"


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock. `setting` names the number in Settings; `path` is where the next step is taken."""

    title: str
    practice: str
    unit: Unit
    source: Callable[[datetime], Running]
    next_step: str
    path: str
    setting: str | None = None
    shared: bool = False


C = ClockName
CTC, C1540 = "visits of the Counter-Terrorism Committee", "1540 Committee"
CLOCKS: Mapping[ClockName, Clock] = {
    C.OBSERVATIONS: Clock(
        "State's factual observations", CTC, Unit.DAYS, sources.observations,
        "Record them, or remind the State", "/assessments/{ref}", "observations_days",
    ),
    C.STEPS: Clock(
        "State's report on steps taken", CTC, Unit.MONTHS, sources.steps,
        "Record it, or remind the State", "/assessments/{ref}", "steps_months",
    ),
    C.SILENCE: Clock(
        "Silence procedure ends", C1540, Unit.EVE, sources.silence,
        "Withdraw the release if the State objects; else it begins the day after", "/needs/{ref}",
        "silence_working_days",
    ),
    C.ANSWER: Clock(
        "Organization's answer", "NDC Partnership", Unit.MONTHS, sources.answer,
        "Remind the organization, or record its answer", "/referrals/{place}", "answer_months",
    ),
    C.ACCEPTANCE: Clock(
        "State's acceptance", "as long as an organization's answer", Unit.MONTHS, sources.acceptance,
        "Ask the State, and start the delivery with its acceptance", "/referrals/{place}", "acceptance_months",
    ),
    C.INQUIRY: Clock(
        "Was it met? To be asked", C1540, Unit.MONTHS, sources.inquiry,
        "Ask the State whether the need was met, and record that it was asked", "/referrals/{place}",
        "inquiry_months",
    ),
    C.UNCONFIRMED: Clock(
        "State's answer whether it was met", "Counterpart", Unit.DAYS, sources.unconfirmed,
        "Record the State's answer, or complete as not confirmed by the State", "/referrals/{place}",
        "unconfirmed_days",
    ),
    C.DEFERRED: Clock(
        "Deferred pairing is back", "the officer who deferred it", Unit.ON_DAY, sources.deferred,
        "Decide on it again", "/pairings/{place}",
    ),
    C.EXPIRY: Clock(
        "Release ends", "the State that released it", Unit.AHEAD, sources.expiry,
        "Ask the State to prolong it, or let it end", "/needs/{ref}", "expiry_days",
    ),
    C.WANTED: Clock(
        "Need is wanted by", "the State that has it", Unit.ON_DAY, sources.wanted,
        "See who does which part, and close the need when it is met", "/needs/{ref}",
    ),
    C.UNSUPPORTED: Clock(
        "Need without support", "Counterpart", Unit.DAYS, sources.unsupported,
        "Decide on proposals and convey, or put the need on hold", "/needs/{ref}", "unsupported_days",
    ),
    C.INTEREST: Clock(
        "Interest of a delegation to be answered", "Counterpart", Unit.WORKING_DAYS, sources.interest,
        "Answer the delegation, and acknowledge its interest", "/interests/{place}", "interest_working_days",
    ),
    C.BRIEFING: Clock(
        "Briefing", C1540, Unit.MONTHS, sources.briefing,
        "Give the briefing, and record that it was given", "/briefing", "briefing_months", shared=True,
    ),
}  # fmt: skip


def length(clock: Clock, settings: Settings) -> int:
    """The number of a clock by the settings, 0 where it has none."""
    return int(getattr(settings, clock.setting)) if clock.setting else 0


def due_on(unit: Unit, count: int, counted_on: date) -> date:
    """The day on which a clock that counts from `counted_on` is due: its last day, so that the next is late."""
    if unit is Unit.MONTHS:
        return add_months(counted_on, count)
    if unit is Unit.WORKING_DAYS:
        return add_working_days(counted_on, count)
    return counted_on + timedelta(days={Unit.DAYS: count, Unit.EVE: -1}.get(unit, 0))


def last_counted(unit: Unit, count: int, due: date) -> date:
    """The other way round: the last day from which a clock counts that is due by `due`.

    So a database finds what is due by days that it stores, without knowing months, week-ends or holidays.
    """
    ahead = {Unit.DAYS: -count, Unit.EVE: 1}.get(unit, 0)
    day = add_months(due, -count) + timedelta(days=3) if unit is Unit.MONTHS else due + timedelta(days=ahead)
    while due_on(unit, count, day) > due:
        day -= timedelta(days=1)
    return day
