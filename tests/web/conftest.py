"""A small world on the pages: two needs, three programmes, releases to donors, and pairs to decide on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import Response
from playwright.sync_api import Browser, Playwright, sync_playwright
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.authentication import SESSION_COOKIE
from app.access.clearances.models import Clearance
from app.access.service import csrf_token
from app.assessments import service as assessments
from app.assessments.schemas import AssessmentIn
from app.core.actor import Actor
from app.interest.models import Interest, InterestKind
from app.interest.schemas import InterestIn
from app.interest.service import express
from app.needs import held
from app.needs import service as needs
from app.needs.models import Need, NeedStatus, Release
from app.needs.release_schemas import ReleaseIn
from app.needs.releases import record_release
from app.needs.schemas import NeedIn, NeedMove
from app.organizations.models import BuiltIn, Group, OrganizationKind
from app.pairings.models import Origin, Pairing, PairingStatus
from app.practices import comments
from app.practices import service as practices
from app.practices.models import ClauseComment, VersionStatus
from app.practices.schemas import CommentIn, PracticeIn, VersionIn, VersionMove
from app.programmes import service as programmes
from app.programmes.models import Programme
from app.programmes.schemas import ProgrammeIn
from tests.conftest import As, make_organization, run_jobs
from tests.web.browsing import ARGUMENTS, CHROMIUM

STORAGE = {
    "recipient": {"countries": ["TG"]},
    "title": "Secure storage of small arms in police armouries",
    "description": "The police of the Northern Savannah keep rifles in armouries without locks or registers.",
    "source": "state_request",
    "themes": ["WPN-PSM"],
    "weapons": ["SALW"],
    "priority": "high",
    "institution": "Directorate General of Police",
}
ARABIC = {
    "recipient": {"region": "145"},
    "title": "تأمين مخازن الأسلحة الصغيرة لدى الشرطة",
    "description": "تحتفظ الشرطة بالبنادق في مخازن بلا أقفال ولا سجلات ولا أمناء مدربين.",
    "language": "ar",
    "source": "other",
    "themes": ["WPN-PSM"],
}
ARMOURIES = {
    "title": "Armoury management for police forces",
    "summary": "Secure storage of small arms: armouries, locks, registers and the training of storekeepers.",
    "themes": ["WPN-PSM"],
    "weapons": ["SALW"],
    "coverage": {"countries": ["TG", "BJ"]},
}
STOCKPILES = {
    "title": "Small arms stockpiles: locks, registers, storekeepers",
    "summary": "Training of police storekeepers and equipment for armouries where small arms are kept.",
    "themes": ["WPN-PSM"],
    "weapons": ["SALW"],
    "coverage": {"regions": ["011"]},
}
AIRPORTS = {
    "title": "Passenger screening at airports",
    "summary": "Courses for aviation security staff on screening cabin baggage and liquids.",
    "themes": ["BLE-AVS"],
    "coverage": {"global": True},
}

GUIDELINE = """# Guide to arms in transit

What this is about.

## 1 Marking {#marking .upstream themes="WPN-MRT" weapons="SALW" provisions="2370:6"}

Every firearm is marked at manufacture and at import.

## 2 Secure storage of small arms {#storage .upstream themes="WPN-PSM" weapons="SALW"}

Armouries have locks and registers; a *central* register holds every arm.
"""


@dataclass
class World:
    need: Need
    arabic: Need
    draft: Need
    armouries: Programme
    stockpiles: Programme
    airports: Programme
    pairing: Pairing
    assessment: str
    comment: ClauseComment
    interest: Interest
    release: Release
    held: Clearance


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Started and ended with its module: others may not run beside its loop."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture
def world(app: FastAPI, session: Session, officer: As, partner: As, donor: As) -> World:
    """Togo's need is released to donors as a summary, the Arabic one in full; the draft to nobody."""
    make_groups(session)
    source = make_organization(session, "UNODA-T", OrganizationKind.IMPLEMENTER).ref
    offered = [make_programme(session, officer.actor, source, said) for said in (ARMOURIES, STOCKPILES, AIRPORTS)]
    need, arabic = make_need(session, officer.actor, STORAGE), make_need(session, officer.actor, ARABIC)
    draft = needs.create(
        session, officer.actor, NeedIn.model_validate({**STORAGE, "title": "A draft of police needs"})
    )
    release = make_release(session, officer.actor, need, "summary")
    make_release(session, officer.actor, arabic, "full")
    session.commit()
    run_jobs(app)
    pairing = session.scalars(
        select(Pairing).where(Pairing.need_id == need.id, Pairing.programme_id == offered[0].id)
    ).one()
    comment = make_guideline(session, officer.actor)
    assessment = make_assessment(session, officer.actor)
    interest = express(session, donor.actor, InterestIn(need=arabic.ref, kind=InterestKind.FULL_FUNDING))
    held = make_held(session, officer.actor, need)
    session.commit()
    return World(need, arabic, draft, *offered, pairing, assessment, comment, interest, release, held)


def make_guideline(session: Session, officer: Actor) -> ClauseComment:
    """GUIDE-1: versions 1 and 2 were published, 3 is open for consultation, with one comment of a workshop."""
    values = PracticeIn(ref="GUIDE-1", title="Guide to arms in transit", about="Invented for a test")
    practice = practices.create(session, officer, values)
    for text in (GUIDELINE, GUIDELINE.replace("at import", "at every import")):
        version = practices.open_version(session, officer, practice, VersionIn(markdown=text))
        practices.move(session, officer, version, VersionMove(status=VersionStatus.CURRENT))
    text = GUIDELINE.replace("every arm", "each arm and <b>its</b> parts")
    version = practices.open_version(session, officer, practice, VersionIn(markdown=text, note="Parts as well"))
    said = {"clause": "marking", "text": "Say who marks.", "workshop": "Workshop W", "source": "Report"}
    comment = CommentIn.model_validate({**said, "said_on": "2026-10-01"})
    return comments.make(session, officer, version, comment)


def send(visitor: As, path: str, **fields: Any) -> Response:
    """Post a form as a browser does, with the token of the session; redirects are not followed."""
    token = csrf_token(visitor.client.app.state.settings.secret, visitor.client.cookies[SESSION_COOKIE])
    return visitor.client.post(path, data={"token": token, **fields}, follow_redirects=False)


def make_groups(session: Session) -> None:
    for built_in in BuiltIn:
        if session.scalar(select(Group).where(Group.built_in == built_in)) is None:
            session.add(Group(ref=built_in.value, name=built_in.value.capitalize(), built_in=built_in))


def make_assessment(session: Session, officer: Actor) -> str:
    """An assessment of Togo; return its reference."""
    visit = AssessmentIn.model_validate({"kind": "focused", "states": ["TG"]})
    made, _ = assessments.register(session, officer, visit)
    session.commit()
    return made.ref


def make_programme(session: Session, officer: Actor, organization: str, said: dict[str, Any]) -> Programme:
    values = {"organization": organization, "status": "active", "provenance": {"kind": "public_sources"}}
    return programmes.register(session, officer, ProgrammeIn.model_validate({**said, **values}))[0]


def make_need(session: Session, officer: Actor, said: dict[str, Any]) -> Need:
    need = needs.create(session, officer, NeedIn.model_validate(said))
    return needs.move(session, officer, need, NeedMove(status=NeedStatus.OPEN, override_reason="for the test"))


def make_referral(session: Session, officer: As, partner: As, world: World) -> str:
    """Convey the need of the world to the partner, on a programme of its own; return the letter's id."""
    offered, _ = programmes.register(
        session, partner.actor, ProgrammeIn.model_validate({**ARMOURIES, "status": "active"})
    )
    pairing = Pairing(
        need=world.need,
        programme=offered,
        status=PairingStatus.ACCEPTED,
        origin=Origin.OFFICER,
        score=0.5,
        need_revision=1,
        model="for the test",
    )
    session.add(pairing)
    session.commit()
    letter = {
        "organization": "PARTNER",
        "pairings": [str(pairing.id)],
        "release": {"basis": "document", "reference": "Note verbale 12"},
    }
    answer = officer.post("/api/v1/referrals", json=letter)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def make_release(session: Session, officer: Actor, need: Need, fields: str) -> Release:
    wanted = {
        "audience": {"group": "donors"},
        "fields": fields,
        "basis": "document",
        "reference": "Note verbale 12",
    }
    return record_release(session, officer, need, ReleaseIn.model_validate(wanted))


def make_held(session: Session, officer: Actor, need: Need) -> Clearance:
    """A release of the need in full to all partners, which waits for a second officer."""
    wanted = {"audience": {"group": "partners"}, "fields": "full", "basis": "document", "reference": "Note 13"}
    done = held.record_release(session, officer, need, ReleaseIn.model_validate(wanted), held.Rules(5, True))
    assert isinstance(done, Clearance)
    return done
