"""Every SELECT on pairings, decisions and match runs. CTED sees all of them, nobody else sees any."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, exists, false, not_, or_, select
from sqlalchemy.orm import Session, joinedload

from app.access.models import User
from app.core.actor import Actor
from app.core.db import utc_now
from app.core.errors import NotFound
from app.core.http import etag_of
from app.core.paging import Found, Key, Paging, paginate
from app.needs.models import Need, NeedCode, NeedRevision, NeedStatus, Priority
from app.organizations.models import Organization
from app.pairings.capacity import full, full_now
from app.pairings.models import Decision, MatchRun, Pairing, PairingStatus
from app.pairings.moves import allowed
from app.pairings.schemas import DecisionOut, Named, Offered, PairingFilter, PairingOut, PairingSort
from app.programmes.models import Freshness, Programme, ProgrammeCode, ProgrammeKind, ProgrammeStatus
from app.programmes.queries import freshness, is_live
from app.vocabularies.queries import check_codes

_ORDER = {
    PairingSort.BEST: Key(Pairing.score, descending=True),
    PairingSort.LEAST: Key(Pairing.score),
    PairingSort.NEWEST: Key(Pairing.proposed_at, descending=True),
    PairingSort.OLDEST: Key(Pairing.proposed_at),
}
_CURRENT = and_(NeedRevision.need_id == Need.id, NeedRevision.number == Need.revision)


def visible(actor: Actor) -> Select[Pairing]:
    return select(Pairing) if actor.is_cted else select(Pairing).where(false())


def get(session: Session, actor: Actor, pairing_id: UUID) -> Pairing:
    """Return one pairing. Raises NotFound."""
    if found := session.scalar(visible(actor).where(Pairing.id == pairing_id)):
        return found
    raise NotFound("There is no such pairing")


def page(
    session: Session, actor: Actor, wanted: PairingFilter, paging: Paging, on: date | None = None
) -> tuple[list[PairingOut], Found]:
    """One page of what is wanted, in the wanted order. Raises Invalid for a code that does not exist."""
    day = on or today()
    statement = search(session, actor, wanted, day).options(*_LOADED)
    found = paginate(session, statement, [_ORDER[wanted.sort], Key(Pairing.id)], paging)
    return shown(session, [row.Pairing for row in found.rows], day), found


def needs_to_review(
    session: Session, actor: Actor, wanted: PairingFilter, paging: Paging
) -> tuple[list[tuple[str, list[PairingOut]]], Found]:
    """One page of open needs, by reference, with the proposals that wait: the most urgent need first."""
    day, proposed = today(), wanted.model_copy(update={"status": [PairingStatus.PROPOSED], "queue": True})
    waiting = search(session, actor, proposed, day).with_only_columns(Pairing.need_id)
    needs = select(Need.ref).join(NeedRevision, _CURRENT).where(Need.id.in_(waiting))
    urgent = case({Priority.HIGH: 0, Priority.MEDIUM: 1, Priority.LOW: 2}, value=NeedRevision.priority, else_=3)
    found = paginate(session, needs, [Key(urgent), Key(Need.id)], paging)
    refs = [row.ref for row in found.rows]
    if not refs:
        return [], found
    of_these = proposed.model_copy(update={"need": refs, "sort": PairingSort.BEST})
    pairs, _ = page(session, actor, of_these, Paging(limit=200), day)
    return [(ref, [pair for pair in pairs if pair.need.ref == ref]) for ref in refs], found


def search(session: Session, actor: Actor, wanted: PairingFilter, on: date) -> Select[Pairing]:
    """Select what is wanted of what the actor may see. Raises Invalid for a code that does not exist."""
    statement = visible(actor)
    if wanted.status:
        statement = statement.where(status_column(on).in_([status.value for status in wanted.status]))
    if wanted.left_out is not None:
        statement = statement.where(left_out(on) if wanted.left_out else not_(left_out(on)))
    elif wanted.queue or (wanted.queue is None and wanted.status == [PairingStatus.PROPOSED]):
        statement = statement.where(sides_open(on))
    if wanted.theme:
        check_codes(session, "theme", wanted.theme, "theme")
        statement = statement.where(Pairing.need_id.in_(_needs_with("themes", wanted.theme)))
    if wanted.region:
        check_codes(session, "region", wanted.region, "region")
        statement = statement.where(Pairing.need_id.in_(_needs_with("regions", wanted.region)))
    return _by_sides(_by_worth(statement, wanted), wanted)


def shown(session: Session, pairings: Sequence[Pairing], on: date) -> list[PairingOut]:
    """The pairings as officers read them, with the newest decision on each."""
    titles = {row.id: row.title for row in session.execute(_titles([pair.need_id for pair in pairings]))}
    newest = _newest_decisions(session, [pairing.id for pairing in pairings])
    reasons = _reasons(session, pairings, on)
    return [
        _shown(pairing, titles[pairing.need_id], newest.get(pairing.id), on, reasons.get(pairing.id))
        for pairing in pairings
    ]


def decisions(session: Session, actor: Actor, pairing: Pairing) -> list[DecisionOut]:
    """All judgements on a pairing, the oldest first."""
    seen = visible(actor).with_only_columns(Pairing.id).where(Pairing.id == pairing.id)
    return [_decision(*row) for row in session.execute(_with_officer().where(Decision.pairing_id.in_(seen)))]


def etag(pairing: Pairing, on: date) -> str:
    """Changes with the status and the decisions, not with the score."""
    awake = status_on(pairing, on) != pairing.status
    return etag_of([pairing.version, "awake"]) if awake else etag_of(pairing.version)


def status_on(pairing: Pairing, on: date) -> PairingStatus:
    """The status on a day: a deferred pair whose day has come is proposed, without anything being written."""
    due = pairing.status is PairingStatus.DEFERRED and pairing.deferred_until and pairing.deferred_until <= on
    return PairingStatus.PROPOSED if due else pairing.status


def status_column(on: date) -> ColumnElement[str]:
    """`status_on` in SQL."""
    due = and_(Pairing.status == PairingStatus.DEFERRED, Pairing.deferred_until <= on)
    return case((due, PairingStatus.PROPOSED), else_=Pairing.status)


def sides_open(on: date) -> ColumnElement[bool]:
    """Whether the need is open and no gate shuts the programme out: read from the sides, never stored."""
    open_needs = select(Need.id).where(Need.status == NeedStatus.OPEN)
    live = select(Programme.id).where(
        is_live(on), Programme.kind != ProgrammeKind.FUND, Programme.id.not_in(full())
    )
    excluded = select(ProgrammeCode.code).where(
        ProgrammeCode.programme_id == Pairing.programme_id, ProgrammeCode.field == "excluded"
    )
    named = select(NeedCode.code).join(NeedRevision, NeedRevision.id == NeedCode.revision_id).join(Need, _CURRENT)
    named = named.where(Need.id == Pairing.need_id, NeedCode.field == "countries")
    served = or_(~exists(named.correlate(Pairing)), exists(named.where(NeedCode.code.not_in(excluded))))
    return and_(Pairing.need_id.in_(open_needs), Pairing.programme_id.in_(live), served)


def left_out(on: date) -> ColumnElement[bool]:
    """Whether a proposal for an open need is not in the queue, because a fact shuts its programme out."""
    open_needs = select(Need.id).where(Need.status == NeedStatus.OPEN)
    proposed = status_column(on) == PairingStatus.PROPOSED.value
    return and_(proposed, Pairing.need_id.in_(open_needs), not_(sides_open(on)))


def runs(actor: Actor) -> Select[MatchRun]:
    return select(MatchRun) if actor.is_cted else select(MatchRun).where(false())


def runs_page(session: Session, actor: Actor, paging: Paging) -> Found:
    """One page of match runs, the newest first."""
    return paginate(session, runs(actor), [Key(MatchRun.queued_at, descending=True), Key(MatchRun.id)], paging)


def run(session: Session, actor: Actor, run_id: UUID) -> MatchRun:
    """Return one match run. Raises NotFound."""
    if found := session.scalar(runs(actor).where(MatchRun.id == run_id)):
        return found
    raise NotFound("There is no such match run")


def today() -> date:
    return utc_now().date()


_LOADED = (joinedload(Pairing.need), joinedload(Pairing.programme).joinedload(Programme.organization))


def _by_worth(statement: Select[Pairing], wanted: PairingFilter) -> Select[Pairing]:
    if wanted.min_score is not None:
        statement = statement.where(Pairing.score >= wanted.min_score)
    if wanted.min_age is not None:
        statement = statement.where(Pairing.proposed_at <= utc_now() - timedelta(days=wanted.min_age))
    if wanted.max_age is not None:
        statement = statement.where(Pairing.proposed_at >= utc_now() - timedelta(days=wanted.max_age))
    if wanted.origin:
        statement = statement.where(Pairing.origin.in_(wanted.origin))
    if wanted.changed_since_rejection is not None:
        statement = statement.where(Pairing.changed_since_rejection.is_(wanted.changed_since_rejection))
    return statement


def _by_sides(statement: Select[Pairing], wanted: PairingFilter) -> Select[Pairing]:
    if wanted.need:
        statement = statement.where(Pairing.need_id.in_(select(Need.id).where(Need.ref.in_(wanted.need))))
    if wanted.programme:
        named = select(Programme.id).where(Programme.ref.in_(wanted.programme))
        statement = statement.where(Pairing.programme_id.in_(named))
    if wanted.organization:
        run_by = select(Programme.id).join(Programme.organization)
        statement = statement.where(
            Pairing.programme_id.in_(run_by.where(Organization.ref.in_(wanted.organization)))
        )
    return statement


def _needs_with(field: str, codes: list[str]) -> Select[UUID]:
    current = select(Need.id).join(NeedRevision, _CURRENT).join(NeedCode, NeedCode.revision_id == NeedRevision.id)
    return current.where(NeedCode.field == field, NeedCode.code.in_(codes))


def _titles(need_ids: Sequence[UUID]) -> Select[UUID, str]:
    return select(Need.id, NeedRevision.title).join(NeedRevision, _CURRENT).where(Need.id.in_(need_ids))


def _newest_decisions(session: Session, ids: Sequence[UUID]) -> dict[UUID, DecisionOut]:
    rows = session.execute(_with_officer().where(Decision.pairing_id.in_(ids)))
    return {decision.pairing_id: _decision(decision, email) for decision, email in rows}


def _with_officer() -> Select[Decision, str | None]:
    """Decisions in order, so that of each pairing the newest comes last."""
    officer = select(Decision, User.email).outerjoin(User, User.id == Decision.user_id)
    return officer.order_by(Decision.pairing_id, Decision.number)


def _decision(decision: Decision, officer: str | None) -> DecisionOut:
    return DecisionOut(
        number=decision.number,
        judgement=decision.judgement,
        reason=decision.reason,
        note=decision.note,
        until=decision.until_on,
        duplicate_of=decision.duplicate_of_id,
        at=decision.at,
        officer=officer,
    )


def _reasons(session: Session, pairings: Sequence[Pairing], on: date) -> dict[UUID, str]:
    """Why some of the pairings are left out of the queue, in words."""
    out = select(Pairing.id).where(Pairing.id.in_([pairing.id for pairing in pairings]), left_out(on))
    shut_out = set(session.scalars(out))
    filled = full_now(session, {pairing.programme_id for pairing in pairings if pairing.id in shut_out})
    return {
        pairing.id: _reason(pairing.programme, on, pairing.programme_id in filled)
        for pairing in pairings
        if pairing.id in shut_out
    }


def _reason(programme: Programme, on: date, is_full: bool) -> str:
    ends = programme.actual_ends_on or programme.ends_on
    reasons = {
        f"its programme is {programme.status}": programme.status is not ProgrammeStatus.ACTIVE,
        f"its programme ended on {ends}": ends is not None and ends < on,
        f"stale: nobody has assured its programme since {programme.assured_until}": freshness(programme, on)
        is Freshness.STALE,
        "full: its programme serves as many recipients as it can": is_full,
        "it is a fund: a way to pay, and never proposed": programme.kind is ProgrammeKind.FUND,
    }
    return next((said for said, applies in reasons.items() if applies), "its programme excludes the recipient")


def _shown(
    pairing: Pairing, title: str, newest: DecisionOut | None, on: date, left_out_because: str | None
) -> PairingOut:
    programme, status = pairing.programme, status_on(pairing, on)
    return PairingOut(
        id=pairing.id,
        etag=etag(pairing, on),
        need=Named(ref=pairing.need.ref, title=title),
        programme=Offered(
            ref=programme.ref,
            title=programme.title,
            organization=programme.organization.ref,
            freshness=freshness(programme, on),
        ),
        status=status,
        origin=pairing.origin,
        score=pairing.score,
        contributions=pairing.contributions,
        model=pairing.model,
        need_revision=pairing.need_revision,
        proposed_at=pairing.proposed_at,
        deferred_until=pairing.deferred_until if status is PairingStatus.DEFERRED else None,
        decision=newest,
        changed_since_rejection=pairing.changed_since_rejection,
        left_out=left_out_because,
        moves=allowed(status),
    )
