"""When needs were opened, read from their dated status history: what every clock of the portfolio counts from."""

from sqlalchemy import Subquery, func, select

from app.needs.models import NeedStatus, NeedStatusChange


def opened() -> Subquery:
    """(need_id, at) of the present opening: the first one since the need was last a draft.

    A need that was put on hold and resumed is still as old as it was.
    """
    change = NeedStatusChange
    drafted = select(change.need_id, func.max(change.id).label("id")).where(change.status == NeedStatus.DRAFT)
    last_draft = drafted.group_by(change.need_id).subquery()
    since = select(change.need_id, func.min(change.at).label("at"))
    since = since.outerjoin(last_draft, last_draft.c.need_id == change.need_id)
    later = (change.status == NeedStatus.OPEN) & (change.id > func.coalesce(last_draft.c.id, 0))
    return since.where(later).group_by(change.need_id).subquery("opened")


def first_opened() -> Subquery:
    """(need_id, at) of the first opening ever."""
    change = NeedStatusChange
    first = select(change.need_id, func.min(change.at).label("at")).where(change.status == NeedStatus.OPEN)
    return first.group_by(change.need_id).subquery("first_opened")
