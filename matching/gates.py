"""Hard facts that keep a programme from being proposed, each with what would make it eligible."""

from datetime import date

from matching.geography import Territory
from matching.types import Gate, Programme

STALE = "not assured for too long; eligible once the organization assures it again"
FULL = "its capacity is used; eligible once a referral ends or the capacity grows"
FUND = "a fund is shown apart, as a way to pay; it is never proposed among programmes"


def gates(programme: Programme, recipient: Territory, as_of: date | None = None) -> tuple[Gate, ...]:
    """Every gate with its answer; dates gate only where `as_of` is given."""
    return (
        _status(programme),
        _ended(programme, as_of),
        _gate("stale", not programme.stale, "assured", STALE),
        _gate("full", not programme.full, "has capacity", FULL),
        _excluded(programme, recipient),
        _gate("fund", programme.kind != "fund", "gives assistance", FUND),
    )


def is_open(programme: Programme) -> bool:
    """Whether the gates that depend on the programme alone are passed: all but dates and excluded States."""
    return programme.status == "active" and not programme.stale and not programme.full and programme.kind != "fund"


def _gate(name: str, passed: bool, good: str, bad: str) -> Gate:
    return Gate(name, passed, good if passed else bad)


def _status(programme: Programme) -> Gate:
    would = {
        "draft": "eligible once it is registered as active",
        "suspended": "eligible once it is active again",
    }
    advice = would.get(programme.status, "eligible once it is extended and active again")
    return _gate("status", programme.status == "active", "active", f"status is {programme.status}; {advice}")


def _ended(programme: Programme, as_of: date | None) -> Gate:
    if as_of is None:
        return Gate("ended", True, "dates are not looked at without an as-of date")
    if programme.ends_on is not None and programme.ends_on < as_of:
        return Gate("ended", False, f"ended on {programme.ends_on}; eligible if it is extended beyond {as_of}")
    if programme.starts_on is not None and programme.starts_on > as_of:
        return Gate("ended", True, f"starts on {programme.starts_on}")
    return Gate("ended", True, f"runs until {programme.ends_on}" if programme.ends_on else "no end is documented")


def _excluded(programme: Programme, recipient: Territory) -> Gate:
    shut_out = sorted(recipient.countries & frozenset(programme.excluded))
    if not shut_out:
        return Gate("excluded", True, "does not exclude the recipient")
    named = ", ".join(shut_out)
    if len(shut_out) < len(recipient.countries):
        return Gate("excluded", True, f"excludes {named}, but not every State concerned")
    return Gate("excluded", False, f"excludes {named}; eligible if the organization lifts the exclusion")
