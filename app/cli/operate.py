"""Serve, and work off jobs."""

import json
import os
import signal
import threading
from typing import Annotated

import typer
import uvicorn
from fastapi import FastAPI

from app.cli.prepare import require_free, require_writable
from app.cli.session import answer, open_engine, open_settings, say
from app.core import jobs
from app.core.db import session_factory
from app.core.observe import configure_logging
from app.main import create_app, job_handlers
from app.notices.work import recurring
from app.pairings.ranking import Ranking

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")]
Workers = Annotated[int, typer.Option(min=1, max=64, help="Processes that answer.")]


def serve(host: Host = "127.0.0.1", port: Port = 8000, workers: Workers = 1) -> None:
    """Serve the pages and the API until stopped."""
    settings = open_settings()
    require_writable(settings)
    with open_engine():
        pass
    require_free(host, port)
    if "base_url" not in settings.model_fields_set:
        os.environ["COUNTERPART_BASE_URL"] = _own_address(host, port)  # the processes that answer read it
    _ = settings.secret  # made here, before several processes would make one each
    say(f"Counterpart is at http://{host}:{port} (Ctrl-C stops it)")
    uvicorn.run(
        "app.cli.operate:application",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        log_level="warning",
        access_log=False,
        server_header=False,
    )


def worker() -> None:
    """Run background jobs until stopped; use it with COUNTERPART_RUN_JOBS_IN_PROCESS=false on the servers."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    settings = open_settings()
    with open_engine() as engine:
        configure_logging()
        say("Waiting for jobs (Ctrl-C stops it)")
        handlers = job_handlers(settings, Ranking(settings.data_dir))
        jobs.run_forever(session_factory(engine), handlers, stop, recurring=recurring(settings))


def openapi() -> None:
    """Print the API's OpenAPI description as JSON."""
    settings = open_settings().model_copy(update={"database_url": "sqlite://"})
    answer(json.dumps(create_app(settings).openapi(), indent=1, sort_keys=True))


def _own_address(host: str, port: int) -> str:
    """What links begin with where no setting says so: somewhere that this machine can be asked."""
    named = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{named}]:{port}" if ":" in named else f"http://{named}:{port}"


def application() -> FastAPI:
    """What each of the server's processes runs."""
    return create_app(open_settings())
