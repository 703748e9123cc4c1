"""A run with another engine stores what a run without one stores, whatever changes meanwhile."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from distributed import LocalCluster
from distributed.utils import silence_logging_cmgr
from fastapi import FastAPI
from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.needs import service as needs
from app.needs.models import Need, NeedStatus
from app.needs.schemas import NeedIn, NeedMove
from app.organizations.models import Organization, OrganizationKind
from app.pairings import runs
from app.pairings.models import Pairing
from app.pairings.proposing import SYSTEM
from app.pairings.ranking import Engine, Index, StatedNeed
from app.programmes import service as programmes
from matching.matcher import Ranked
from tests.conftest import As, make_organization
from tests.pairings.conftest import STORES, arranged, offer
from tests.pairings.test_commands import call

TITLES = ("Armoury management", "Registers of small arms", "Locks for police armouries")
Rankings = Iterator[tuple[StatedNeed, Ranked]]
BLOCKED = """
import sys
sys.modules["distributed"] = None
import app.cli
app.cli.main()
"""


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """The address of a scheduler with two workers, as an operator starts them."""
    quiet = silence_logging_cmgr(logging.CRITICAL)
    with (
        quiet,
        LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
        ) as started,
    ):
        yield started.scheduler_address


@pytest.fixture
def office(
    served: FastAPI, officers: tuple[Session, As, As], monkeypatch: pytest.MonkeyPatch
) -> tuple[Session, As, Organization]:
    """Thirty open needs, which are two batches, and four programmes; the environment names them."""
    session, officer, _ = officers
    make_organization(session, "CTED", OrganizationKind.IMPLEMENTER)
    _, offered = arranged(session, officer)
    organization = offered.organization
    for title in TITLES:
        programmes.register(session, officer.actor, offer(organization.ref, title))
    for number in range(29):
        _open(session, officer, f"Storage of small arms, station {number}")
    session.commit()
    monkeypatch.setenv("COUNTERPART_DATABASE_URL", served.state.settings.database_url)
    monkeypatch.setenv("COUNTERPART_DATA_DIR", str(served.state.settings.data_dir))
    return session, officer, organization


def test_a_run_on_a_cluster_stores_what_a_run_here_stores(
    office: tuple[Session, As, Organization],
    scheduler: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    there = ["match", "run", "--full", "--engine", "dask", "--scheduler", scheduler, "--json"]
    session, _, _ = office

    assert call(monkeypatch, *there) == 0
    told = json.loads(capsys.readouterr().out)
    on_the_cluster = _stored(session)
    _forget(session)
    assert call(monkeypatch, "match", "run", "--full") == 0

    assert (told["status"], told["needs_done"], told["new"]) == ("done", 30, 120)
    assert on_the_cluster == _stored(session)


def test_rankings_made_ahead_are_used(served: FastAPI, office: tuple[Session, As, Organization]):
    def nothing_found(_: Index, stated: Iterable[StatedNeed]) -> Rankings:
        return ((need, []) for need in stated)

    assert _run(served, nothing_found) == (30, 0)


def test_a_programme_that_comes_while_needs_are_ranked_is_proposed(
    served: FastAPI, office: tuple[Session, As, Organization]
):
    session, officer, organization = office

    def slow(index: Index, stated: Iterable[StatedNeed]) -> Rankings:
        found = list(_ranked(index, stated))
        programmes.register(session, officer.actor, offer(organization.ref, "Police armouries, a later offer"))
        session.commit()
        yield from found

    assert _run(served, slow) == (30, 30 * 5)


def test_a_need_that_changes_or_comes_while_needs_are_ranked_is_ranked_as_it_is(
    served: FastAPI, office: tuple[Session, As, Organization]
):
    session, officer, _ = office

    def slow(index: Index, stated: Iterable[StatedNeed]) -> Rankings:
        found = list(_ranked(index, stated))
        changed = session.query(Need).order_by(Need.id).first()
        elsewhere = {**STORES, "recipient": {"countries": ["KE"]}}
        needs.update(session, officer.actor, changed, NeedIn.model_validate(elsewhere))
        _open(session, officer, "Storage of small arms at a later station")
        session.commit()
        yield from found

    assert _run(served, slow) == (31, 30 * 4)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--engine", "dask"], "run: pip install 'counterpart[dask]'"),
        (["--scheduler", "tcp://127.0.0.1:8786"], "--scheduler is for --engine dask"),
    ],
)
def test_an_engine_that_cannot_be_used_is_one_line_and_status_2(tmp_path: Path, arguments: list[str], said: str):
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED, "match", "run", *arguments],
        env={"COUNTERPART_DATA_DIR": str(tmp_path), "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert said in done.stderr


def _run(served: FastAPI, engine: Engine) -> tuple[int, int]:
    """How many needs a full run looks at, and how many proposals it makes."""
    done = runs.run(served.state.open_session, served.state.ranking, SYSTEM, full=True, engine=engine)
    return done.needs_done, done.new


def _ranked(index: Index, stated: Iterable[StatedNeed]) -> Rankings:
    return ((need, index.matcher.rank(need, 10, index.day)) for need in stated)


def _open(session: Session, officer: As, title: str) -> None:
    made = needs.create(session, officer.actor, NeedIn.model_validate({**STORES, "title": title}))
    needs.move(session, officer.actor, made, NeedMove(status=NeedStatus.OPEN, override_reason="for the test"))


def _stored(session: Session) -> list[tuple[object, ...]]:
    session.expire_all()
    found = session.query(Pairing).order_by(Pairing.need_id, Pairing.programme_id)
    return [(one.need_id, one.programme_id, one.score, one.model, one.contributions) for one in found]


def _forget(session: Session) -> None:
    session.execute(delete(Pairing))
    session.commit()
