"""Real threads on databases of their own: a file for SQLite, a server for PostgreSQL."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from fastapi import FastAPI
from sqlalchemy.orm import Session

from app.pairings import runs
from app.pairings.models import Decision, Pairing
from app.pairings.proposing import SYSTEM
from app.programmes import service as programmes
from tests.conftest import As, run_jobs
from tests.pairings.conftest import arranged, offer, tag


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
    arranged(session, one)

    found = _at_once(*[lambda: runs.run(served.state.open_session, served.state.ranking, SYSTEM, True)] * 2)

    assert sorted(state.new for state in found) == [0, 1]
    assert session.query(Pairing).count() == 1


def test_suggestions_during_changes_are_never_of_a_half_read_index(
    served: FastAPI, officers: tuple[Session, As, As]
):
    session, one, _ = officers
    need, _ = arranged(session, one)
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


def _five_more(session: Session, officer: As, batch: int) -> None:
    for number in range(5):
        programmes.register(session, officer.actor, offer("UNODA-T", f"Armoury management {batch} {number}"))
    session.commit()


def _proposed(session: Session, app: FastAPI, officer: As) -> Pairing:
    arranged(session, officer)
    run_jobs(app)
    return session.query(Pairing).one()


def _at_once(*calls: Callable[[], object]) -> list:
    barrier = threading.Barrier(len(calls))

    def call(do: Callable[[], object]) -> object:
        barrier.wait(10)
        return do()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [done.result(60) for done in [pool.submit(call, do) for do in calls]]
