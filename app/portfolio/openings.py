"""When needs were opened, read from their dated status history: what the portfolio's ages count from."""

from datetime import datetime

from sqlalchemy import Function, Subquery, func, select

from app.needs.models import NeedStatus, NeedStatusChange


def opened() -> Subquery:
    """(need_id, at) of the newest opening: a need that was on hold or reopened counts from there."""
    return _at(func.max(NeedStatusChange.at), "opened")


def first_opened() -> Subquery:
    """(need_id, at) of the first opening ever."""
    return _at(func.min(NeedStatusChange.at), "first_opened")


def _at(which: Function[datetime], name: str) -> Subquery:
    found = select(NeedStatusChange.need_id, which.label("at")).where(NeedStatusChange.status == NeedStatus.OPEN)
    return found.group_by(NeedStatusChange.need_id).subquery(name)
