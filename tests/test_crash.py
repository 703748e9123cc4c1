"""Nothing that was acknowledged is lost when the server is killed, and several processes tell one truth."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.conftest import _new_database
from tests.operating import Office, Server, programme

WRITERS = 4


@pytest.fixture(params=["sqlite", "postgres"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Office:
    """An installation on each database, with a partner organization."""
    settings = {"REQUESTS_PER_MINUTE": "0"}
    if request.param == "postgres":
        settings["DATABASE_URL"] = _new_database(request.getfixturevalue("postgres_url"))
    office = Office(tmp_path / "office", settings)
    assert office.run("init").returncode == 0
    (tmp_path / "organizations.csv").write_text("ref,name,level,kind\nPARTNER,Partner,regional,implementer\n")
    done = office.run("import", "organizations", str(tmp_path / "organizations.csv"))
    assert done.returncode == 0, done.stderr
    return office


@pytest.fixture
def key(office: Office) -> str:
    return office.run("keys", "issue", "--role", "partner", "--organization", "PARTNER").stdout.strip()


@contextmanager
def both_servers(office: Office, key: str) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """A client at each of two servers on the same database."""
    with office.server() as one, office.server() as other, one.client(key) as first, other.client(key) as second:
        yield first, second


def _post(client: httpx.Client, body: object, headers: dict[str, str], answers: list[httpx.Response]) -> None:
    answers.append(client.post("/programmes", json=body, headers=headers))


class Writers:
    """Post programmes from several threads until the server is gone; remember those that were acknowledged."""

    def __init__(self, server: Server, key: str, name: str) -> None:
        self.server, self.key, self.name = server, key, name
        self.acknowledged: set[str] = set()
        self.enough = threading.Event()
        self.threads = [threading.Thread(target=self._write, args=(n,)) for n in range(WRITERS)]

    def kill_after(self, wanted: int) -> set[str]:
        """Let them write until `wanted` were acknowledged, then kill -9 in the middle of it."""
        self.wanted = wanted
        for thread in self.threads:
            thread.start()
        assert self.enough.wait(120)
        self.server.kill()
        for thread in self.threads:
            thread.join()
        return self.acknowledged

    def _write(self, writer: int) -> None:
        with self.server.client(self.key) as client:
            for number in range(10_000):
                external_id = f"{self.name}-{writer}-{number}"
                try:
                    answer = client.post("/programmes", json=programme(external_id))
                except httpx.TransportError:
                    return
                if answer.status_code == 201:
                    self.acknowledged.add(external_id)
                if len(self.acknowledged) >= self.wanted:
                    self.enough.set()


def _kept(client: httpx.Client) -> Iterator[str]:
    """The identifiers of all programmes, page by page."""
    cursor = None
    while True:
        page = client.get("/programmes", params={"limit": 200} | ({"cursor": cursor} if cursor else {})).json()
        yield from (item["external_id"] for item in page["items"])
        cursor = page["next"]
        if cursor is None:
            return


def _survives(office: Office, key: str, name: str, wanted: int) -> None:
    with office.server() as server:
        acknowledged = Writers(server, key, name).kill_after(wanted)

    checked = office.run("check")
    with office.server() as server, server.client(key) as client:
        kept = list(_kept(client))

    assert checked.returncode == 0, checked.stdout
    assert acknowledged <= set(kept)
    assert len(kept) == len(set(kept))


def test_what_was_acknowledged_survives_kill_9(office: Office, key: str):
    _survives(office, key, "course", wanted=40)


@pytest.mark.slow
def test_what_was_acknowledged_survives_many_kills(office: Office, key: str):
    for round_number in range(15):
        _survives(office, key, f"round{round_number}", wanted=20 + 17 * round_number)


def test_two_servers_on_one_database_tell_one_truth(office: Office, key: str):
    with both_servers(office, key) as (writing, reading):
        made = writing.post("/programmes", json=programme("shared"))
        again = reading.post("/programmes", json=programme("shared"))
        seen = reading.get(f"/programmes/{made.json()['ref']}")
        revoked = office.run("keys", "revoke", key.split("_")[1])
        refused = [client.get("/me").status_code for client in (writing, reading)]

    assert (made.status_code, again.status_code, seen.status_code) == (201, 200, 200)
    assert revoked.returncode == 0, revoked.stderr
    assert refused == [401, 401]


def test_an_idempotent_post_is_done_once_whichever_server_is_asked(office: Office, key: str):
    body = {name: value for name, value in programme("").items() if name != "external_id"}
    once = {"Idempotency-Key": "one-course"}
    answers: list[httpx.Response] = []
    with both_servers(office, key) as clients:
        threads = [threading.Thread(target=_post, args=(client, body, once, answers)) for client in clients * 2]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        count = clients[0].get("/programmes?count=true").json()["total"]

    assert count == 1
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.json()["ref"] for answer in answers if answer.status_code == 201}) == 1


def test_more_writers_than_threads_all_get_their_turn(office: Office, key: str):
    statuses: list[int] = []

    def write(server: Server, writer: int) -> None:
        with server.client(key) as client:
            for number in range(5):
                statuses.append(client.post("/programmes", json=programme(f"{writer}-{number}")).status_code)

    with office.server() as server:
        threads = [threading.Thread(target=write, args=(server, writer)) for writer in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert statuses == [201] * 60
