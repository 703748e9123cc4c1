"""Every SELECT on candidate models and on the decisions that they are learnt from. Admins alone see them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Row, Select, false, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.access.models import User
from app.core.actor import Actor, Role
from app.core.errors import NotFound
from app.core.paging import Found, Key, Paging, paginate
from app.needs.models import NeedRevision
from app.pairings import queries
from app.pairings.facts import facts_of
from app.pairings.model_candidates import ModelCandidate
from app.pairings.models import Decision, Judgement, Pairing, PairingStatus, Reason
from app.programmes.models import Programme

SILENT = {
    Reason.POLITICAL_OR_CONSENT,
    Reason.ALREADY_ASSISTED,
    Reason.TIMING,
    Reason.PROGRAMME_FULL,
    Reason.DUPLICATE_OF,
}


@dataclass(frozen=True, slots=True)
class Decided:
    """A pair as it was decided on: what the need said then, and the programme, which says the same today."""

    revision: NeedRevision
    programme_id: UUID
    officer: str
    accepted: bool


def visible(actor: Actor) -> Select[ModelCandidate]:
    return select(ModelCandidate) if actor.role is Role.ADMIN else select(ModelCandidate).where(false())


def page(session: Session, actor: Actor, paging: Paging) -> Found:
    """One page of candidates, the newest first."""
    return paginate(session, visible(actor), [Key(ModelCandidate.number, descending=True)], paging)


def get(session: Session, actor: Actor, name: str) -> ModelCandidate:
    """Return one candidate. Raises NotFound."""
    if found := session.scalar(visible(actor).where(ModelCandidate.name == name)):
        return found
    raise NotFound("There is no such candidate model")


def trainers(session: Session, candidates: Sequence[ModelCandidate]) -> dict[UUID, str]:
    """E-mail addresses of those who trained some candidates."""
    wanted = select(User.id, User.email).where(User.id.in_({one.trained_by_id for one in candidates}))
    return {row.id: row.email for row in session.execute(wanted)}


def next_number(session: Session) -> int:
    return (session.scalar(select(func.max(ModelCandidate.number))) or 0) + 1


def decided(session: Session, actor: Actor) -> tuple[list[Decided], dict[str, int]]:
    """The newest judgement on each pair, where it says something of the match; of the others, how many and why.

    A pair that either side of which changed since is left out: what was judged can no longer be read.
    """
    rows = session.execute(_newest(actor)).all()
    speaking = [row for row in rows if row.Decision.reason not in SILENT]
    revisions = _revisions(session, actor)
    programmes = {one.id: one for one in session.scalars(_programmes(actor))}
    found = [
        Decided(said, row.Pairing.programme_id, row.email or "", row.Decision.judgement is Judgement.ACCEPT)
        for row in speaking
        if (said := _as_judged(row, revisions[row.Pairing.need_id], programmes[row.Pairing.programme_id]))
    ]
    left = Counter(str(row.Decision.reason) for row in rows if row.Decision.reason in SILENT)
    changed = {"changed since": len(speaking) - len(found)} if len(speaking) > len(found) else {}
    return found, {**dict(sorted(left.items())), **changed}


def statuses(session: Session, actor: Actor, need_ids: Sequence[UUID]) -> dict[tuple[UUID, UUID], PairingStatus]:
    """How the stored pairs of some needs stand, by (need, programme)."""
    on = queries.today()
    pairs = session.scalars(queries.visible(actor).where(Pairing.need_id.in_(need_ids)))
    return {(pair.need_id, pair.programme_id): queries.status_on(pair, on) for pair in pairs}


def programme_refs(session: Session, ids: Sequence[UUID]) -> dict[UUID, str]:
    wanted = select(Programme.id, Programme.ref).where(Programme.id.in_(ids))
    return {row.id: row.ref for row in session.execute(wanted)}


def _newest(actor: Actor) -> Select[Decision, Pairing, str | None]:
    """Accepted and rejected pairs by their newest decision; a deferred, reopened or retracted one is undecided."""
    last = select(func.max(Decision.number)).where(Decision.pairing_id == Pairing.id).scalar_subquery()
    seen = queries.visible(actor).with_only_columns(Decision, Pairing, User.email)
    seen = seen.join(Decision, Decision.pairing_id == Pairing.id).outerjoin(User, User.id == Decision.user_id)
    judged = Decision.judgement.in_([Judgement.ACCEPT, Judgement.REJECT])
    return seen.where(Decision.number == last.correlate(Pairing), judged).order_by(Pairing.id)


def _decided_pairs(actor: Actor) -> Select[Pairing]:
    return queries.visible(actor).where(
        Pairing.id.in_(
            select(Decision.pairing_id).where(Decision.reason.is_(None) | Decision.reason.not_in(SILENT))
        )
    )


def _revisions(session: Session, actor: Actor) -> dict[UUID, list[NeedRevision]]:
    """What the needs of decided pairs ever said, the newest first."""
    needs = _decided_pairs(actor).with_only_columns(Pairing.need_id)
    loaded = select(NeedRevision).options(selectinload(NeedRevision.codes), joinedload(NeedRevision.members_of))
    found: dict[UUID, list[NeedRevision]] = {}
    for one in session.scalars(loaded.where(NeedRevision.need_id.in_(needs)).order_by(NeedRevision.number.desc())):
        found.setdefault(one.need_id, []).append(one)
    return found


def _programmes(actor: Actor) -> Select[Programme]:
    ids = _decided_pairs(actor).with_only_columns(Pairing.programme_id)
    loaded = select(Programme).options(selectinload(Programme.codes), selectinload(Programme.members_of))
    return loaded.where(Programme.id.in_(ids))


def _as_judged(
    row: Row[Decision, Pairing, str | None], said: Sequence[NeedRevision], programme: Programme
) -> NeedRevision | None:
    facts = row.Decision.facts
    return next((revision for revision in said if facts_of(revision, programme) == facts), None)
