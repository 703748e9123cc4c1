"""A referral as officers and as its organization are shown it.

The organization reads its own answers with their dates, officers' answers to its questions, and its own outcome;
never another note of an officer, that the State was asked or what it said, or the text of a need that is not
released to it now.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.http import etag_of
from app.needs import queries as needs
from app.needs.schemas import NeedView
from app.referrals import queries
from app.referrals.attention import attention, without_sight
from app.referrals.models import (
    LIVE,
    Advisory,
    AdvisoryAcknowledgement,
    LineAnswer,
    LineOutcome,
    Move,
    Referral,
    ReferralLine,
    Side,
)
from app.referrals.moves import allowed
from app.referrals.schemas import (
    AdvisoryOut,
    AnswerOut,
    LineOfficer,
    LineOwn,
    OutcomeOut,
    ReferralOfficer,
    ReferralOwn,
    ReferralView,
    Titled,
)


def shown(session: Session, actor: Actor, referrals: Sequence[Referral]) -> list[ReferralView]:
    """The referrals, which the actor must see, as it reads them."""
    seen = needs.views(session, actor, {line.need_id for referral in referrals for line in referral.lines})
    if not actor.is_cted:
        return [ReferralOwn(**_letter(one), lines=_own_lines(actor, one, seen)) for one in referrals]
    return _for_officers(session, actor, referrals, seen)


def one(session: Session, actor: Actor, referral: Referral) -> ReferralView:
    """One referral that was read or written, as the actor reads it now."""
    session.flush()
    [view] = shown(session, actor, [referral])
    return view


def advisory_shown(advisory: Advisory) -> AdvisoryOut:
    today = queries.today()
    return AdvisoryOut(
        id=advisory.id,
        etag=etag_of(advisory.version),
        country=advisory.country,
        text=advisory.text,
        source=advisory.source,
        dated_on=advisory.dated_on,
        ended_on=advisory.ended_on,
        in_force=advisory.dated_on <= today and (advisory.ended_on is None or advisory.ended_on > today),
    )


def _for_officers(
    session: Session, actor: Actor, referrals: Sequence[Referral], seen: dict[UUID, NeedView]
) -> list[ReferralView]:
    ids = [referral.id for referral in referrals]
    blind = {line.id for line in without_sight(session, actor, ids)}
    waiting: dict[UUID, list[str]] = {}
    for one in attention(session, actor, ids):
        waiting.setdefault(one.line.id, []).append(one.kind.value)
    noted = _acknowledged(session, ids)
    people = queries.emails(session, {who for r in referrals for who in (r.conveyed_by_id, r.cleared_by_id)})
    return [
        ReferralOfficer(
            **_letter(referral),
            lines=[
                LineOfficer(
                    **_line(actor, line, _titled(seen[line.need_id])),
                    **{name: getattr(line, name) for name in _KEPT},
                    pairing=line.pairing_id,
                    release=line.release_id,
                    in_sight=line.status in LIVE and line.id not in blind,
                    attention=waiting.get(line.id, []),
                )
                for line in referral.lines
            ],
            note=referral.note,
            conveyed_by=_name(people, referral.conveyed_by_id),
            cleared_by=_name(people, referral.cleared_by_id),
            advisories=noted.get(referral.id, []),
        )
        for referral in referrals
    ]


def _own_lines(actor: Actor, referral: Referral, seen: dict[UUID, NeedView]) -> list[LineOwn]:
    return [LineOwn(**_line(actor, line, _titled(seen.get(line.need_id)))) for line in referral.lines]


_PLAIN = (
    "n", "status", "conveyed_at", "answered_at", "question_at", "part", "what", "from_on", "if_funded",
    "decline_reason", "started_on", "ended_at",
)  # fmt: skip
_KEPT = (
    "accepted_on", "acceptance_reference", "diligence", "diligence_on", "diligence_reference", "inquired_on",
    "confirmed",
)  # fmt: skip


def _letter(referral: Referral) -> dict[str, Any]:
    return {
        "id": referral.id,
        "etag": queries.etag(referral),
        "organization": referral.organization.ref,
        "conveyed_at": referral.conveyed_at,
        "co_implementers": [body.ref for body in referral.co_implementers],
        "funds": [Titled(ref=fund.ref, title=fund.title) for fund in referral.funds],
    }


def _line(actor: Actor, line: ReferralLine, need: Titled | None) -> dict[str, Any]:
    programme = line.pairing.programme
    return {
        **{name: getattr(line, name) for name in _PLAIN},
        "etag": queries.line_etag(line),
        "need": need,
        "programme": Titled(ref=programme.ref, title=programme.title),
        "answers": [
            _answer(actor, said) for said in line.answers if actor.is_cted or said.move is not Move.INQUIRE
        ],
        "outcomes": [_outcome(actor, told) for told in line.outcomes if _may_read(actor, told)],
        "moves": allowed(actor, line),
    }


def _titled(need: NeedView | None) -> Titled | None:
    return Titled(ref=need.ref, title=need.title) if need else None


def _answer(actor: Actor, answer: LineAnswer) -> AnswerOut:
    readable = actor.is_cted or not answer.by_officer or answer.move is Move.ANSWER
    return AnswerOut(
        move=answer.move,
        by_officer=answer.by_officer,
        reason=answer.reason,
        note=answer.note if readable else "",
        at=answer.at,
    )


def _may_read(actor: Actor, told: LineOutcome) -> bool:
    return actor.is_cted or told.side is Side.ORGANIZATION


def _outcome(actor: Actor, told: LineOutcome) -> OutcomeOut:
    return OutcomeOut(
        side=told.side,
        by_officer=told.by_officer,
        outcome=told.outcome,
        note=told.note if actor.is_cted or not told.by_officer else "",
        at=told.at,
    )


def _acknowledged(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[AdvisoryOut]]:
    kept = select(AdvisoryAcknowledgement.referral_id, Advisory).join(
        Advisory, Advisory.id == AdvisoryAcknowledgement.advisory_id
    )
    found: dict[UUID, list[AdvisoryOut]] = {}
    for referral_id, advisory in session.execute(kept.where(AdvisoryAcknowledgement.referral_id.in_(ids))):
        found.setdefault(referral_id, []).append(advisory_shown(advisory))
    return found


def _name(people: dict[UUID, str], account_id: UUID | None) -> str | None:
    return people.get(account_id) if account_id else None
