"""The commands seed, import and export: arguments in, stdout, stderr, files and exit status out."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app.audit.models import AuditEvent
from app.cli import main
from app.core.db import make_engine, session_factory
from app.core.migrate import upgrade
from app.core.settings import Settings
from app.organizations.models import Level, Organization
from app.vocabularies.service import load_vocabularies
from tests.conftest import _new_database

Call = Callable[..., int]
GOOD = {"title": "T", "summary": "S", "themes": ["WPN-PSM"], "coverage": {"global": True}, "organization": "CTED"}


@pytest.fixture(params=["sqlite", "postgres"])
def call(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run a command on a new installation; return its exit status."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/counterpart.db"
    else:
        url = _new_database(request.getfixturevalue("postgres_url"))
    engine = make_engine(url)
    with engine.begin() as connection:
        upgrade(connection)
    with session_factory(engine)(True) as session, session.begin():
        load_vocabularies(session)
        session.add(Organization(ref="CTED", name="CTED", level=Level.INTERNATIONAL))
    engine.dispose()
    monkeypatch.setenv("COUNTERPART_DATABASE_URL", url)
    monkeypatch.setenv("COUNTERPART_DATA_DIR", str(tmp_path))

    def run(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["counterpart", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0)

    return run


def written(path: Path, *rows: dict[str, object]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def test_a_wrong_row_is_told_and_written_to_be_mended(
    call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file = written(tmp_path / "offers.jsonl", GOOD | {"external_id": "A1"}, GOOD | {"themes": ["WPN-PSN"]})
    returned = tmp_path / "wrong.jsonl"

    status = call("import", "programmes", file, "--errors", str(returned))

    said = capsys.readouterr()
    assert status == 1
    assert said.out == "1 created, 0 updated, 0 unchanged, 1 refused\n"
    assert said.err.startswith(
        "row 2, themes: 'WPN-PSN' is not a code of the vocabulary theme; the nearest: WPN-PSM"
    )
    returned.write_text(
        returned.read_text(encoding="utf-8").replace('["WPN-PSN"]', '["WPN-PSM"]'), encoding="utf-8"
    )
    assert call("import", "programmes", str(returned)) == 0
    assert call("import", "programmes", file, "--json") == 1
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["unchanged"] == 1


def test_refused_rows_are_not_written_over_the_file_that_is_imported(
    call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file = written(tmp_path / "offers.jsonl", GOOD, GOOD | {"themes": ["WPN-PSN"]})
    before = Path(file).read_bytes()

    assert call("import", "programmes", file, "--dry-run", "--errors", str(tmp_path / "." / "offers.jsonl")) == 1
    assert "name another file" in capsys.readouterr().err
    assert Path(file).read_bytes() == before


def test_ctrl_c_ends_a_command_with_one_line(tmp_path: Path):
    os.mkfifo(tmp_path / "rows.csv")
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from app.cli import main; main()"
    )
    command = [sys.executable, "-c", code, "import", "programmes", str(tmp_path / "rows.csv")]
    with (
        subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as started,
        (tmp_path / "rows.csv").open("w"),  # waits until the command reads, which then waits for a row
    ):
        started.send_signal(signal.SIGINT)
        _, said = started.communicate(timeout=60)

    assert said == "counterpart: stopped\n"
    assert started.returncode == 130


def test_a_try_keeps_nothing(call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = written(tmp_path / "offers.jsonl", GOOD)

    assert call("import", "programmes", file, "--dry-run") == 0
    assert "nothing was kept" in capsys.readouterr().out
    assert call("export", "programmes", "--format", "jsonl") == 0
    assert capsys.readouterr().out == ""


def test_an_export_says_its_marking_beside_the_file_and_leaves_an_event(
    call: Call, capsys: pytest.CaptureFixture[str]
):
    assert call("export", "organizations") == 0

    said = capsys.readouterr()
    assert "Confidential: for CTED alone · For CTED" in said.err
    assert "Confidential" not in said.out
    assert call("audit", "verify") == 0
    engine = make_engine(Settings().url)
    with session_factory(engine)(False) as session:
        event = session.query(AuditEvent).filter_by(action="export.made").one()
        assert (event.actor_label, event.subject_id, event.after["format"]) == ("operator", "organizations", "csv")
    engine.dispose()


@pytest.mark.parametrize("form", ["csv", "jsonl", "xlsx"])
def test_what_is_exported_is_imported_again(
    call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
):
    call("import", "programmes", written(tmp_path / "offers.jsonl", GOOD | {"external_id": "A1"}))
    target = tmp_path / f"programmes.{form}"

    assert call("export", "programmes", "--format", form, "--output", str(target)) == 0
    capsys.readouterr()
    assert call("import", "programmes", str(target)) == 0
    assert capsys.readouterr().out == "0 created, 0 updated, 1 unchanged, 0 refused\n"


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("import", "programmes", "{folder}/none.csv"), 1, "No such file or directory"),
        (("import", "programmes", "{folder}/offers.txt"), 1, "does not say its format"),
        (("import", "programmes", "{folder}/empty.csv"), 1, "The file is empty"),
        (("import", "pairings", "{folder}/empty.csv"), 2, "pairings"),
        (("export", "programmes", "--format", "pdf"), 2, "pdf"),
        (("seed", "{folder}/nowhere"), 1, "No such file or directory"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    call: Call,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    status: int,
    said: str,
):
    for name in ("offers.txt", "empty.csv"):
        (tmp_path / name).touch()

    assert call(*(argument.format(folder=tmp_path) for argument in arguments)) == status
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_the_seed_is_loaded_once(call: Call, capsys: pytest.CaptureFixture[str]):
    assert call("seed") == 0
    assert capsys.readouterr().out.splitlines() == [
        "organizations.csv: 90 created, 1 updated, 0 unchanged, 0 refused",
        "programmes.jsonl: 120 created, 0 updated, 0 unchanged, 0 refused",
        "needs.jsonl: 84 created, 0 updated, 0 unchanged, 0 refused",
    ]
    assert call("seed", "--json") == 0
    counts = json.loads(capsys.readouterr().out)
    assert {name: count["unchanged"] for name, count in counts.items()} == {
        "organizations.csv": 91,
        "programmes.jsonl": 120,
        "needs.jsonl": 84,
    }
