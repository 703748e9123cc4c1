"""For those who run the service: is the process alive, is the database usable, what do the counters say."""

import hmac

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from app.core.errors import NotFound, NotSignedIn, Unavailable
from app.core.jobs import Job
from app.core.migrate import is_current

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
def alive() -> PlainTextResponse:
    return PlainTextResponse("ok\n")


@router.get("/readyz")
def ready(request: Request) -> PlainTextResponse:
    """Answer 200 when the database is reachable and has the newest migration, else 503."""
    try:
        with request.app.state.open_session(False) as session:
            if not is_current(session.connection()):
                raise Unavailable("The database is not migrated: run `counterpart init`")
    except SQLAlchemyError:
        raise Unavailable("The database cannot be reached") from None
    return PlainTextResponse("ready\n")


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """Counters in Prometheus' text format, for who holds the token of the settings. Without one: 404."""
    wanted = request.app.state.settings.metrics_token
    if wanted is None:
        raise NotFound("There is nothing here")
    given = request.headers.get("authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {wanted.get_secret_value()}".encode()):
        raise NotSignedIn("Send the metrics token as a Bearer token", WWW_Authenticate="Bearer")
    body = generate_latest(request.app.state.counters.registry) + _jobs(request)
    return Response(body, media_type=CONTENT_TYPE_LATEST)


def _jobs(request: Request) -> bytes:
    """How many jobs are in each state: counted when asked, because several processes work on them."""
    with request.app.state.open_session(False) as session:
        counts = session.execute(select(Job.status, func.count()).group_by(Job.status)).all()
    lines = ["# HELP jobs Jobs by status", "# TYPE jobs gauge"]
    lines += [f'jobs{{status="{status.value}"}} {count}' for status, count in counts]
    return ("\n".join(lines) + "\n").encode()
