"""The due list as a calendar: references alone, because calendars are shared; an entry keeps its name."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from icalendar import Calendar, Event

from app.clocks.schemas import Due

CONTENT_TYPE = "text/calendar; charset=utf-8"
MOST = 2000


def calendar_of(items: Sequence[Due], base_url: str, more: bool = False) -> bytes:
    """An iCalendar file with one whole-day event on the day on which each clock is due."""
    calendar = Calendar()
    calendar.add("prodid", "-//Counterpart//Clocks//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", "Counterpart: due")
    if more:
        calendar.add("x-wr-caldesc", f"The first {len(items)} alone: see the due list for the others")
    for due in items:
        calendar.add_component(_event(due, base_url))
    return bytes(calendar.to_ical())


def _event(due: Due, base_url: str) -> Event:
    event = Event()
    event.add("uid", f"{due.clock}-{due.id}@counterpart")
    event.add("dtstamp", datetime.combine(due.started_on, time(), UTC))
    event.add("dtstart", due.due_on)
    event.add("dtend", due.due_on + timedelta(days=1))
    event.add("summary", f"{due.title}: {due.ref}" if due.ref != due.clock else due.title)
    event.add("url", base_url.rstrip("/") + due.next.path)
    event.add("transp", "TRANSPARENT")
    return event
