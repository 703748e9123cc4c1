"""Whoever is slow to send what they announced keeps nobody else waiting: a real server, real sockets."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from tests.operating import PATIENCE, Office, Server, programme

IDLE = 12  # more than the threads that answer


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    office = Office(tmp_path_factory.mktemp("office"))
    done = office.run("init")
    assert done.returncode == 0, done.stderr
    return office


@pytest.fixture(scope="module")
def key(office: Office) -> str:
    return office.run("keys", "issue", "--role", "officer").stdout.strip()


@pytest.fixture(scope="module")
def server(office: Office, key: str) -> Iterator[Server]:
    with office.server() as server:
        yield server


@pytest.mark.parametrize("path", ["/sign-in", "/api/v1/imports?kind=programmes&format=csv"])
def test_others_write_while_a_body_is_awaited(server: Server, key: str, path: str):
    with ExitStack() as sockets:
        idle = [sockets.enter_context(announce(server, path, key)) for _ in range(IDLE)]
        assert httpx.get(f"{server.address}/readyz", timeout=PATIENCE).status_code == 200  # all were accepted

        with server.client(key) as client:
            body = {**programme(path), "organization": "CTED", "provenance": {"kind": "public_sources"}}
            answer = client.post("/programmes", json=body)

        assert answer.status_code == 201, answer.text
        assert all(is_open(one) for one in idle)


def announce(server: Server, path: str, key: str) -> socket.socket:
    """Say that a body will come, and send none of it."""
    url = httpx.URL(server.address)
    opened = socket.create_connection((url.host, url.port or 80), timeout=PATIENCE)
    lines = (
        f"POST {path} HTTP/1.1",
        f"Host: {url.host}",
        f"Authorization: Bearer {key}",
        "Content-Type: application/x-www-form-urlencoded",
        "Content-Length: 100",
    )
    opened.sendall("\r\n".join((*lines, "", "")).encode())
    return opened


def is_open(one: socket.socket) -> bool:
    """Whether the server neither answered nor hung up."""
    one.setblocking(False)
    try:
        one.recv(1)
    except BlockingIOError:
        return True
    return False
