"""The seed data: loaded by the importer, once, without a fault."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.db import utc_now
from app.exchange.seeding import load_memberships, seed
from app.needs.models import Need, NeedStatus
from app.organizations.models import Membership, Organization
from app.programmes.models import Programme, ProgrammeKind, Provenance
from app.programmes.service import Rules
from tests.conftest import As

FOLDER = Path(__file__).parents[2] / "seed_data"
RULES = Rules(imported=True)


def test_the_seed_data_load_without_a_fault_and_only_once(session: Session, admin: As):
    loaded = dict(seed(session, admin.actor, FOLDER, RULES))
    again = dict(seed(session, admin.actor, FOLDER, RULES))

    assert {name: len(report.written) for name, report in loaded.items()} == {
        "organizations.csv": 91,
        "programmes.jsonl": 120,
        "needs.jsonl": 84,
    }
    assert [report.errors for report in (*loaded.values(), *again.values())] == [[]] * 6
    assert all(report.count("unchanged") == len(report.written) for report in again.values())


def test_seeded_programmes_are_marked_and_assured_from_today_and_needs_are_drafts(session: Session, admin: As):
    list(seed(session, admin.actor, FOLDER, RULES))

    programmes = session.scalars(select(Programme)).all()
    assured = utc_now().date() + timedelta(days=180)
    assert {programme.assured_until for programme in programmes} == {assured}
    assert {programme.provenance for programme in programmes} == {Provenance.PUBLIC_SOURCES}
    assert all(programme.illustrative and programme.source_url for programme in programmes)
    assert sum(programme.kind is ProgrammeKind.FUND for programme in programmes) == 3
    assert set(session.scalars(select(Need.status))) == {NeedStatus.DRAFT}


def test_member_states_are_loaded_for_bodies_that_have_none(session: Session, admin: As):
    list(seed(session, admin.actor, FOLDER, RULES))
    number = session.scalar(select(func.count()).select_from(Membership))

    body = session.scalar(select(Organization).where(Organization.ref == "ECOWAS"))
    assert body is not None
    assert "TG" in {member.country_code for member in body.members}
    assert load_memberships(session, admin.actor) == []
    assert session.scalar(select(func.count()).select_from(Membership)) == number


def test_what_was_changed_after_loading_is_kept_by_the_next_one(session: Session, admin: As):
    list(seed(session, admin.actor, FOLDER, RULES))
    programme = session.scalars(select(Programme).limit(1)).one()
    programme.title = "Changed here"
    session.flush()

    list(seed(session, admin.actor, FOLDER, RULES))

    assert programme.title == "Changed here"
