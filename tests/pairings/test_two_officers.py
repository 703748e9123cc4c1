"""Real threads on databases of their own: a file for SQLite, a server for PostgreSQL."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy.orm import Session

from app.core.actor import Role
from app.core.migrate import upgrade
from app.core.settings import Settings
from app.main import create_app
from app.needs import service as needs
from app.needs.models import Need, NeedStatus
from app.needs.schemas import NeedIn, NeedMove
from app.organizations.models import OrganizationKind
from app.pairings import runs
from app.pairings.models import Decision, Pairing
from app.pairings.proposing import SYSTEM
from app.programmes import service as programmes
from app.programmes.models import Programme
from app.programmes.schemas import ProgrammeIn
from app.vocabularies.service import load_vocabularies
from tests.conftest import As, _new_database, make_organization, run_jobs
from tests.pairings.conftest import STORAGE_HELP, STORES, tag


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


def test_of_two_officers_at_once_one_decides_and_the_other_is_told(
    served: FastAPI, officers: tuple[Session, As, As]
):
    session, one, other = officers
    pairing = _proposed(session, served, one)
    headers, path = tag(pairing), f"/api/v1/pairings/{pairing.id}/decisions"
    session.commit()

    answers = _at_once(
        lambda: one.post(path, json={"judgement": "accept"}, headers=headers),
        lambda: other.post(path, json={"judgement": "reject", "reason": "other"}, headers=headers),
    )

    assert sorted(answer.status_code for answer in answers) == [201, 412]
    first, second = sorted(answers, key=lambda answer: answer.status_code)
    assert first.json()["status"] in second.json()["detail"]
    assert second.headers["ETag"] == first.json()["etag"]
    assert session.query(Decision).count() == 1


def test_a_run_and_a_decision_at_once_lose_nothing(served: FastAPI, officers: tuple[Session, As, As]):
    session, one, _ = officers
    pairing = _proposed(session, served, one)
    headers, path = tag(pairing), f"/api/v1/pairings/{pairing.id}/decisions"
    session.commit()

    decided, found = _at_once(
        lambda: one.post(path, json={"judgement": "accept"}, headers=headers),
        lambda: runs.run(served.state.open_session, served.state.ranking, SYSTEM, True),
    )

    assert decided.status_code == 201
    assert (found.new, found.kept, found.superseded) == (0, 1, 0)
    assert one.get(f"/api/v1/pairings/{pairing.id}").json()["status"] == "accepted"


def test_two_runs_at_once_propose_each_pair_once(served: FastAPI, officers: tuple[Session, As, As]):
    session, one, _ = officers
    _arranged(session, one)

    found = _at_once(*[lambda: runs.run(served.state.open_session, served.state.ranking, SYSTEM, True)] * 2)

    assert sorted(state.new for state in found) == [0, 1]
    assert session.query(Pairing).count() == 1


def test_suggestions_during_changes_are_never_of_a_half_read_index(
    served: FastAPI, officers: tuple[Session, As, As]
):
    session, one, _ = officers
    need, _ = _arranged(session, one)
    path, stop = f"/api/v1/needs/{need.ref}/suggestions", threading.Event()
    session.commit()

    def ask() -> set[int]:
        seen = set()
        while not stop.is_set():
            seen.add(len(one.get(path, params={"k": 100, "explain": False}).json()["items"]))
        return seen

    with ThreadPoolExecutor(2) as pool:
        asking = [pool.submit(ask) for _ in range(2)]
        for batch in range(3):
            _five_more(session, one, batch)
        stop.set()
        seen = set().union(*(each.result(60) for each in asking))

    assert seen <= {1, 6, 11, 16}
    assert len(one.get(path, params={"k": 100}).json()["items"]) == 16


def _arranged(session: Session, officer: As) -> tuple[Need, Programme]:
    organization = make_organization(session, "UNODA-T", OrganizationKind.IMPLEMENTER)
    need = needs.create(session, officer.actor, NeedIn.model_validate(STORES))
    needs.move(session, officer.actor, need, NeedMove(status=NeedStatus.OPEN, override_reason="for the test"))
    offered, _ = programmes.register(session, officer.actor, _offer(organization.ref, STORAGE_HELP["title"]))
    session.commit()
    return need, offered


def _offer(organization: str, title: object) -> ProgrammeIn:
    said = {"organization": organization, "status": "active", "provenance": {"kind": "public_sources"}}
    return ProgrammeIn.model_validate({**STORAGE_HELP, **said, "title": title})


def _five_more(session: Session, officer: As, batch: int) -> None:
    for number in range(5):
        programmes.register(session, officer.actor, _offer("UNODA-T", f"Armoury management {batch} {number}"))
    session.commit()


def _proposed(session: Session, app: FastAPI, officer: As) -> Pairing:
    _arranged(session, officer)
    run_jobs(app)
    return session.query(Pairing).one()


def _at_once(*calls: Callable[[], object]) -> list:
    barrier = threading.Barrier(len(calls))

    def call(do: Callable[[], object]) -> object:
        barrier.wait(10)
        return do()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [done.result(60) for done in [pool.submit(call, do) for do in calls]]
