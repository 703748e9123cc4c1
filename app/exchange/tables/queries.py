"""Every SELECT on tables that were taken in: CTED sees them, nobody else does."""

from uuid import UUID

from sqlalchemy import Select, false, select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import NotFound
from app.exchange.tables.models import TakenTable
from app.exchange.tables.schemas import TableResult


def visible(actor: Actor) -> Select[TakenTable]:
    return select(TakenTable) if actor.is_cted else select(TakenTable).where(false())


def result(session: Session, actor: Actor, table_id: UUID) -> TableResult:
    """What became of a table's rows when it was taken in. Raises NotFound."""
    if found := session.scalar(visible(actor).where(TakenTable.id == table_id)):
        return TableResult.model_validate(found.result)
    raise NotFound("There is no such table")
