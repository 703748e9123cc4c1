"""`counterpart model` as it is called: arguments in, stdout, stderr and exit status out."""

import json
import sys

import pytest
from fastapi import FastAPI
from sqlalchemy.orm import Session

from app.cli import main
from app.organizations.models import OrganizationKind
from app.pairings import service
from app.pairings.schemas import DecisionIn
from app.programmes import service as programmes
from tests.conftest import As, make_organization
from tests.pairings.conftest import arranged, offer

FITS = {"judgement": "accept"}
UNFIT = {"judgement": "reject", "reason": "wrong_capacity"}


@pytest.fixture
def office(served: FastAPI, officers: tuple[Session, As, As], monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    """An installation, named by the environment, in which two officers decided on twelve pairs of one need."""
    session, officer, other = officers
    make_organization(session, "CTED", OrganizationKind.IMPLEMENTER)
    need, _ = arranged(session, officer)
    offered = [
        programmes.register(session, officer.actor, offer("UNODA-T", f"Armouries {number}"))[0]
        for number in range(12)
    ]
    session.commit()
    for number, one in enumerate(offered):
        judgement = FITS if number < 8 else UNFIT
        who = (officer, other)[number % 2].actor
        pairing, _ = service.store(session, who, served.state.ranking, need, one)
        service.decide(session, who, pairing, DecisionIn.model_validate(judgement))
    session.commit()
    monkeypatch.setenv("COUNTERPART_DATABASE_URL", served.state.settings.database_url)
    monkeypatch.setenv("COUNTERPART_DATA_DIR", str(served.state.settings.data_dir))
    return served


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Call a command: `call("model", "list")` gives its exit status, stdout and stderr."""

    def called(*arguments: str) -> tuple[object, str, str]:
        monkeypatch.setattr(sys, "argv", ["counterpart", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return called


def test_a_model_is_trained_listed_compared_put_in_force_and_taken_out(office: FastAPI, call):
    status, out, _ = call("model", "train", "--note", "first")
    assert status == 0
    name = out.split()[0]
    assert name.endswith("-learned.1")
    assert "12 decisions, 8 accepted" in out

    status, out, _ = call("model", "list")
    assert status == 0
    assert [line for line in out.splitlines() if line.startswith(name) and line.endswith("first")]
    assert "in force" in out.splitlines()[0]

    status, out, _ = call("model", "compare", name)
    assert status == 0
    assert "on held-out decisions: AUC" in out
    assert "over 1 open needs" in out

    status, out, err = call("model", "activate", name)
    assert (status, out.split()[0]) == (0, name)
    assert "match run --full" in err
    assert json.loads(call("model", "list", "--json")[1])["in_force"]["name"] == name

    status, out, _ = call("model", "activate", "installed", "--json")
    assert (status, json.loads(out)["before"]) == (0, name)


def test_what_programs_read_is_json(office: FastAPI, call):
    trained = json.loads(call("model", "train", "--json")[1])
    compared = json.loads(call("model", "compare", trained["name"], "--json")[1])

    assert compared == trained
    assert json.loads(call("model", "list", "--json")[1])["candidates"] == [trained]


def test_a_candidate_that_does_not_exist_is_one_line_and_status_1(office: FastAPI, call):
    for command in ("compare", "activate"):
        status, _, err = call("model", command, "no-such")
        assert status == 1
        assert err.splitlines() == ["counterpart: There is no such candidate model"]
