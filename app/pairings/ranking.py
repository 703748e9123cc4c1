"""The only bridge to the matching library: rows become its values, and one index of programmes stays current."""

import copy
import threading
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from math import fsum
from pathlib import Path
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, selectinload

from app.audit.models import AuditEvent
from app.audit.service import newest_number
from app.core.db import utc_now
from app.core.errors import Unavailable
from app.needs.models import NeedRevision
from app.organizations.models import Membership, Organization
from app.programmes.models import Freshness, Programme, ProgrammeKind
from app.programmes.queries import freshness
from app.vocabularies.models import Term
from matching import KnowledgeError, Matcher, Model, Place, Suggestion, load_model
from matching import Need as StatedNeed
from matching import Programme as Candidate
from matching.knowledge import Membership as Member

__all__ = [
    "FULL_RUN",
    "Index",
    "Model",
    "Place",
    "Ranking",
    "StatedNeed",
    "Suggestion",
    "stated",
]
FULL_RUN = "match_run.begun_full"
PROPOSED = 10
_REFIT_AT_LEAST = 50
_REFIT_SHARE = 5


@dataclass(frozen=True, slots=True, eq=False)
class _Surroundings:
    """What programmes and needs are placed in: who is a member of which body today, and invented States."""

    day: date
    members: tuple[Member, ...]
    invented: Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """The programmes as they were at one audit event. It never changes: an update makes another one."""

    matcher: Matcher
    candidates: Mapping[UUID, Candidate]
    surroundings: _Surroundings
    seen: int
    changed: int = 0

    @property
    def day(self) -> date:
        return self.surroundings.day

    @property
    def model(self) -> Model:
        return self.matcher.model

    def suggest(self, need: StatedNeed, limit: int, include_ineligible: bool = False) -> list[Suggestion]:
        """Programmes for a need, best first; with those that a gate shuts out last where they are asked for."""
        found = self.matcher.suggest(need, limit, self.day, include_ineligible)
        return [one for one in found if one.rank or self._kind(UUID(one.programme_id)) != ProgrammeKind.FUND]

    def propose(self, need: StatedNeed) -> list[Suggestion]:
        """What is proposed for a need: at most ten, eligible and above the floor."""
        return self.matcher.propose(need, PROPOSED, self.day)

    def is_among_best(self, need: StatedNeed, programme_id: UUID) -> bool:
        """Whether a programme is one of the ten that could be proposed; much cheaper than `propose`."""
        best = self.matcher.rank(need, PROPOSED, self.day)
        return any(found == str(programme_id) for found, _ in best)

    def explain(self, need: StatedNeed, programme_id: UUID) -> Suggestion | None:
        """The score of any programme, gated or not, with its reasons; None for one that is not known here."""
        known = programme_id in self.candidates
        return self.matcher.explain(need, str(programme_id), self.day) if known else None

    def place(self, need: StatedNeed, programme_id: UUID) -> int:
        """The rank of a programme among all that are eligible; 0 for one that has none."""
        everything = self.matcher.rank(need, len(self.candidates), self.day)
        return next((n for n, (key, _) in enumerate(everything, 1) if key == str(programme_id)), 0)

    def why_not(self, suggestion: Suggestion) -> list[str]:
        """In words, what keeps a programme from being proposed; nothing where it would be."""
        found = [gate.detail for gate in suggestion.gates if not gate.passed]
        elsewhere = fsum(part.weight for part in suggestion.contributions if part.kind != "geography")
        if suggestion.score < self.model.floor:
            found.append(f"its score {suggestion.score:.3f} is below the floor {self.model.floor:g}")
        if elsewhere < self.model.floor_without_geography:
            least = self.model.floor_without_geography
            found.append(f"without geography it scores {elsewhere:.3f}, below the floor {least:g} for that")
        if not (found or suggestion.proposed):
            found.append("it does not cover the recipient")
        if suggestion.rank > PROPOSED:
            found.append(f"it ranks {suggestion.rank}, and at most {PROPOSED} are proposed")
        return found

    def ways_to_pay(self, need: StatedNeed, limit: int) -> list[Suggestion]:
        """Funds that no other gate shuts out, best first: shown apart and never proposed."""
        funds = [key for key in self.candidates if self._kind(key) == ProgrammeKind.FUND]
        explained = [self.matcher.explain(need, str(key), self.day) for key in funds]
        fitting = [
            one
            for one in explained
            if one.score > 0 and all(gate.passed or gate.gate == "fund" for gate in one.gates)
        ]
        return sorted(fitting, key=lambda one: (-one.score, one.programme_id))[:limit]

    def _kind(self, programme_id: UUID) -> str:
        return self.candidates[programme_id].kind


class Ranking:
    """One process's index of the programmes of one database.

    Each use asks the audit trail for its newest event and first takes in what changed since the last use, so
    that several processes agree after every change. Word statistics are those of the last fit; a full run
    makes every process fit again. Use a session that has not itself changed programmes.
    """

    def __init__(self, folder: Path) -> None:
        """`folder` may hold an installed system's own glossary, taxonomy, cues and model.json."""
        self._folder = folder
        self._lock = threading.Lock()
        self._model: Model | None = None
        self._index: Index | None = None

    @property
    def model(self) -> Model:
        """The model in force. Raises Unavailable, naming file and line, where the folder's own cannot be read."""
        if self._model is None:
            try:
                self._model = load_model(self._folder)
            except KnowledgeError as error:
                raise Unavailable(f"The matcher's files in the data folder cannot be read: {error}") from None
        return self._model

    def current(self, session: Session, refit: bool = False) -> Index:
        """The index as of the newest event that `session` sees, or a later one. `refit` makes it anew."""
        with self._lock:
            newest, today = newest_number(session), utc_now().date()
            if self._index is None or refit:
                self._index = self._fitted(session, newest, _surroundings(session, self.model, today))
            elif newest > self._index.seen or today != self._index.day:
                self._index = self._updated(session, self._index, newest, today)
            return self._index

    def _fitted(self, session: Session, newest: int, around: _Surroundings) -> Index:
        candidates = _candidates(session, around.day)
        geography = replace(self.model.geography, memberships=around.members)
        placed = replace(self.model, geography=geography)
        return Index(Matcher(candidates.values(), placed, around.invented), candidates, around, newest)

    def _updated(self, session: Session, index: Index, newest: int, today: date) -> Index:
        """Take in what events name; fit anew where much changed, or what places are made of."""
        changed = _changed_since(session, index.seen)
        if changed.is_nothing and today == index.day:
            return replace(index, seen=newest)
        around = _surroundings(session, self.model, today)
        limit = max(_REFIT_AT_LEAST, len(index.candidates) // _REFIT_SHARE)
        too_many = index.changed + len(changed.programmes) > limit
        if changed.full_run or too_many or not _alike(around, index.surroundings):
            return self._fitted(session, newest, around)
        wanted = changed.programmes if today == index.day else None
        return _taken_in(index, _candidates(session, today, wanted), around, newest)


def stated(need_id: object, revision: NeedRevision) -> StatedNeed:
    """A need as the matcher reads it; codes that nobody confirmed are left to be inferred."""
    rows = [(code.field, code.code) for code in revision.codes]
    codes = _by_field(row for row in rows if ":".join(row) not in revision.unconfirmed)
    body = revision.members_of
    return StatedNeed(
        id=str(need_id),
        title=revision.title,
        text=revision.description,
        language=revision.language,
        translations=_translations(revision),
        themes=codes.get("themes", ()),
        dimensions=codes.get("dimensions", ()),
        functions=codes.get("functions", ()),
        weapons=codes.get("weapons", ()),
        assistance_types=codes.get("assistance_types", ()),
        recipient=Place(
            countries=codes.get("countries", ()),
            regions=(revision.region,) if revision.region else (),
            members_of=(body.ref,) if body else (),
            context=revision.context,
        ),
    )


def _translations(revision: NeedRevision) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (language, str(text.get("title") or ""), str(text.get("description") or ""))
        for language, text in sorted(revision.translations.items())
    )


def _candidates(session: Session, on: date, ids: Collection[UUID] | None = None) -> dict[UUID, Candidate]:
    """Programmes as the matcher reads them on a day: all, or those named."""
    statement = select(Programme).options(selectinload(Programme.codes), selectinload(Programme.members_of))
    if ids is not None:
        statement = statement.where(Programme.id.in_(ids))
    rows = session.scalars(statement.execution_options(populate_existing=True))
    return {programme.id: _candidate(programme, on) for programme in rows}


def _candidate(programme: Programme, on: date) -> Candidate:
    codes = _by_field((code.field, code.code) for code in programme.codes)
    state = freshness(programme, on)
    return Candidate(
        id=str(programme.id),
        title=programme.title,
        summary=programme.summary,
        activities=tuple(programme.activities),
        language=programme.language,
        themes=codes.get("themes", ()),
        dimensions=codes.get("dimensions", ()),
        functions=codes.get("functions", ()),
        weapons=codes.get("weapons", ()),
        assistance_types=codes.get("assistance_types", ()),
        coverage=Place(
            countries=codes.get("countries", ()),
            regions=codes.get("regions", ()),
            members_of=tuple(sorted(body.ref for body in programme.members_of)),
            is_global=programme.is_global,
        ),
        excluded=codes.get("excluded", ()),
        kind=programme.kind.value,
        status=programme.status.value,
        starts_on=programme.actual_starts_on or programme.starts_on,
        ends_on=programme.actual_ends_on or programme.ends_on,
        stale=state is Freshness.STALE,
        overdue=state is Freshness.OVERDUE,
    )


def _by_field(rows: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    fields: dict[str, tuple[str, ...]] = {}
    for field, code in rows:
        fields[field] = (*fields.get(field, ()), code)
    return fields


def _surroundings(session: Session, model: Model, today: date) -> _Surroundings:
    """Memberships valid today, as rows of the database say, and States that the model does not know."""
    valid = select(Organization.ref, Membership.country_code).join(
        Organization, Organization.id == Membership.organization_id
    )
    valid = valid.where(or_(Membership.from_on.is_(None), Membership.from_on <= today)).where(
        or_(Membership.until_on.is_(None), Membership.until_on > today)
    )
    rows = session.execute(valid.distinct().order_by(Organization.ref, Membership.country_code))
    members = tuple(Member(row.ref, row.country_code, None, None, "") for row in rows)
    countries = session.execute(select(Term.code, Term.parent).where(Term.kind == "country"))
    invented = {
        row.code: row.parent for row in countries if row.parent and row.code not in model.geography.countries
    }
    return _Surroundings(today, members, invented)


def _alike(one: _Surroundings, other: _Surroundings) -> bool:
    return one.members == other.members and one.invented == other.invented


@dataclass(frozen=True, slots=True)
class _Changed:
    programmes: frozenset[UUID]
    places: bool
    full_run: bool

    @property
    def is_nothing(self) -> bool:
        return not (self.programmes or self.places or self.full_run)


def _changed_since(session: Session, seen: int) -> _Changed:
    """What the events after `seen` say: programmes, organizations (whose members places depend on), a full run."""
    subjects = [Programme.__name__, Organization.__name__]
    relevant = or_(AuditEvent.subject_type.in_(subjects), AuditEvent.action == FULL_RUN)
    columns = select(AuditEvent.subject_type, AuditEvent.subject_id, AuditEvent.action)
    events = session.execute(columns.where(AuditEvent.number > seen, relevant)).all()
    return _Changed(
        frozenset(UUID(event.subject_id) for event in events if event.subject_type == Programme.__name__),
        any(event.subject_type == Organization.__name__ for event in events),
        any(event.action == FULL_RUN for event in events),
    )


def _taken_in(index: Index, read: Mapping[UUID, Candidate], around: _Surroundings, newest: int) -> Index:
    """A copy of `index` with the candidates that differ; readers of the old one are not disturbed."""
    different = [candidate for key, candidate in read.items() if index.candidates.get(key) != candidate]
    matcher = copy.copy(index.matcher)  # its state is replaced, never changed: the copy goes its own way
    for candidate in different:
        matcher.upsert(candidate)
    candidates = {**index.candidates, **read}
    return Index(matcher, candidates, around, newest, index.changed + len(different))
