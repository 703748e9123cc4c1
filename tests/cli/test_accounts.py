"""`counterpart users` and `counterpart keys`, on a database of their own."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.access.authentication import key_of
from app.access.links import find_user
from app.cli.failures import explain
from app.cli.keys import keys
from app.cli.prepare import init
from app.cli.session import open_settings, transaction
from app.cli.users import users
from app.core.jobs import Job

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command; return what it printed on stdout, or its one line of complaint."""
    monkeypatch.setenv("COUNTERPART_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COUNTERPART_DATABASE_URL", f"sqlite:///{tmp_path / 'test.db'}")
    init()

    def invoke(group: str, *arguments: str) -> str:
        result = CliRunner().invoke({"users": users, "keys": keys}[group], list(arguments))
        return result.stdout.strip() if result.exception is None else explain(result.exception) or result.stderr

    return invoke


def test_a_new_account_gets_a_link_alone_on_stdout(run: Run):
    link = run("users", "add", "Jane@example.org", "--role", "officer")

    with transaction(writes=False) as session:
        user = find_user(session, link.rpartition("/")[2])
        assert user is not None
        assert (user.email, user.role) == ("jane@example.org", "officer")


def test_the_link_is_printed_though_mail_could_be_sent(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COUNTERPART_SMTP_URL", "smtp://mail.example")

    assert "/link/" in run("users", "add", "jane@example.org", "--role", "officer")
    assert open_settings().smtp_url
    with transaction(writes=False) as session:
        assert session.query(Job).count() == 0


def test_accounts_are_listed_reset_and_disabled(run: Run):
    first = run("users", "add", "jane@example.org", "--role", "admin")
    second = json.loads(run("users", "reset", "jane@example.org", "--json"))["link"]
    disabled = json.loads(run("users", "disable", "JANE@example.org", "--json"))

    listed = json.loads(run("users", "list", "--json"))
    assert first != second
    assert [(user["email"], user["organization"]) for user in listed] == [("jane@example.org", "CTED")]
    assert listed[0]["disabled_at"] == disabled["disabled_at"] is not None
    assert run("users", "list") == "jane@example.org\tadmin\tCTED\tdisabled"


def test_a_key_is_printed_alone_and_once(run: Run):
    key = run("keys", "issue", "--role", "partner", "--organization", "CTED", "--name", "n", "--expires", "7")

    with transaction(writes=False) as session:
        assert key_of(session, key) is not None
    listed = run("keys", "list", "--json")
    assert key.rpartition("_")[2] not in listed
    assert json.loads(listed)[0]["expires_at"] is not None


def test_a_revoked_key_opens_nothing(run: Run):
    key = run("keys", "issue", "--role", "partner")

    run("keys", "revoke", key)

    with transaction(writes=False) as session:
        assert key_of(session, key) is None
    assert run("keys", "list").endswith("\trevoked")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("users", "add", "jane", "--role", "admin"), "name@example.org"),
        (("users", "add", "jane@example.org", "--role", "admin", "--organization", "CTD"), "nearest: CTED"),
        (("users", "add", "jane@example.org", "--role", "boss"), "boss"),
        (("users", "reset", "nobody@example.org"), "no account"),
        (("users", "disable", "nobody@example.org"), "no account"),
        (("keys", "issue"), "--role"),
        (("keys", "issue", "--role", "partner", "--expires", "0"), "--expires"),
        (("keys", "revoke", "none"), "no such key"),
    ],
)
def test_what_cannot_be_done_is_said(run: Run, arguments: tuple[str, ...], complaint: str):
    assert complaint in run(*arguments)
