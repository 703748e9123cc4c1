"""What is done to an interest: express, change, acknowledge, withdraw, fulfil with the referral that it funds."""

from decimal import Decimal
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.core.actor import Actor
from app.core.db import utc_now
from app.core.errors import Conflict, Invalid, NotPermitted
from app.interest import queries
from app.interest.models import Interest, InterestKind, InterestStatus
from app.interest.moves import Side, require_move, require_side, side_of
from app.interest.schemas import FundedLine, InterestIn, InterestPatch
from app.needs import queries as needs
from app.needs.models import Need, NeedStatus
from app.referrals.models import ReferralLine

_SAID = ("kind", "amount", "currency", "note")
_FIELDS = {Side.DELEGATION: {*_SAID, "status"}, Side.OFFICER: {"funds", "status"}}


def express(session: Session, actor: Actor, wanted: InterestIn) -> Interest:
    """Record the interest of the actor's delegation in a need that it sees.

    Raises NotFound for a need that it does not see, Conflict for one that is not open or in which it has an
    interest already, Invalid for an amount that does not fit.
    """
    need = session.get_one(Need, needs.id_of(session, actor, wanted.need))
    if need.status is not NeedStatus.OPEN:
        raise Conflict(f"{need.ref} is {need.status}: interest is expressed in open needs")
    _check_sum(wanted.kind, wanted.amount, wanted.currency)
    made = Interest(
        need_id=need.id,
        organization_id=actor.organization_id,
        kind=wanted.kind,
        amount=wanted.amount,
        currency=wanted.currency,
        note=wanted.note,
        expressed_by_id=actor.user_id,
    )
    _add(session, made, need.ref)
    audit.record(session, actor, "interest.expressed", made, after={"need": need.ref, **_facts(made)})
    return made


def refuse_foreign(actor: Actor, wanted: InterestPatch) -> None:
    """Raise NotPermitted for a change that the actor's side never makes: before any interest is looked up."""
    foreign = sorted(wanted.model_fields_set - _FIELDS[side_of(actor)])
    if foreign:
        raise NotPermitted(f"The {side_of(actor)} does not change {', '.join(foreign)} of an interest")
    if wanted.status is not None:
        require_side(actor, wanted.status)


def change(session: Session, actor: Actor, interest: Interest, wanted: InterestPatch) -> Interest:
    """Change what was sent: a delegation says it otherwise, while it is open, or withdraws; an officer answers.

    Raises NotPermitted as `refuse_foreign`, Conflict for a move that the table forbids, Invalid for an amount or a
    referral that does not fit.
    """
    refuse_foreign(actor, wanted)
    before = _facts(interest)
    _say(interest, wanted)
    if "funds" in wanted.model_fields_set:
        _link(session, actor, interest, wanted.funds)
    if wanted.status is not None and wanted.status is not interest.status:
        _move(actor, interest, wanted.status)
    after = _facts(interest)
    changed = [name for name in after if after[name] != before[name]]
    if changed:
        session.flush()
        told = {name: after[name] for name in changed}
        audit.record(session, actor, _action(told), interest, {name: before[name] for name in changed}, told)
    return interest


def _say(interest: Interest, wanted: InterestPatch) -> None:
    said = [name for name in _SAID if name in wanted.model_fields_set]
    if said and interest.status is not InterestStatus.OPEN:
        raise Conflict(f"This interest is {interest.status}: withdraw it and express another one")
    values = {name: getattr(wanted if name in said else interest, name) for name in _SAID}
    _check_sum(values["kind"], values["amount"], values["currency"])
    for name in said:
        setattr(interest, name, values[name])


def _link(session: Session, actor: Actor, interest: Interest, funds: FundedLine | None) -> None:
    if interest.status not in {InterestStatus.OPEN, InterestStatus.ACKNOWLEDGED}:
        raise Conflict(f"This interest is {interest.status}; what it funds stays as it is")
    if funds is None:
        interest.line = None
        return
    interest.line = _line(session, actor, interest, funds)


def _line(session: Session, actor: Actor, interest: Interest, funds: FundedLine) -> ReferralLine:
    line = queries.line_of(session, actor, funds.referral, funds.line)
    if line is None or line.need_id != interest.need_id:
        raise Invalid.field("/funds", "Name a referral of this need, and the number of its line")
    if line.status not in queries.FUNDABLE:
        raise Invalid.field("/funds", f"This line is {line.status}; nothing is funded by it")
    return line


def _move(actor: Actor, interest: Interest, status: InterestStatus) -> None:
    require_move(actor, interest.status, status)
    if status is InterestStatus.FULFILLED and interest.line is None:
        raise Invalid.field("/funds", "Name the referral that it funds: an interest is fulfilled by that")
    now = utc_now()
    if status is not InterestStatus.WITHDRAWN:
        interest.answered_at = interest.answered_at or now
    if status is not InterestStatus.ACKNOWLEDGED:
        interest.ended_at = now
    interest.status = status


def _check_sum(kind: InterestKind, amount: Decimal | None, currency: str | None) -> None:
    if kind is InterestKind.INFORMATION and amount is not None:
        raise Invalid.field("/amount", "An interest in information names no amount")
    if amount is not None and amount == 0:
        raise Invalid.field("/amount", "Leave the amount out while it is not known")
    if (amount is None) != (currency is None):
        missing = "/currency" if currency is None else "/amount"
        raise Invalid.field(missing, "An amount and its currency go together")


def _add(session: Session, made: Interest, ref: str) -> None:
    """Store it. The database knows whether the delegation has an interest in this need already."""
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        raise Conflict(f"Your delegation has an interest in {ref} already: change or withdraw that one") from None


def _facts(interest: Interest) -> dict[str, Any]:
    line = interest.line
    funds = {"referral": line.referral_id, "line": line.n} if line else None
    return {**{name: getattr(interest, name) for name in (*_SAID, "status")}, "funds": funds}


def _action(told: dict[str, Any]) -> str:
    if "status" in told:
        return f"interest.{told['status'].value}"
    return "interest.linked" if "funds" in told else "interest.changed"
