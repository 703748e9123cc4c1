"""Bring a database to the newest migration, or say how far behind it is."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from app.core.errors import Unavailable

_FOLDER = Path(__file__).parents[2] / "migrations"


def upgrade(connection: Connection, to: str = "head") -> None:
    """Run what migrations are missing, in the connection's own transaction.

    Raises Unavailable for a database that a newer version has migrated.
    """
    config = _config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, to)
    except CommandError:
        raise Unavailable(
            "A newer version of Counterpart has migrated this database; install that one, or restore a backup"
        ) from None


def is_current(connection: Connection) -> bool:
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    return MigrationContext.configure(connection).get_current_revision() == newest


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.set_main_option("path_separator", "os")
    return config
