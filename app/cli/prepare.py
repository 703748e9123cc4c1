"""Bring the database up, and look beforehand whether folder and port can be used."""

import os
import socket
import tempfile
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.cli.failures import Failure
from app.cli.session import CTED, open_engine, open_settings, say, transaction
from app.core.actor import Actor, Role
from app.core.migrate import upgrade
from app.core.settings import Settings
from app.organizations.models import Level, Organization, OrganizationKind
from app.organizations.service import ensure_built_in_groups
from app.vocabularies.service import load_vocabularies

CTED_NAME = "Counter-Terrorism Committee Executive Directorate"


def init() -> None:
    """Migrate the database to this version, load the vocabularies, and make what everything else needs.

    Run it after every update; what is there already is kept.
    """
    settings = open_settings()
    require_writable(settings)
    with open_engine(migrated=False) as engine, engine.begin() as connection:
        upgrade(connection)
    with transaction() as session:
        count = load_vocabularies(session)
        _ensure_cted(session)
        ensure_built_in_groups(session)
    say(f"The database is ready, with {count} terms in its vocabularies.")


def require_writable(settings: Settings) -> None:
    """Raise Failure unless files can be made in the data folder."""
    folder: Path = settings.data_dir
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        hint = "choose another with COUNTERPART_DATA_DIR"
        raise Failure(f"nothing can be written to the folder {folder} ({error.strerror}); {hint}") from None


def require_free(host: str, port: int) -> None:
    """Raise Failure when something listens at this address already, or it is not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            hint = "choose another with --port (PORT=… with make)"
            reason = os.strerror(getattr(error, "errno", 0) or 22)
            raise Failure(f"port {port} of {host} cannot be used ({reason}); {hint}") from None


def _ensure_cted(session: Session) -> None:
    """Make the organization that officers, admins and the operator belong to."""
    if session.scalar(select(Organization.id).where(Organization.ref == CTED)) is not None:
        return
    cted = Organization(ref=CTED, name=CTED_NAME, level=Level.INTERNATIONAL, kind=OrganizationKind.IMPLEMENTER)
    session.add(cted)
    session.flush()
    actor = Actor(Role.ADMIN, cted.id, label="operator")
    audit.record(session, actor, "organization.created", cted, after={"ref": CTED, "name": CTED_NAME})
