"""The needs that are like a partner's own programmes: the same matcher, over what is released to it alone."""

from collections.abc import Sequence
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.paging import Paging
from app.needs import queries as needs
from app.needs.models import NeedStatus
from app.needs.schemas import NeedFilter, NeedFull, NeedSummary
from app.pairings.offers import queries
from app.pairings.offers.schemas import LikeMine, NeedsLikeMine, OfferStatus
from app.pairings.ranking import Index, Place, Ranking, StatedNeed
from app.pairings.schemas import ContributionOut, Named
from app.programmes.models import Programme, ProgrammeKind
from app.programmes.queries import is_live, visible

MOST_COMPARED = 2_000
MOST_PROGRAMMES = 200
_CODED = ("themes", "dimensions", "functions", "weapons")


def needs_like_mine(session: Session, actor: Actor, ranking: Ranking, limit: int) -> NeedsLikeMine:
    """At most `limit` open needs that the actor sees, each with the own live programme most like it.

    The newest MOST_COMPARED needs are compared with up to MOST_PROGRAMMES programmes. A need's released fields
    are all that is read of it: a summary has no description and no State to be alike by.
    """
    index = ranking.current(session)
    offered = [own for own in _own(session, actor, index) if own.id in index.candidates]
    seen = _released(session, actor) if offered else []
    stated = [as_shown(need) for need in seen]
    pairs = _best(index, stated, [own.id for own in offered], limit)
    standing = queries.standing(session, actor, [own.id for own in offered])
    found = [_like(index, seen[n], stated[n], offered[m], standing) for n, m in pairs]
    return NeedsLikeMine(items=found, compared=len(seen), model=index.model.name)


def as_shown(need: NeedSummary) -> StatedNeed:
    """A need as the matcher reads what is released of it."""
    full = need if isinstance(need, NeedFull) else None
    texts = sorted(need.translations.items())
    recipient = full.recipient if full else {}
    regions = [recipient["region"]] if "region" in recipient else [] if full else need.regions
    return StatedNeed(
        id=need.ref,
        title=need.title,
        text=full.description if full else "",
        language=need.language,
        translations=tuple((one, str(said["title"]), str(said.get("description") or "")) for one, said in texts),
        **{name: tuple(getattr(need, name)) for name in _CODED},
        assistance_types=tuple(full.assistance_types) if full else (),
        recipient=Place(
            countries=tuple(recipient.get("countries", ())),
            regions=tuple(regions),
            members_of=tuple(filter(None, [recipient.get("members_of")])),
            context=str(recipient.get("context") or ""),
        ),
    )


def _own(session: Session, actor: Actor, index: Index) -> Sequence[Programme]:
    own = visible(actor, index.day).where(Programme.organization_id == actor.organization_id)
    kinds = Programme.kind != ProgrammeKind.FUND
    ordered = own.where(is_live(index.day), kinds).order_by(Programme.changed_at.desc(), Programme.id)
    return session.scalars(ordered.limit(MOST_PROGRAMMES)).all()


def _released(session: Session, actor: Actor) -> list[NeedSummary]:
    """The open needs that the actor sees, the newest first, as far as MOST_COMPARED."""
    wanted, cursor = NeedFilter(status=[NeedStatus.OPEN]), None
    found: list[NeedSummary] = []
    while len(found) < MOST_COMPARED:
        page = needs.listed(session, actor, wanted, Paging(200, cursor))
        found += page.items
        if (cursor := page.next) is None:
            break
    return found


def _best(index: Index, stated: Sequence[StatedNeed], ids: Sequence[UUID], limit: int) -> list[tuple[int, int]]:
    """(need, programme) by their places: for each need its best programme that no gate shuts out, best first."""
    if not (stated and ids):
        return []
    scores = index.scores(stated, ids)
    best = scores.argmax(axis=1)
    highest = scores[np.arange(len(stated)), best]
    order = np.argsort(-highest, kind="stable")[:limit]
    return [(int(n), int(best[n])) for n in order if highest[n] > 0]


def _like(
    index: Index,
    need: NeedSummary,
    stated: StatedNeed,
    programme: Programme,
    standing: dict[tuple[str, UUID], OfferStatus],
) -> LikeMine:
    explained = index.explain(stated, programme.id)
    assert explained is not None  # `_own` named what the index holds
    return LikeMine(
        need=need,
        programme=Named(ref=programme.ref, title=programme.title),
        score=explained.score,
        proposed=explained.proposed,
        contributions=[ContributionOut.model_validate(part) for part in explained.contributions],
        offered=standing.get((need.ref, programme.id)),
    )
