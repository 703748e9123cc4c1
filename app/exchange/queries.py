"""Every SELECT on imports: CTED sees all of them, a partner those of its organization."""

from uuid import UUID

from sqlalchemy import Select, false, select
from sqlalchemy.orm import Session, defer

from app.core.actor import Actor, Role
from app.core.errors import NotFound
from app.core.paging import Found, Key, Paging, paginate
from app.exchange.models import Import
from app.exchange.schemas import CellError, ImportListing, ImportOut


def visible(actor: Actor) -> Select[Import]:
    if actor.is_cted:
        return select(Import)
    own = Import.organization_id == actor.organization_id
    return select(Import).where(own if actor.role is Role.PARTNER else false())


def page(session: Session, actor: Actor, wanted: ImportListing) -> Found:
    """One page of imports, the newest first."""
    statement = visible(actor).options(defer(Import.refused_rows))
    if wanted.kind:
        statement = statement.where(Import.kind.in_(wanted.kind))
    paging = Paging(wanted.limit, wanted.cursor, wanted.count)
    return paginate(session, statement, [Key(Import.at, descending=True), Key(Import.id)], paging)


def get(session: Session, actor: Actor, import_id: UUID) -> Import:
    """Return one import. Raises NotFound."""
    if found := session.scalar(visible(actor).where(Import.id == import_id)):
        return found
    raise NotFound("There is no such import")


def shown(batch: Import) -> ImportOut:
    refused = f"/api/v1/imports/{batch.id}/refused-rows" if batch.refused else None
    plain = {
        name: getattr(batch, name) for name in ImportOut.model_fields if name not in {"errors", "refused_rows"}
    }
    return ImportOut(
        **plain, errors=[CellError.model_validate(error) for error in batch.errors], refused_rows=refused
    )
