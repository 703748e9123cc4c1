"""The plan of a need, for officers: who does which part, who pays, what is left, and what could be conveyed."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.actor import Actor
from app.needs.models import Need
from app.pairings.models import Pairing
from app.referrals import queries
from app.referrals.changes import newest_outcomes
from app.referrals.models import LIVE, Delivered, LineStatus, Part, ReferralLine, Side
from app.web.render import Page


@dataclass(frozen=True, slots=True)
class Share:
    """One line of the plan, with what each side said last of its delivery."""

    line: ReferralLine
    reported: Delivered | None
    confirmed: Delivered | None


@dataclass(frozen=True, slots=True)
class Plan:
    shares: Sequence[Share]
    left: str
    to_convey: Sequence[Pairing]


def plan_of(page: Page, actor: Actor, need: Need) -> Plan:
    """Lay out what is under way for `need`."""
    lines = queries.plan(page.session, actor, need)
    accepted = queries.accepted_of(page.session, actor, need)
    return Plan([_share(line) for line in lines], what_is_left(lines), accepted)


def what_is_left(lines: Sequence[ReferralLine]) -> str:
    """One sentence on what nobody has taken up or delivered yet."""
    whole = [line for line in lines if line.part is Part.WHOLE]
    if any(_delivered(line) for line in whole):
        return "Nothing: it was delivered as a whole."
    if any(line.status in LIVE and not line.if_funded for line in whole):
        return "Nothing, if what is taken up is delivered."
    if any(line.status in LIVE for line in whole):
        return "The money: it is taken up as a whole, if it is funded."
    if any(line.part is Part.PART for line in lines):
        return "What is not among the parts taken up."
    if any(line.status is LineStatus.COMPLETED for line in lines):
        return "What was not delivered."
    return "Everything: nobody has taken up a part yet."


def _delivered(line: ReferralLine) -> bool:
    said = newest_outcomes(line)
    told = said.get(Side.STATE) or said.get(Side.ORGANIZATION)
    return line.status is LineStatus.COMPLETED and told is not None and told.outcome is Delivered.DELIVERED


def _share(line: ReferralLine) -> Share:
    said = newest_outcomes(line)
    told = {side: outcome.outcome for side, outcome in said.items()}
    return Share(line, told.get(Side.ORGANIZATION), told.get(Side.STATE))
