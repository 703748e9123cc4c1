"""Load a folder of seed files through the importer, once: what is there already is left as it is."""

import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.core.actor import Actor
from app.core.rows import Written
from app.exchange import codecs
from app.exchange.importing import Report, import_file
from app.exchange.models import Format, ImportKind
from app.organizations import service as organizations
from app.organizations.models import Organization
from app.organizations.schemas import MemberIn, OrganizationPatch
from app.practices import queries as practices
from app.practices import service as practice_service
from app.practices.models import VersionStatus
from app.practices.schemas import PracticeIn, VersionIn, VersionMove
from app.programmes.service import Rules
from app.vocabularies.service import MEMBERSHIPS

_FILES = (
    (ImportKind.PROGRAMMES, "programmes.jsonl"),
    (ImportKind.NEEDS, "needs.jsonl"),
)


def seed(session: Session, actor: Actor, folder: Path, rules: Rules) -> Iterator[tuple[str, Report]]:
    """Load organizations with member States, guidelines, programmes and needs; yield each file's name and report.

    Programmes are assured from today, needs arrive as drafts. Raises OSError for a file that is missing.
    """
    yield "organizations.csv", load(session, actor, ImportKind.ORGANIZATIONS, folder / "organizations.csv", rules)
    load_memberships(session, actor)
    load_practices(session, actor, folder / "practices")
    for kind, name in _FILES:
        yield name, load(session, actor, kind, folder / name, rules)


def load(session: Session, actor: Actor, kind: ImportKind, path: Path, rules: Rules) -> Report:
    """Import the rows of one file that are not there yet."""
    table = codecs.read(Format(path.suffix.removeprefix(".")), path.read_bytes())
    return import_file(session, actor, kind, table, rules=rules, only_new=True)


def load_memberships(session: Session, actor: Actor, path: Path = MEMBERSHIPS) -> list[Written]:
    """Give every body that has no member States yet those of the file; return the bodies that were changed."""
    by_body = _members(path)
    bodies = select(Organization).where(Organization.ref.in_(by_body), ~Organization.members.any())
    written = []
    for body in session.scalars(bodies.options(selectinload(Organization.members))).all():
        organizations.update(session, actor, body, OrganizationPatch(members=by_body[body.ref]))
        written.append(Written(body.ref, "updated"))
    return written


def load_practices(session: Session, actor: Actor, folder: Path) -> list[str]:
    """Take in the guidelines of a folder that are not there yet: what is in force, and what is consulted on."""
    listed = folder / "practices.jsonl"
    rows = listed.read_text(encoding="utf-8").splitlines() if listed.exists() else []
    known = {one.ref for one in practices.listed(session, actor)}
    begun = []
    for said in map(json.loads, rows):
        if said["ref"] not in known:
            files = {name: said.pop(name) for name in ("current", "consultation", "note")}
            _begin(session, actor, folder, PracticeIn.model_validate(said), files)
            begun.append(said["ref"])
    return begun


def _begin(session: Session, actor: Actor, folder: Path, values: PracticeIn, files: dict[str, str]) -> None:
    practice = practice_service.create(session, actor, values)
    texts = {name: (folder / files[name]).read_text(encoding="utf-8") for name in ("current", "consultation")}
    current = practice_service.open_version(session, actor, practice, VersionIn(markdown=texts["current"]))
    practice_service.move(session, actor, current, VersionMove(status=VersionStatus.CURRENT))
    proposed = VersionIn(markdown=texts["consultation"], note=files["note"])
    practice_service.open_version(session, actor, practice, proposed)


def _members(path: Path) -> dict[str, list[MemberIn]]:
    members = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            body = row.pop("organization")
            members[body].append(MemberIn.model_validate({name: cell or None for name, cell in row.items()}))
    return members
