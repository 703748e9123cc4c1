"""Needs and programmes as officers would enter them, through the services."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.actor import Actor, Role
from app.core.migrate import upgrade
from app.core.settings import Settings
from app.main import create_app
from app.needs import service as needs
from app.needs.models import Need, NeedStatus
from app.needs.schemas import NeedIn, NeedMove
from app.organizations.models import OrganizationKind
from app.pairings import queries
from app.pairings.models import Pairing
from app.programmes import service as programmes
from app.programmes.models import Programme
from app.programmes.schemas import ProgrammeIn
from app.vocabularies.service import load_vocabularies
from tests.conftest import As, _new_database, make_organization, run_jobs

STORES = {
    "recipient": {"countries": ["TG"]},
    "title": "Secure storage of small arms in police armouries",
    "description": "The police keep rifles in armouries without locks, registers or trained storekeepers.",
    "source": "state_request",
    "themes": ["WPN-PSM"],
    "weapons": ["SALW"],
}
STORAGE_HELP = {
    "title": "Armoury management for police forces",
    "summary": "Secure storage of small arms: armouries, locks, registers and the training of storekeepers.",
    "themes": ["WPN-PSM"],
    "weapons": ["SALW"],
    "coverage": {"countries": ["TG", "BJ"]},
}
AIRPORTS = {
    "title": "Passenger screening at airports",
    "summary": "Courses for aviation security staff on screening cabin baggage and liquids.",
    "themes": ["BLE-AVS"],
    "coverage": {"countries": ["TG"]},
}
NeedMaker = Callable[..., Need]
ProgrammeMaker = Callable[..., Programme]


@pytest.fixture
def unoda(session: Session) -> str:
    """An organization whose programmes CTED compiles from public sources."""
    return make_organization(session, "UNODA-T", OrganizationKind.IMPLEMENTER).ref


@pytest.fixture
def need(session: Session, officer: As) -> NeedMaker:
    """Make an open need: `need(title=..., themes=[...])`; what is not said is about storing small arms in Togo."""

    def make(status: NeedStatus = NeedStatus.OPEN, **said: Any) -> Need:
        made = needs.create(session, officer.actor, NeedIn.model_validate({**STORES, **said}))
        if status is not NeedStatus.DRAFT:
            opened = NeedMove(status=NeedStatus.OPEN, override_reason="for the test")
            needs.move(session, officer.actor, made, opened)
        session.commit()
        return made

    return make


@pytest.fixture
def programme(session: Session, officer: As, unoda: str) -> ProgrammeMaker:
    """Make an active programme: `programme(title=...)`; what is not said is about storing small arms."""

    def make(**said: Any) -> Programme:
        values = {"organization": unoda, "status": "active", "provenance": {"kind": "public_sources"}}
        made, _ = programmes.register(
            session, officer.actor, ProgrammeIn.model_validate({**STORAGE_HELP, **values, **said})
        )
        session.commit()
        return made

    return make


@pytest.fixture
def proposed(session: Session, app: FastAPI, need: NeedMaker, programme: ProgrammeMaker) -> Pairing:
    """One pair in the queue, proposed by the small jobs."""
    made, offered = need(), programme()
    run_jobs(app)
    return pair_of(session, made, offered)


def pair_of(session: Session, need: Need, programme: Programme) -> Pairing:
    found = session.scalar(select(Pairing).where(Pairing.need_id == need.id, Pairing.programme_id == programme.id))
    assert found is not None, "there is no such pair"
    return found


def tag(pairing: Pairing) -> dict[str, str]:
    return {"If-Match": queries.etag(pairing, queries.today())}


def judged(who: As, pairing: Pairing, judgement: str, **values: Any) -> Any:
    """Decide through the API; return the answer, which must be a success."""
    body = {"judgement": judgement, **values}
    answer = who.post(f"/api/v1/pairings/{pairing.id}/decisions", json=body, headers=tag(pairing))
    assert answer.status_code == 201, answer.text
    return answer.json()


def queue(who: As, **parameters: Any) -> list[Any]:
    answer = who.get("/api/v1/pairings", params={"status": "proposed", **parameters})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def changed(session: Session, actor: Actor, need: Need, **said: Any) -> None:
    """Change what a need says."""
    needs.update(session, actor, need, NeedIn.model_validate({**STORES, **said}))
    session.commit()


@pytest.fixture(params=["sqlite", "postgres"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FastAPI]:
    """The application as it is served: connections and transactions of its own for every request."""
    url = f"sqlite:///{tmp_path / 'counterpart.db'}"
    if request.param == "postgres":
        url = _new_database(request.getfixturevalue("postgres_url"))
    app = create_app(Settings(data_dir=tmp_path, database_url=url, run_jobs_in_process=False, _env_file=None))
    with app.state.engine.begin() as connection:
        upgrade(connection)
    with app.state.open_session(True) as session, session.begin():
        load_vocabularies(session)
    yield app
    app.state.engine.dispose()


@pytest.fixture
def officers(served: FastAPI) -> Iterator[tuple[Session, As, As]]:
    """Two officers, and a session to arrange and look with."""
    with served.state.open_session(True) as session:
        cted = make_organization(session, "CTED-T", OrganizationKind.IMPLEMENTER)
        yield session, As(served, session, Role.OFFICER, cted), As(served, session, Role.OFFICER, cted)


def arranged(session: Session, officer: As) -> tuple[Need, Programme]:
    organization = make_organization(session, "UNODA-T", OrganizationKind.IMPLEMENTER)
    need = needs.create(session, officer.actor, NeedIn.model_validate(STORES))
    needs.move(session, officer.actor, need, NeedMove(status=NeedStatus.OPEN, override_reason="for the test"))
    offered, _ = programmes.register(session, officer.actor, offer(organization.ref, STORAGE_HELP["title"]))
    session.commit()
    return need, offered


def offer(organization: str, title: object) -> ProgrammeIn:
    said = {"organization": organization, "status": "active", "provenance": {"kind": "public_sources"}}
    return ProgrammeIn.model_validate({**STORAGE_HELP, **said, "title": title})
