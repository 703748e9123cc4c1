"""The commands as they are called: arguments in, stdout, stderr and exit status out."""

import json
import sys
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy.orm import Session

from app.cli import main
from app.organizations.models import OrganizationKind
from tests.conftest import As, make_organization
from tests.pairings.conftest import arranged


@pytest.fixture
def arrangement(served: FastAPI, officers: tuple[Session, As, As], monkeypatch: pytest.MonkeyPatch):
    """An installation with one open need and one programme, named by the environment."""
    session, officer, _ = officers
    make_organization(session, "CTED", OrganizationKind.IMPLEMENTER)
    need, programme = arranged(session, officer)
    monkeypatch.setenv("COUNTERPART_DATABASE_URL", served.state.settings.database_url)
    monkeypatch.setenv("COUNTERPART_DATA_DIR", str(served.state.settings.data_dir))
    refs = need.ref, programme.ref
    session.commit()
    return refs


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int | str | None:
    monkeypatch.setattr(sys, "argv", ["counterpart", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


def test_a_run_prints_its_counts(arrangement, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    assert call(monkeypatch, "match", "run", "--full") == 0
    assert capsys.readouterr().out.startswith("1 new, 0 kept, 0 superseded; 1 open needs, model ")

    assert call(monkeypatch, "match", "run", "--json") == 0
    assert json.loads(capsys.readouterr().out)["status"] == "done"


def test_suggestions_are_told_and_explained(
    arrangement, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    need, programme = arrangement
    assert call(monkeypatch, "match", "suggest", need) == 0
    line = capsys.readouterr().out
    assert line.startswith("  1. ")
    assert f" proposed {programme} UNODA-T: Armoury management" in line

    assert call(monkeypatch, "match", "suggest", need, "--why", programme) == 0
    told = capsys.readouterr().out
    assert "the programme covers Togo" in told
    assert "pass    stale" in told

    assert call(monkeypatch, "match", "suggest", need, "--json") == 0
    assert json.loads(capsys.readouterr().out)["items"][0]["programme"]["ref"] == programme


def test_a_need_that_does_not_exist_is_one_line_and_status_1(
    arrangement, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    assert call(monkeypatch, "match", "suggest", "N-2026-AAAAA") == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_model_in_force_is_listed(
    arrangement, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    assert call(monkeypatch, "model", "list") == 0
    assert "in force" in capsys.readouterr().out


def test_a_bad_line_of_the_glossary_is_named(
    arrangement,
    served: FastAPI,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    assert call(monkeypatch, "glossary", "check") == 0
    folder: Path = served.state.settings.data_dir
    (folder / "glossary.tsv").write_text("not a glossary\n", encoding="utf-8")

    assert call(monkeypatch, "glossary", "check") == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "glossary.tsv, line 1" in line
