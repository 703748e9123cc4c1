"""What the page of a need says of money: whether it is ready to fund, interests in it, who may be named for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.actor import Actor, Role
from app.interest import funding, naming_queries, queries
from app.interest.models import InterestKind
from app.interest.schemas import Funding, InterestOut, NamingOut
from app.needs import queries as needs
from app.web.render import Page
from app.web.words import spoken

KINDS = [(kind.value, spoken(kind).capitalize()) for kind in InterestKind]


@dataclass(frozen=True, slots=True)
class Money:
    """`funding` is None for partners; `may_agree` says whether an organization takes part and is not named yet."""

    funding: Funding | None
    interests: Sequence[InterestOut]
    named: Sequence[NamingOut]
    may_agree: bool
    kinds: Sequence[tuple[str, str]]
    working_days: int

    @property
    def is_open(self) -> bool:
        """Whether the delegation has an interest that is not ended."""
        return any(one.moves for one in self.interests)


def money_of(page: Page, actor: Actor, ref: str) -> Money:
    """Lay out for the actor what it may know of the money for a need that it sees."""
    session = page.session
    need_id = needs.id_of(session, actor, ref)
    interests = queries.of_need(session, actor, need_id)
    days = page.request.app.state.settings.interest_working_days
    named = naming_queries.of_need(session, actor, need_id)
    may_agree = not named and naming_queries.is_part_of(session, need_id, actor.organization_id)
    return Money(
        funding=funding.of_need(session, actor, ref) if actor.role is not Role.PARTNER else None,
        interests=queries.shown(session, actor, interests, days),
        named=[naming_queries.shown(one) for one in named],
        may_agree=actor.role is Role.PARTNER and may_agree,
        kinds=KINDS,
        working_days=days,
    )
