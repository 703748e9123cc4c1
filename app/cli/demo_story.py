"""What the invented partner and delegation of the demo did: a letter and its answers, an offer, interests."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.models import User
from app.core.actor import Actor
from app.interest import queries as interests
from app.interest import service as interest
from app.interest.models import InterestStatus
from app.interest.schemas import FundedLine, InterestIn, InterestPatch
from app.needs import service as needs
from app.needs.models import Need
from app.needs.schemas import NeedPatch
from app.organizations.models import Organization
from app.pairings import service as pairings
from app.pairings.models import Judgement
from app.pairings.offers import service as offers
from app.pairings.offers.schemas import OfferIn
from app.pairings.ranking import Ranking
from app.pairings.schemas import DecisionIn
from app.programmes.models import Programme
from app.referrals import advisories, conveying
from app.referrals import service as referrals
from app.referrals.models import Advisory, Referral
from app.referrals.schemas import AdvisoryIn, MoveIn, ReferralIn

PARTNER = "DEMO-PARTNER"


@dataclass(frozen=True, slots=True)
class Cast:
    """Who acts in the story."""

    officer: Actor
    admin: Actor
    partner: Actor
    donor: Actor


def tell(session: Session, people: Cast, ranking: Ranking, folder: Path) -> None:
    """Do it once: where a letter is there already, the story was told."""
    if session.scalar(select(Referral.id).limit(1)):
        return
    story = json.loads((folder / "story.json").read_text(encoding="utf-8"))
    _take_charge(session, people.officer)
    noted = [
        advisories.create(session, people.admin, AdvisoryIn.model_validate(each)) for each in story["advisories"]
    ]
    letter = _convey(session, people.officer, ranking, story["letter"], noted)
    for answer in story["answers"]:
        _answer(session, people.partner, letter, answer)
    for offer in story["offers"]:
        values = OfferIn(programme=_programme(session, offer["programme"]).ref, note=offer["note"])
        offers.make(session, people.partner, ranking, _need(session, offer["need"]).ref, values)
    for each in story["interests"]:
        _be_interested(session, people, letter, each)


def _take_charge(session: Session, officer: Actor) -> None:
    """The needs of the invented States are the demo's officer's, so that something is due."""
    email = session.get_one(User, officer.user_id).email
    invented = select(Need).where(Need.source_ref.like("DEMO-%"), Need.responsible_id.is_(None))
    for need in session.scalars(invented).all():
        needs.update(session, officer, need, NeedPatch(responsible=email))


def _convey(
    session: Session, officer: Actor, ranking: Ranking, letter: Mapping[str, Any], notes: list[Advisory]
) -> Referral:
    accepted = [_accepted(session, officer, ranking, line) for line in letter["lines"]]
    wanted = ReferralIn(
        organization=PARTNER, pairings=accepted, note=letter["note"], acknowledged=[note.id for note in notes]
    )
    return conveying.convey(session, officer, wanted)


def _accepted(session: Session, officer: Actor, ranking: Ranking, line: Mapping[str, str]) -> UUID:
    need, programme = _need(session, line["need"]), _programme(session, line["programme"])
    pairing, _ = pairings.store(session, officer, ranking, need, programme)
    claimed = pairings.claim(session, officer, pairing.id, "*")
    pairings.decide(session, officer, claimed, DecisionIn(judgement=Judgement.ACCEPT))
    return pairing.id


def _answer(session: Session, partner: Actor, letter: Referral, said: Mapping[str, Any]) -> None:
    line = referrals.claim(session, partner, letter.id, said["line"], "*")
    wanted = MoveIn.model_validate({name: value for name, value in said.items() if name != "line"})
    referrals.move(session, partner, line, wanted)


def _be_interested(session: Session, people: Cast, letter: Referral, said: Mapping[str, Any]) -> None:
    """The delegation's interest; where it names a line, an officer acknowledges it and says what it funds."""
    values = {name: value for name, value in said.items() if name != "line"}
    values["need"] = _need(session, said["need"]).ref
    made = interest.express(session, people.donor, InterestIn.model_validate(values))
    if "line" in said:
        funds = FundedLine(referral=letter.id, line=said["line"])
        answer = InterestPatch(status=InterestStatus.ACKNOWLEDGED, funds=funds)
        interest.change(session, people.officer, interests.get(session, people.officer, made.id), answer)


def _need(session: Session, source_ref: str) -> Need:
    return session.scalars(select(Need).where(Need.source_ref == source_ref)).one()


def _programme(session: Session, external_id: str) -> Programme:
    own = select(Programme).join(Organization, Organization.id == Programme.organization_id)
    return session.scalars(own.where(Organization.ref == PARTNER, Programme.external_id == external_id)).one()
