"""Real commands and real servers, as an operator runs them: each a process of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import httpx

PATIENCE = 60


@dataclass(frozen=True)
class Office:
    """One installation: its folder and its settings."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("COUNTERPART_")}
        own = {f"COUNTERPART_{name}": value for name, value in self.settings.items()}
        return {**kept, "COUNTERPART_DATA_DIR": str(self.folder), **own}

    def run(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run `counterpart` with these arguments to its end."""
        own = {f"COUNTERPART_{name}": value for name, value in settings.items()}
        return subprocess.run(
            [sys.executable, "-c", "import app.cli; app.cli.main()", *arguments],
            env=self.environment | own,
            capture_output=True,
            text=True,
            timeout=PATIENCE * 2,
            check=False,
        )

    @contextmanager
    def server(self, *arguments: str) -> Iterator["Server"]:
        """Serve until the block ends; whatever is left of it then is killed."""
        port = free_port()
        log = self.folder / f"server-{port}.log"
        with log.open("wb") as written:
            process = self._start(port, arguments, written)
        server = Server(process, f"http://127.0.0.1:{port}", log)
        try:
            server.wait_until_ready()
            yield server
        finally:
            server.kill()

    def _start(self, port: int, arguments: tuple[str, ...], log: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [
                sys.executable,
                "-c",
                "import app.cli; app.cli.main()",
                "serve",
                "--port",
                str(port),
                *arguments,
            ],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
        )


@dataclass(frozen=True)
class Server:
    process: subprocess.Popen[bytes]
    address: str
    log: Path

    def wait_until_ready(self) -> None:
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends and self.process.poll() is None:
            try:
                if httpx.get(f"{self.address}/readyz", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        raise AssertionError(f"not ready: {self.process.poll()}")

    def kill(self) -> None:
        """kill -9, to the server and all that it started."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> tuple[int, str]:
        """Ask it to stop, as a service manager does; return its status and what it wrote on stderr."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=PATIENCE), self.log.read_text(encoding="utf-8")

    def client(self, key: str) -> httpx.Client:
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.Client(base_url=f"{self.address}/api/v1", headers=headers, timeout=PATIENCE)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def programme(external_id: str) -> dict[str, object]:
    return {
        "external_id": external_id,
        "title": f"Course {external_id}",
        "summary": "Trains storekeepers to keep an electronic inventory of small arms by serial number.",
        "themes": ["WPN-PSM"],
        "coverage": {"global": True},
    }
