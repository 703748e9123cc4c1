"""Keeps a process's index at the newest audit event, by which several processes agree."""

import copy
import gc
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.audit.models import AuditEvent
from app.audit.service import newest_number
from app.core.db import utc_now
from app.core.errors import Unavailable
from app.organizations.models import Organization
from app.pairings.capacity import full_now
from app.pairings.model_candidates import ModelCandidate, in_force
from app.pairings.ranking.index import Index
from app.pairings.ranking.rows import Surroundings, candidates, surroundings
from app.programmes.models import Programme
from matching import KnowledgeError, Matcher, Model, load_model
from matching import Programme as Candidate

FULL_RUN = "match_run.begun_full"
PROPOSALS = "match.proposed"
MODEL_CHANGED = "model.activated"
SMALL = 500
RARELY = (50_000, 20, 20)


class Ranking:
    """One process's index of the programmes of one database.

    Each use asks the audit trail for its newest event and first takes in what changed since the last use, so
    that several processes agree after every change. Use a session that has not itself changed programmes.
    """

    def __init__(self, folder: Path) -> None:
        """`folder` may hold an installed system's own glossary, taxonomy, cues and model.json."""
        self._folder = folder
        self._lock = threading.Lock()
        self._installed: Model | None = None
        self._index: Index | None = None

    @property
    def installed(self) -> Model:
        """The package's model with the folder's own entries. Raises Unavailable, naming a bad file and line."""
        if self._installed is None:
            try:
                self._installed = load_model(self._folder)
                if not gc.get_freeze_count():
                    _keep_for_good()
            except KnowledgeError as error:
                raise Unavailable(f"The matcher's files in the data folder cannot be read: {error}") from None
        return self._installed

    def in_force(self, session: Session) -> Model:
        """The model that scores are by: the candidate that an admin put in force, else the installed one."""
        candidate = in_force(session)
        return self.learnt(candidate) if candidate else self.installed

    def learnt(self, candidate: ModelCandidate) -> Model:
        """A candidate's weights and floor over the installed knowledge."""
        return self.installed.with_weights(candidate.name, candidate.weights, candidate.floor)

    def current(self, session: Session) -> Index:
        """The index as of the newest event that `session` sees, or a later one."""
        with self._lock:
            newest, today = newest_number(session), utc_now().date()
            if self._index is None:
                model = self.in_force(session)
                around = surroundings(session, model, today)
                self._index = _fitted(model, candidates(session, today), around, newest)
            elif newest > self._index.seen or today != self._index.day:
                self._index = _updated(session, self._under_its_model(session, self._index), newest, today)
            return self._index

    def _under_its_model(self, session: Session, index: Index) -> Index:
        model = self.in_force(session)
        same = (model.name, model.fingerprint) == (index.model.name, index.model.fingerprint)
        return index if same else index.under(model)


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
    of_sides = and_(AuditEvent.subject_type.in_(subjects), AuditEvent.action != PROPOSALS)
    relevant = or_(of_sides, AuditEvent.action == FULL_RUN)
    columns = select(AuditEvent.subject_type, AuditEvent.subject_id, AuditEvent.action)
    events = session.execute(columns.where(AuditEvent.number > seen, relevant)).all()
    return _Changed(
        frozenset(UUID(event.subject_id) for event in events if event.subject_type == Programme.__name__),
        any(event.subject_type == Organization.__name__ for event in events),
        any(event.action == FULL_RUN for event in events),
    )


def _updated(session: Session, index: Index, newest: int, today: date) -> Index:
    """The index with what events name: fitted anew where word statistics are to follow, else row by row."""
    changed = _changed_since(session, index.seen)
    filled = index.full ^ full_now(session)  # a line that is taken up or ends is no event of the programme
    if changed.is_nothing and not filled and today == index.day:
        return replace(index, seen=newest)
    around = surroundings(session, index.model, today)
    some = None if changed.full_run or today != index.day else changed.programmes | filled
    read = candidates(session, today, some)
    different = {key: candidate for key, candidate in read.items() if index.candidates.get(key) != candidate}
    same_places = around.members == index.surroundings.members and around.invented == index.surroundings.invented
    if changed.full_run or not same_places or _is_much(index, len(different)):
        return _fitted(index.model, {**index.candidates, **different}, around, newest)
    return _taken_in(index, different, around, newest)


def _is_much(index: Index, changes: int) -> bool:
    """A small catalogue is fitted anew at each change (0.1 s), so that scores depend on what is stored alone.

    In a large one a few rows hardly move the statistics: those of the last fit serve until a fifth changed.
    """
    size = len(index.candidates)
    return changes > 0 and (size <= SMALL or index.changed + changes > size // 5)


def _fitted(model: Model, offered: Mapping[UUID, Candidate], around: Surroundings, newest: int) -> Index:
    geography = replace(model.geography, memberships=around.members)
    matcher = Matcher(offered.values(), replace(model, geography=geography), around.invented)
    if len(offered) > SMALL:
        _keep_for_good()
    return Index(matcher, offered, around, newest, full=_full(offered))


def _keep_for_good() -> None:
    """Let Python no longer look through what is now in memory for garbage: that held up requests for 0.3 s.

    It looks through the rest less often too: an explanation makes thousands of values, and next to no garbage.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*RARELY)


def _taken_in(index: Index, read: Mapping[UUID, Candidate], around: Surroundings, newest: int) -> Index:
    """A copy of `index` with other candidates; readers of the old one are not disturbed."""
    matcher = copy.copy(index.matcher)  # its state is replaced, never changed: the copy goes its own way
    for candidate in read.values():
        matcher.upsert(candidate)
    full = (index.full - read.keys()) | _full(read)
    return Index(matcher, {**index.candidates, **read}, around, newest, index.changed + len(read), full)


def _full(read: Mapping[UUID, Candidate]) -> frozenset[UUID]:
    return frozenset(key for key, candidate in read.items() if candidate.full)
