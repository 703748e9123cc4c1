"""Put the application together: the only place that knows every router and every job."""

from fastapi import FastAPI

from app.core import errors
from app.core.db import make_engine, session_factory
from app.core.errors import problem_json
from app.core.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    app = FastAPI(
        title="Counterpart", version="0.1.0", docs_url=None, redoc_url=None, max_body_size=20_000_000
    )
    app.state.settings = settings
    app.state.engine = make_engine(settings.url)
    app.state.open_session = session_factory(app.state.engine)
    errors.install(app, problem_json)
    return app
