"""Alembic's entry: migrates the database that it is given a connection to, or the one of the settings."""

from alembic import context
from sqlalchemy import Connection

import app.access.addresses
import app.access.clearances.models
import app.access.models
import app.assessments.models
import app.audit.models
import app.clocks.briefing.models
import app.core.jobs
import app.exchange.models
import app.exchange.tables.models
import app.interest.models
import app.maturity.models
import app.needs.models
import app.needs.silence_models
import app.notices.models
import app.organizations.models
import app.pairings.model_candidates
import app.pairings.models
import app.pairings.offers.models
import app.practices.models
import app.programmes.models
import app.referrals.models
import app.vocabularies.models  # noqa: F401
from app.core.db import make_engine
from app.core.model import Base
from app.core.settings import Settings
from migrations.env_filter import is_ours


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        include_name=is_ours,
        compare_type=True,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


if given := context.config.attributes.get("connection"):
    _migrate(given)
else:
    with make_engine(Settings().url).connect() as connection:
        _migrate(connection)
        connection.commit()
