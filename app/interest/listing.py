"""The list of needs with what this layer can ask of them: which are ready to fund."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.paging import Paging
from app.interest import funding
from app.interest.schemas import NeedQuery
from app.needs import queries as needs
from app.needs.filters import Sight
from app.needs.schemas import NeedPage, NeedView


def listed(session: Session, actor: Actor, wanted: NeedQuery, paging: Paging, facets: bool = False) -> NeedPage:
    """One page of the needs that the actor sees and `wanted` asks for.

    Raises NotPermitted for a filter that the role does not have, Invalid for codes that do not exist.
    """
    return needs.listed(session, actor, wanted, paging, facets, _further(actor, wanted))


def newest(session: Session, actor: Actor, wanted: NeedQuery, limit: int) -> list[tuple[NeedView, datetime]]:
    """The newest of them, each with when it was last shown otherwise. Raises what `listed` raises."""
    return needs.newest(session, actor, wanted, limit, _further(actor, wanted))


def _further(actor: Actor, wanted: NeedQuery) -> needs.Further | None:
    if not wanted.ready_to_fund:
        return None
    funding.refuse_foreign(actor)

    def conditions(sight: Sight) -> Mapping[str, ColumnElement[bool]]:
        return {"ready_to_fund": funding.is_ready(sight)}

    return conditions
