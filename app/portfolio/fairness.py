"""How evenly needs are answered, by region and by theme: with the numbers behind it, and no State's name."""

from collections.abc import Sequence
from datetime import datetime
from statistics import median
from typing import Any

from sqlalchemy import Select, Subquery, and_, case, func, literal, or_, select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.needs.models import Need, NeedCode, NeedRevision, Outcome
from app.needs.queries import visible
from app.portfolio.openings import first_opened
from app.portfolio.schemas import Fairness, Share
from app.referrals.models import LineStatus, ReferralLine
from app.referrals.queries import lines
from app.vocabularies.models import Term

_SECONDS = 86_400


def fairness(session: Session, actor: Actor) -> Fairness:
    """Every need that was ever opened, but those merged into another. Officers alone.

    Referred: a letter about it went to an organization and was not retracted. Answered: one took it up.
    """
    return Fairness(
        all=_shares(session, _needs(actor).add_columns(literal("all").label("code")))[0],
        regions=_by(session, actor, "regions", "region"),
        themes=_by(session, actor, "themes", "theme"),
    )


def _by(session: Session, actor: Actor, field: str, kind: str) -> list[Share]:
    """The shares of each code of a field, in the vocabulary's own order: it ranks nobody."""
    coded = and_(NeedCode.revision_id == NeedRevision.id, NeedCode.field == field)
    found = _shares(session, _needs(actor).join(NeedCode, coded).add_columns(NeedCode.code.label("code")))
    places = session.execute(select(Term.code, Term.position).where(Term.kind == kind))
    order: dict[str, int] = {row[0]: row[1] for row in places}
    return sorted(found, key=lambda share: (order.get(share.code, 0), share.code))


def _needs(actor: Actor) -> Select[*tuple[Any, ...]]:
    """(opened, referred, answered) of each need: days of its opening and first referral, and whether it was."""
    opened, sent = first_opened(), _lines(actor)
    shown = visible(actor).with_only_columns(
        opened.c.at.label("opened"), sent.c.referred, func.coalesce(sent.c.answered, 0).label("answered")
    )
    counted = shown.join(opened, opened.c.need_id == Need.id).outerjoin(sent, sent.c.need_id == Need.id)
    return counted.where(or_(Need.outcome.is_(None), Need.outcome != Outcome.DUPLICATE))


def _lines(actor: Actor) -> Subquery:
    taken_up = case((ReferralLine.part.is_not(None), 1), else_=0)
    first = func.min(ReferralLine.conveyed_at).label("referred")
    each = lines(actor).with_only_columns(ReferralLine.need_id, first, func.max(taken_up).label("answered"))
    kept = each.where(ReferralLine.status != LineStatus.RETRACTED)
    return kept.group_by(ReferralLine.need_id).subquery("lines")


def _shares(session: Session, needs: Select[*tuple[Any, ...]]) -> list[Share]:
    """Count in the database; the days of those that were referred are read for their median."""
    rows = needs.subquery()
    count = func.count()
    referred = func.count(rows.c.referred)
    counted = session.execute(
        select(rows.c.code, count, referred, func.sum(rows.c.answered)).group_by(rows.c.code)
    ).all()
    waited = select(rows.c.code, rows.c.opened, rows.c.referred).where(rows.c.referred.is_not(None))
    days: dict[str, list[float]] = {}
    for code, opened, first in session.execute(waited):
        days.setdefault(code, []).append(_days(opened, first))
    found = [
        _share(code, number, sent, int(taken or 0), days.get(code, [])) for code, number, sent, taken in counted
    ]
    return found or [_share("all", 0, 0, 0, [])]


def _share(code: str, number: int, referred: int, answered: int, days: Sequence[float]) -> Share:
    return Share(
        code=code,
        needs=number,
        referred=referred,
        answered=answered,
        share_referred=referred / number if number else 0.0,
        share_answered=answered / number if number else 0.0,
        median_days=median(days) if days else None,
    )


def _days(opened: datetime, referred: datetime) -> float:
    """Whole days from opening to referral; a need referred before a second opening counts as none."""
    return max(0, int((referred - opened).total_seconds() // _SECONDS))
