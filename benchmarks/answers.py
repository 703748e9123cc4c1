"""Times the whole service on the demo's records: starting, reading and writing through real HTTP on this machine.

    python -m benchmarks.answers [--seconds 5] [--readers 4]

Makes the demo in a temporary folder, serves it, and prints answers a second and milliseconds (median, 95th).
"""

# ruff: noqa: T201
import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import httpx

from tests.operating import Office, Server, programme

ASKED = {
    "one need": "/needs/{need}",
    "open needs, first page": "/needs?status=open&limit=50",
    "needs by search, with facets": "/needs?q=drones&facets=true",
    "programmes, first page": "/programmes?limit=50",
    "review queue, first page": "/pairings?status=proposed&limit=50",
    "suggestions for a need": "/needs/{need}/suggestions",
}
CREATED = 201


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--readers", type=int, default=4)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        office = Office(Path(folder), {"REQUESTS_PER_MINUTE": "0"})
        print("| what | answers a second | median ms | 95th ms |\n|---|---|---|---|")
        began = time.perf_counter()
        office.run("demo", "--no-serve").check_returncode()
        _line("making the demo", [time.perf_counter() - began])
        key = office.run("keys", "issue", "--role", "officer").stdout.strip()
        began = time.perf_counter()
        with office.server() as server:
            _line("starting, to the first answer", [time.perf_counter() - began])
            _read(server, key, chosen.readers, chosen.seconds)
            _write(server, office, chosen.seconds)


def _read(server: Server, key: str, readers: int, seconds: float) -> None:
    with server.client(key) as client:
        need = client.get("/needs?status=open&limit=1").json()["items"][0]["ref"]
        for path in ASKED.values():
            client.get(path.format(need=need))  # the first answer reads files that the others share
    for name, path in ASKED.items():
        taken, lasted = _timed(server, key, readers, seconds, lambda c, p=path: c.get(p.format(need=need)))
        _line(f"{name} ({readers} readers)", taken, lasted)


def _write(server: Server, office: Office, seconds: float) -> None:
    key = office.run("keys", "issue", "--role", "partner", "--organization", "DEMO-PARTNER").stdout.strip()
    numbers = count()
    taken, lasted = _timed(
        server,
        key,
        1,
        seconds,
        lambda client: client.post("/programmes", json=programme(f"b{next(numbers)}")),
        CREATED,
    )
    _line("registering a programme (1 writer)", taken, lasted)


def _timed(
    server: Server,
    key: str,
    threads: int,
    seconds: float,
    ask: Callable[[httpx.Client], httpx.Response],
    status: int = 200,
) -> tuple[list[float], float]:
    """Ask from several threads for a while; return how long each answer took, and how long all took together."""
    taken: list[float] = []

    def work() -> None:
        with server.client(key) as client:
            while time.perf_counter() < ends:
                began = time.perf_counter()
                answer = ask(client)
                taken.append(time.perf_counter() - began)
                if answer.status_code != status:
                    raise SystemExit(f"{answer.status_code}: {answer.text[:200]}")

    began = time.perf_counter()
    ends = began + seconds
    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return taken, time.perf_counter() - began


def _line(name: str, taken: list[float], lasted: float | None = None) -> None:
    rate = f"{len(taken) / lasted:.0f}" if lasted else ""
    worst = f"{1000 * statistics.quantiles(taken, n=20)[-1]:.0f}" if len(taken) > 1 else ""
    print(f"| {name} | {rate} | {1000 * statistics.median(taken):.0f} | {worst} |", flush=True)


if __name__ == "__main__":
    main()
