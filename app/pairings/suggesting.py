"""Answers which programmes fit a need or a text, and why one does not: computed on request, never stored."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session, joinedload, selectinload

from app.core.actor import Actor
from app.core.errors import Invalid, NotFound
from app.needs.models import Need
from app.needs.schemas import Recipient
from app.organizations.queries import by_ref
from app.pairings import queries
from app.pairings.models import Pairing, PairingStatus
from app.pairings.ranking import Index, Model, Place, Ranking, StatedNeed, Suggestion, stated
from app.pairings.schemas import (
    ContributionOut,
    GateOut,
    GroupWeight,
    ModelOut,
    ProgrammeCard,
    SuggestionFilter,
    SuggestionIn,
    SuggestionOut,
    Suggestions,
)
from app.pairings.service import newest_revision
from app.programmes.models import Programme
from app.programmes.queries import freshness
from app.programmes.queries import visible as visible_programmes
from app.programmes.schemas import CoverageOut
from app.vocabularies.queries import check_code, check_codes

_CODED = {
    "themes": "theme",
    "dimensions": "dimension",
    "functions": "function",
    "weapons": "weapon",
    "assistance_types": "assistance_type",
}
_MEANINGS = {
    "text": "words that both texts use, rare ones counting more",
    "concept": "concepts of the glossary that both texts name, in any of the six languages",
    "theme": "themes that both sides state or speak of",
    "dimension": "legislative, strategic or operational work on both sides",
    "function": "to prevent, detect or counter on both sides",
    "weapon": "weapon categories on both sides",
    "assistance": "kinds of assistance wanted and offered",
    "geography": "whether the programme covers the recipient, or a part of it",
}


def for_need(
    session: Session, actor: Actor, ranking: Ranking, need: Need, wanted: SuggestionFilter
) -> Suggestions:
    """Programmes for a stored need. Raises NotFound for a programme asked for by name that does not exist."""
    said = stated(need.id, newest_revision(session, need))
    return _answer(session, actor, ranking.current(session), said, need, wanted)


def for_text(
    session: Session, actor: Actor, ranking: Ranking, values: SuggestionIn, wanted: SuggestionFilter
) -> Suggestions:
    """Programmes for a text that is not stored. Raises Invalid for an empty text or an unknown code."""
    if not (values.title or values.description):
        raise Invalid.field("/description", "Send a title, a description or both")
    check_code(session, "language", values.language, "/language")
    for name, kind in _CODED.items():
        check_codes(session, kind, getattr(values, name), f"/{name}")
    said = StatedNeed(
        id="",
        title=values.title,
        text=values.description,
        language=values.language,
        **{name: tuple(getattr(values, name)) for name in _CODED},
        recipient=_place(session, values.recipient),
    )
    return _answer(session, actor, ranking.current(session), said, None, wanted)


def model_in_force(session: Session, ranking: Ranking) -> ModelOut:
    """What scores depend on besides the records, in words."""
    model = ranking.in_force(session)
    weights = [GroupWeight(group=g, weight=w, meaning=_MEANINGS.get(g, g)) for g, w in model.weights.items()]
    return ModelOut(
        name=model.name,
        fingerprint=model.fingerprint,
        installed=ranking.installed.name,
        weights=weights,
        floor=model.floor,
        floor_without_geography=model.floor_without_geography,
        floors=_floors(model),
        concepts=len(model.glossary),
        themes=len(model.taxonomy.themes),
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    """What is stored about the programmes of an answer, and the index that it came from."""

    index: Index
    programmes: Mapping[UUID, Programme]
    pairings: Mapping[UUID, tuple[UUID, PairingStatus]]


def _answer(
    session: Session, actor: Actor, index: Index, said: StatedNeed, need: Need | None, wanted: SuggestionFilter
) -> Suggestions:
    if wanted.programme:
        items, funds = [_explained(session, actor, index, said, wanted.programme)], []
    else:
        items = index.suggest(said, wanted.k, wanted.include_ineligible)
        funds = index.ways_to_pay(said, wanted.k)
    rows = _rows(session, actor, [UUID(one.programme_id) for one in (*items, *funds)], need, index)
    return Suggestions(
        need=need.ref if need else None,
        model=index.model.name,
        items=_shown(items, rows, wanted.explain),
        ways_to_pay=_shown(funds, rows, wanted.explain),
    )


def _explained(session: Session, actor: Actor, index: Index, said: StatedNeed, ref: str) -> Suggestion:
    """The one programme that was asked for, with its rank among all where no gate shuts it out."""
    programme_id = session.scalar(
        visible_programmes(actor, index.day).with_only_columns(Programme.id).where(Programme.ref == ref)
    )
    found = index.explain(said, programme_id) if programme_id else None
    if found is None or programme_id is None:
        raise NotFound("There is no such programme")
    return replace(found, rank=index.place(said, programme_id))


def _rows(session: Session, actor: Actor, ids: Sequence[UUID], need: Need | None, index: Index) -> _Rows:
    """Read them as they are; one that this session does not see yet is left out of the answer."""
    on = index.day
    loaded = visible_programmes(actor, on).options(
        joinedload(Programme.organization), selectinload(Programme.codes), selectinload(Programme.members_of)
    )
    programmes = {each.id: each for each in session.scalars(loaded.where(Programme.id.in_(ids)))}
    stored = queries.visible(actor).where(Pairing.need_id == need.id) if need else None
    pairs = session.scalars(stored.where(Pairing.programme_id.in_(ids))) if stored is not None else ()
    paired = {each.programme_id: (each.id, queries.status_on(each, on)) for each in pairs}
    return _Rows(index, programmes, paired)


def _shown(suggestions: Iterable[Suggestion], rows: _Rows, explain: bool) -> list[SuggestionOut]:
    known = [(one, UUID(one.programme_id)) for one in suggestions]
    return [_suggestion(one, rows, key, explain) for one, key in known if key in rows.programmes]


def _suggestion(one: Suggestion, rows: _Rows, key: UUID, explain: bool) -> SuggestionOut:
    pairing, status = rows.pairings.get(key, (None, None))
    return SuggestionOut(
        programme=_card(rows.programmes[key], rows.index.day),
        rank=one.rank or None,
        score=one.score,
        proposed=one.proposed,
        contributions=[ContributionOut.model_validate(part) for part in one.contributions] if explain else None,
        gates=[GateOut(gate=gate.gate, passed=gate.passed, detail=gate.detail) for gate in one.gates],
        model=one.model,
        why_not=rows.index.why_not(one),
        pairing=pairing,
        pairing_status=status,
    )


def _card(programme: Programme, on: date) -> ProgrammeCard:
    codes = {field: [c.code for c in programme.codes if c.field == field] for field in ("regions", "countries")}
    return ProgrammeCard(
        ref=programme.ref,
        title=programme.title,
        organization=programme.organization.ref,
        kind=programme.kind,
        coverage=CoverageOut(
            is_global=programme.is_global,
            regions=codes["regions"],
            countries=codes["countries"],
            members_of=sorted(body.ref for body in programme.members_of),
        ),
        freshness=freshness(programme, on),
        assured_until=programme.assured_until,
        ends_on=programme.actual_ends_on or programme.ends_on,
        applies=programme.applicant,
        calls_open_on=programme.calls_open_on,
        calls_close_on=programme.calls_close_on,
    )


def _place(session: Session, recipient: Recipient | None) -> Place | None:
    if recipient is None:
        return None
    check_codes(session, "country", recipient.countries or [], "/recipient/countries")
    check_code(session, "region", recipient.region, "/recipient/region")
    if recipient.members_of and by_ref(session, recipient.members_of) is None:
        raise Invalid.field("/recipient/members_of", "There is no such organization")
    return Place(
        countries=tuple(recipient.countries or ()),
        regions=(recipient.region,) if recipient.region else (),
        members_of=(recipient.members_of,) if recipient.members_of else (),
        context=recipient.context,
    )


def _floors(model: Model) -> str:
    return (
        f"A programme is proposed when its score reaches {model.floor:g}, when it reaches "
        f"{model.floor_without_geography:g} without what geography adds, when it covers at least a part of the "
        "recipient, and when it passes every gate."
    )
