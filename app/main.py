"""Put the application together: the only place that knows every router and every job."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio.to_thread
from fastapi import APIRouter, Depends, FastAPI
from starlette.staticfiles import StaticFiles

from app.access import links
from app.access.attempts import Attempts
from app.access.authentication import SESSION_COOKIE
from app.access.guard import refuse_cross_site
from app.access.limits import RequestLimit, limit_addresses, limit_requests
from app.access.trail import router as trail
from app.access.work import router as work
from app.assessments.routes import router as assessments
from app.clocks.briefing.routes import exports as briefing_exports
from app.clocks.briefing.routes import router as briefing
from app.clocks.routes import feeds as clock_feeds
from app.clocks.routes import router as clocks
from app.core import calendar, errors, glossary, jobs
from app.core.answers import Methods, SecurityHeaders, WholeBody
from app.core.bodies import KnownBodies
from app.core.db import make_engine, session_factory
from app.core.jobs import Handler
from app.core.observe import Counters, Observed, configure_logging
from app.core.openapi import describe, operation_id
from app.core.parameters import refuse_unknown_parameters
from app.core.settings import Settings
from app.core.status import router as status
from app.core.turns import WriteTurns
from app.exchange.routes import exports
from app.exchange.routes import router as imports
from app.exchange.sheets import router as sheets
from app.exchange.tables.routes import router as tables
from app.interest.feeds import router as feeds
from app.interest.routes import router as interests
from app.interest.search_routes import router as searches
from app.maturity.routes import router as maturity
from app.needs.bulk_routes import router as bulk
from app.needs.release_routes import router as releases
from app.needs.routes import router as needs
from app.needs.silence_routes import router as silence
from app.notices.routes import router as notices
from app.notices.work import handlers as notice_jobs
from app.notices.work import recurring
from app.organizations.groups.routes import router as groups
from app.organizations.keys.routes import router as keys
from app.organizations.routes import router as organizations
from app.organizations.users.routes import router as users
from app.pairings.clause_routes import router as clauses
from app.pairings.clauses import ClauseShelf
from app.pairings.model_routes import router as models
from app.pairings.offers.routes import router as offers
from app.pairings.ranking import Ranking
from app.pairings.routes import router as pairings
from app.pairings.runs import handlers as matching_jobs
from app.portfolio.files.routes import router as files
from app.portfolio.routes import router as portfolio
from app.practices.comment_routes import router as comments
from app.practices.routes import router as practices
from app.programmes.routes import router as programmes
from app.referrals.clearing_routes import router as clearances
from app.referrals.decision_routes import router as decisions
from app.referrals.letter_routes import router as letters
from app.referrals.routes import router as referrals
from app.vocabularies.routes import router as vocabularies
from app.web.pages.account import router as account_pages
from app.web.pages.advisories import router as advisories_pages
from app.web.pages.assessment_release import router as assessment_release_pages
from app.web.pages.assessments import router as assessment_pages
from app.web.pages.briefing import router as briefing_pages
from app.web.pages.clauses import router as clauses_pages
from app.web.pages.clearances import router as clearance_pages
from app.web.pages.clocks import router as clocks_pages
from app.web.pages.consultations import router as consultations_pages
from app.web.pages.conveying import router as conveying_pages
from app.web.pages.description import router as description
from app.web.pages.failures import show_failure
from app.web.pages.files import router as files_pages
from app.web.pages.home import router as home_pages
from app.web.pages.interests import router as interests_pages
from app.web.pages.keys import router as keys_pages
from app.web.pages.maturity import router as maturity_pages
from app.web.pages.needs import router as needs_pages
from app.web.pages.notices import links as notice_links
from app.web.pages.notices import router as notices_pages
from app.web.pages.offers import router as offers_pages
from app.web.pages.pairings import router as pairings_pages
from app.web.pages.portfolio import router as portfolio_pages
from app.web.pages.practices import router as practices_pages
from app.web.pages.programmes import router as programmes_pages
from app.web.pages.referrals import router as referrals_pages
from app.web.pages.releases import router as releases_pages
from app.web.pages.review import router as review_pages
from app.web.pages.runs import router as runs_pages
from app.web.pages.searches import router as searches_pages
from app.web.pages.sight import router as sight_pages
from app.web.pages.silence import router as silence_pages
from app.web.pages.tables import router as table_pages
from app.web.pages.users import router as users_pages

VERSION = "0.1.0"
MAX_BODY_SIZE = 20_000_000
BODY_SECONDS = 30
WRITE_SECONDS = 30.0
STATIC = Path(__file__).parent / "web" / "static"

ROUTERS: tuple[APIRouter, ...] = (
    trail,
    work,
    vocabularies,
    organizations,
    groups,
    users,
    keys,
    assessments,
    clauses,
    sheets,  # before maturity: `sheet` is no reference
    maturity,
    practices,
    comments,
    bulk,
    tables,
    releases,
    silence,
    offers,  # before needs: `similar-to-mine` is no reference
    needs,
    programmes,
    imports,
    pairings,
    models,
    decisions,
    referrals,
    letters,
    portfolio,
    interests,
    searches,
    clocks,
    notices,
    files,
    clearances,
    briefing,
)
# No session is opened before these: not for a probe, nor while a password is looked at.
UNSIGNED_PAGES: tuple[APIRouter, ...] = (description, account_pages, notice_links)
PAGES: tuple[APIRouter, ...] = (
    exports,
    feeds,
    clock_feeds,
    briefing_exports,
    home_pages,
    assessment_pages,
    table_pages,
    notices_pages,
    releases_pages,
    sight_pages,
    silence_pages,
    clearance_pages,
    assessment_release_pages,
    conveying_pages,
    referrals_pages,
    advisories_pages,
    offers_pages,
    pairings_pages,
    review_pages,
    needs_pages,
    programmes_pages,
    clauses_pages,
    maturity_pages,
    practices_pages,
    consultations_pages,
    clocks_pages,
    briefing_pages,
    runs_pages,
    portfolio_pages,
    files_pages,
    users_pages,
    keys_pages,
    interests_pages,
    searches_pages,
)


def create_app(settings: Settings) -> FastAPI:
    """Return the application for `settings`; its lifespan starts and stops the job thread."""
    configure_logging()
    glossary.read_from(settings.data_dir)
    calendar.read_from(settings.data_dir)
    app = FastAPI(
        title="Counterpart",
        version=VERSION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=operation_id,
        lifespan=_lifespan,
    )
    app.state.settings = settings
    app.state.engine = make_engine(settings.url)
    app.state.open_session = session_factory(app.state.engine)
    app.state.ranking = Ranking(settings.data_dir)
    app.state.clause_shelf = ClauseShelf(app.state.ranking)
    app.state.job_handlers = job_handlers(settings, app.state.ranking)
    app.state.request_limit = RequestLimit(settings.requests_per_minute)
    app.state.sign_in_attempts = Attempts(settings.sign_in_attempts_per_minute)
    app.state.link_attempts = Attempts(settings.sign_in_attempts_per_minute)
    app.state.counters = Counters()
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]
    errors.install(app, show_failure)
    _include_routers(app)
    _add_middleware(app, settings)
    return app


def job_handlers(settings: Settings, ranking: Ranking) -> dict[str, Handler]:
    """Every kind of job with what does it; mail is sent as the settings say."""
    return {**matching_jobs(ranking), **notice_jobs(settings), links.JOB: links.link_mailer(settings)}


def _include_routers(app: FastAPI) -> None:
    guards = [Depends(refuse_cross_site), Depends(limit_requests), Depends(refuse_unknown_parameters)]
    for router in ROUTERS:
        app.include_router(router, prefix="/api/v1", dependencies=guards)
    app.include_router(status)
    for pages in UNSIGNED_PAGES:
        app.include_router(pages, dependencies=[Depends(limit_addresses)])
    for pages in PAGES:
        app.include_router(pages, dependencies=[Depends(limit_requests)])
    app.mount("/static", StaticFiles(directory=STATIC), name="static")


def _add_middleware(app: FastAPI, settings: Settings) -> None:
    """The last one added is the outermost."""
    if app.state.engine.dialect.name == "sqlite":
        app.add_middleware(WriteTurns, seconds=WRITE_SECONDS)
    app.add_middleware(WholeBody, max_bytes=MAX_BODY_SIZE, seconds=BODY_SECONDS)
    app.add_middleware(KnownBodies, cookie=SESSION_COOKIE)
    app.add_middleware(Observed)
    app.add_middleware(SecurityHeaders, https_only=settings.cookies_secure)
    app.add_middleware(Methods, routes=app.routes)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    # More threads than this wait for each other: the default of 40 cost a quarter of the throughput.
    anyio.to_thread.current_default_thread_limiter().total_tokens = settings.thread_pool_size
    stop = threading.Event()
    worker = threading.Thread(
        target=jobs.run_forever,
        args=(app.state.open_session, app.state.job_handlers, stop),
        kwargs={"recurring": recurring(settings)},
        name="jobs",
        daemon=True,
    )
    if settings.run_jobs_in_process:
        worker.start()
    yield
    stop.set()
    if worker.ident is not None:
        await anyio.to_thread.run_sync(worker.join, 30)
    app.state.engine.dispose()
