"""What notices there are: what each says, whom it can concern, and how people are usually told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.clocks.table import CLOCKS
from app.core.actor import Role
from app.notices import sight
from app.notices.models import Delivery, NoticeKind
from app.notices.sight import Sight

_DAILY, _AT_ONCE = Delivery.DAILY, Delivery.AT_ONCE
_K = NoticeKind


@dataclass(frozen=True, slots=True)
class Rule:
    """One notice: its kind, what it says, and what of its thing a reader may be told now."""

    kind: NoticeKind
    says: str
    sight: Sight


USUALLY: Mapping[NoticeKind, Delivery] = {
    _K.REFERRAL: _AT_ONCE,
    _K.ANSWER: _AT_ONCE,
    _K.OFFER: _DAILY,
    _K.INTEREST: _DAILY,
    _K.CONSENT: _AT_ONCE,
    _K.CLEARANCE: _AT_ONCE,
    _K.CLOCK: _DAILY,
    _K.FRESHNESS: _DAILY,
}
_OFFICERS = (_K.ANSWER, _K.OFFER, _K.INTEREST, _K.CONSENT, _K.CLEARANCE, _K.CLOCK)
CONCERNS: Mapping[Role, Sequence[NoticeKind]] = {
    Role.ADMIN: _OFFICERS,
    Role.OFFICER: _OFFICERS,
    Role.PARTNER: (_K.REFERRAL, _K.ANSWER, _K.OFFER, _K.FRESHNESS),
    Role.DONOR: (_K.INTEREST,),
}
RULES: Mapping[str, Rule] = {
    "referral.to_answer": Rule(
        _K.REFERRAL, "A referral waits for your organization's answer", sight.referrals_to_answer
    ),
    "referral.late": Rule(_K.REFERRAL, "The answer to a referral is due", sight.referrals_to_answer),
    "referral.taken_up": Rule(_K.ANSWER, "A referral was taken up", sight.referrals),
    "referral.declined": Rule(_K.ANSWER, "A referral was declined", sight.referrals),
    "referral.asked": Rule(_K.ANSWER, "Information is asked for on a referral", sight.referrals),
    "referral.answered": Rule(_K.ANSWER, "A question on a referral was answered", sight.referrals),
    "referral.started": Rule(_K.ANSWER, "A delivery has begun", sight.referrals),
    "referral.reported": Rule(_K.ANSWER, "An outcome of a referral was reported", sight.referrals),
    "referral.completed": Rule(_K.ANSWER, "A referral was completed", sight.referrals),
    "referral.retracted": Rule(_K.ANSWER, "A referral was withdrawn", sight.referrals),
    "offer.made": Rule(_K.OFFER, "An organization offers assistance", sight.offers),
    "offer.accepted": Rule(_K.OFFER, "Your offer was accepted", sight.offers),
    "offer.not_taken_up": Rule(_K.OFFER, "Your offer is not taken up", sight.offers),
    "offer.under_review": Rule(_K.OFFER, "Your offer is under review again", sight.offers),
    "interest.expressed": Rule(_K.INTEREST, "A delegation is interested in a need", sight.interests_to_answer),
    "interest.withdrawn": Rule(_K.INTEREST, "A delegation withdrew its interest", sight.interests),
    "interest.acknowledged": Rule(_K.INTEREST, "Your interest was acknowledged", sight.interests),
    "interest.linked": Rule(_K.INTEREST, "Your interest was linked to a referral", sight.interests_that_fund),
    "interest.fulfilled": Rule(_K.INTEREST, "Your interest is fulfilled", sight.interests),
    "consent.ended": Rule(
        _K.CONSENT, "Consent has ended and a referral is still under way", sight.lines_without_consent
    ),
    "clearance.asked": Rule(_K.CLEARANCE, "A second officer is asked for clearance", sight.clearances_to_give),
    "clearance.cleared": Rule(_K.CLEARANCE, "What you asked to be cleared was cleared", sight.clearances),
    "clearance.refused": Rule(_K.CLEARANCE, "What you asked to be cleared was refused", sight.clearances),
    "programme.unassured": Rule(_K.FRESHNESS, "A programme is to be assured", sight.programmes_to_assure),
    **{
        f"clock.{name}": Rule(_K.CLOCK, f"Due: {clock.title[0].lower()}{clock.title[1:]}", sight.running(clock))
        for name, clock in CLOCKS.items()
    },
}
