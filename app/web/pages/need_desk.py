"""What an officer has before them on the page of a need: suggestions, pairs, releases, specificity and moves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.access.clearances import queries as clearances
from app.access.clearances.models import Clearance
from app.core.actor import Actor
from app.core.http import etag_of
from app.core.paging import Paging
from app.needs import queries, release_queries, service, specificity
from app.needs.models import Need, NeedStatus, Outcome
from app.needs.periods import this_moment
from app.needs.release_schemas import Ledger
from app.needs.schemas import Specificity, SpecificityIn
from app.pairings import queries as pairings
from app.pairings import suggesting
from app.pairings.models import Reason as Code
from app.pairings.ranking import Ranking
from app.pairings.schemas import PairingFilter, PairingOut, SuggestionFilter, SuggestionOut
from app.web.explanations import Part, parts_of, printed
from app.web.pages.need_plan import Plan, plan_of
from app.web.render import Page
from app.web.words import spoken

_PROPOSED, _BELOW, _FUNDS = 10, 5, 5
REASONS = [(reason.value, spoken(reason)) for reason in Code if reason is not Code.DUPLICATE_OF]
OUTCOMES = [(one.value, spoken(one)) for one in Outcome if one is not Outcome.DUPLICATE]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A suggestion with its score taken apart, and the stored pair where there is one."""

    suggestion: SuggestionOut
    parts: Sequence[Part]
    score: str
    pairing: PairingOut | None


@dataclass(frozen=True, slots=True)
class Desk:
    version: str
    proposed: Sequence[Candidate]
    below: Sequence[Candidate]
    gated: Sequence[Candidate]
    asked_gated: bool
    funds: Sequence[Candidate]
    left_out: Sequence[PairingOut]
    others: Sequence[PairingOut]
    ledger: Ledger
    held: Sequence[Clearance]
    plan: Plan
    specificity: Specificity
    moves: Sequence[NeedStatus]
    model: str
    reasons: Sequence[tuple[str, str]]
    outcomes: Sequence[tuple[str, str]]


def desk(page: Page, actor: Actor, ranking: Ranking, need: Need, gated: bool) -> Desk:
    """Lay out everything about `need`; `gated` adds the programmes that a fact shuts out."""
    session = page.session
    wanted = SuggestionFilter(k=_PROPOSED + _BELOW, include_ineligible=gated)
    found = suggesting.for_need(session, actor, ranking, need, wanted)
    stored, _ = pairings.page(session, actor, PairingFilter(need=[need.ref]), Paging(limit=200))
    by_id = {pairing.id: pairing for pairing in stored}
    rows = [_candidate(one, by_id) for one in found.items]
    proposed = [row for row in rows if row.suggestion.proposed][:_PROPOSED]
    below = [row for row in rows if row.suggestion.rank and not row.suggestion.proposed][:_BELOW]
    shut_out = [row for row in rows if not row.suggestion.rank]
    shown = {row.pairing.id for row in (*proposed, *below, *shut_out) if row.pairing}
    return Desk(
        version=etag_of(need.version),
        proposed=proposed,
        below=below,
        gated=shut_out,
        asked_gated=gated,
        funds=[_candidate(one, by_id) for one in found.ways_to_pay[:_FUNDS]],
        left_out=[pairing for pairing in stored if pairing.left_out],
        others=[pairing for pairing in stored if pairing.id not in shown and not pairing.left_out],
        ledger=release_queries.ledger(session, actor, need, this_moment()),
        held=clearances.waiting_about(session, actor, need.ref),
        plan=plan_of(page, actor, need),
        specificity=_specificity(page, actor, need),
        moves=[status for status in NeedStatus if status in service.MOVES[need.status]],
        model=found.model,
        reasons=REASONS,
        outcomes=OUTCOMES,
    )


def _candidate(one: SuggestionOut, by_id: Mapping[UUID, PairingOut]) -> Candidate:
    parts = parts_of(one.contributions or [], one.score)
    pairing = by_id.get(one.pairing) if one.pairing else None
    return Candidate(one, parts, printed(one.score), pairing)


def _specificity(page: Page, actor: Actor, need: Need) -> Specificity:
    said = queries.get(page.session, actor, need.ref)
    values = {name: getattr(said, name) for name in SpecificityIn.model_fields}
    threshold = page.request.app.state.settings.specificity_threshold
    return specificity.check(SpecificityIn.model_validate(values), threshold)
