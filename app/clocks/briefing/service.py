"""Record that a briefing was given: from that day the next one is due."""

from sqlalchemy.orm import Session

from app.audit import service as audit
from app.clocks.briefing import queries
from app.clocks.briefing.models import Briefing
from app.clocks.briefing.schemas import BriefingFilter, BriefingIn
from app.core.actor import Actor
from app.core.db import utc_now
from app.core.errors import Invalid
from app.core.settings import Settings


def give(session: Session, actor: Actor, values: BriefingIn, settings: Settings) -> Briefing:
    """Record a briefing with its period. Raises Invalid for days that are to come or out of order."""
    today = utc_now().date()
    given_on = values.given_on or today
    if given_on > today:
        raise Invalid.field("/given_on", "Record a briefing once it was given")
    if values.until_on and values.until_on > given_on:
        raise Invalid.field("/to", "The period ends on the day of the briefing at the latest")
    if values.from_on and values.from_on > (values.until_on or given_on):
        raise Invalid.field("/from", "A period begins before it ends")
    wanted = BriefingFilter(from_on=values.from_on, until_on=values.until_on or given_on)
    period = queries.period_of(session, actor, wanted, settings)
    made = Briefing(
        from_on=period.from_on,
        until_on=period.until_on,
        given_on=given_on,
        note=values.note,
        recorded_by_id=actor.user_id,
    )
    session.add(made)
    session.flush()
    after = {"from": made.from_on, "to": made.until_on, "given_on": given_on, "note": made.note}
    audit.record(session, actor, "briefing.given", made, after=after)
    return made
