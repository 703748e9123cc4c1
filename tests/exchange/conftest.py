"""Files as people send them, and an importer to send them to."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from app.exchange import codecs
from app.exchange.importing import Report, import_file
from app.exchange.models import Format, ImportKind
from tests.conftest import As

Import = Callable[..., Report]
HEADER = "external_id,title,summary,themes,coverage.regions"
GOOD = "A1,Stockpile training,Trains custodians.,WPN-PSM; WPN-LEG,011"


@pytest.fixture
def as_partner(session: Session, partner: As) -> Import:
    return _importer(session, partner)


@pytest.fixture
def as_admin(session: Session, admin: As) -> Import:
    return _importer(session, admin)


def _importer(session: Session, who: As) -> Import:
    def take(content: str | bytes, kind: str = "programmes", form: str = "csv", dry_run: bool = False) -> Report:
        sent = content.encode() if isinstance(content, str) else content
        report = import_file(session, who.actor, ImportKind(kind), codecs.read(Format(form), sent), dry_run)
        session.commit()
        return report

    return take
