"""What happened in the invented office: its files, its open needs, its releases and its decisions."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.assessments import service as assessments
from app.assessments.schemas import AssessmentIn
from app.cli.failures import Failure
from app.core.actor import Actor
from app.core.errors import Invalid
from app.exchange import seeding
from app.exchange.importing import Report
from app.exchange.models import ImportKind
from app.needs import releases
from app.needs import service as needs
from app.needs.models import Need, NeedStatus, Release
from app.needs.release_schemas import ReleaseIn
from app.needs.schemas import NeedMove
from app.organizations.models import Organization
from app.pairings import service as pairings
from app.pairings.models import Pairing, PairingStatus
from app.pairings.schemas import DecisionIn
from app.programmes.models import Programme
from app.programmes.service import Rules
from app.vocabularies.service import add_invented_country

OVERRIDE = "Illustrative record of the demo"
_FILES = (
    (ImportKind.ORGANIZATIONS, "organizations.csv"),
    (ImportKind.PROGRAMMES, "programmes.jsonl"),
    (ImportKind.NEEDS, "needs.jsonl"),
)


def load(session: Session, actor: Actor, folder: Path) -> None:
    """Take in the invented States and every file, by the importer that a partner uses."""
    for row in _rows(folder / "demo" / "countries.csv"):
        labels = {name.removeprefix("name_"): value for name, value in row.items() if name.startswith("name_")}
        add_invented_country(session, row["iso2"], row["region"], labels)
    for document in _documents(folder / "demo" / "assessments.jsonl"):
        assessments.register(session, actor, AssessmentIn.model_validate(document))
    rules = Rules(imported=True)
    for name, report in seeding.seed(session, actor, folder, rules):
        _require_whole(name, report)
    for kind, name in _FILES:
        _require_whole(name, seeding.load(session, actor, kind, folder / "demo" / name, rules))


def release(session: Session, actor: Actor, folder: Path) -> None:
    """Open every need that has a release or a decision, and record the releases."""
    plan = list(_documents(folder / "releases.jsonl"))
    named = {each["need"] for each in plan} | {each["need"] for each in _documents(folder / "decisions.jsonl")}
    known = _needs(session)
    released = set(session.scalars(select(Release.need_id)))
    for ref in sorted(named):
        _open(session, actor, known[ref])
    for each in plan:
        if known[each["need"]].id not in released:
            _release(session, actor, known[each.pop("need")], each)


def decide(session: Session, officer: Actor, folder: Path) -> None:
    """Judge the pairs that are proposed; one that is not, or is decided already, is passed over."""
    for each in _documents(folder / "decisions.jsonl"):
        pairing = session.scalar(_proposed(each["need"], each["programme"]))
        if pairing is None:
            continue
        claimed = pairings.claim(session, officer, pairing.id, "*")
        said = {name: each[name] for name in ("judgement", "reason", "note", "until") if name in each}
        pairings.decide(session, officer, claimed, DecisionIn.model_validate(said))


def _require_whole(name: str, report: Report) -> None:
    """Raise Failure naming the first row that was refused: our own files are right, or have to be mended."""
    if report.errors:
        raise Failure(f"{name} is wrong: {report.errors[0]}")


def _open(session: Session, actor: Actor, need: Need) -> None:
    """As an officer would: where the text is too vague, with the reason why it is opened all the same."""
    if need.status is not NeedStatus.DRAFT:
        return
    try:
        needs.move(session, actor, need, NeedMove(status=NeedStatus.OPEN))
    except Invalid:
        needs.move(session, actor, need, NeedMove(status=NeedStatus.OPEN, override_reason=OVERRIDE))


def _release(session: Session, actor: Actor, need: Need, planned: dict[str, Any]) -> None:
    withdrawn = planned.pop("withdrawn", False)
    recorded = releases.record_release(session, actor, need, ReleaseIn.model_validate(planned))
    if withdrawn:
        releases.withdraw(session, actor, need, recorded)


def _needs(session: Session) -> dict[str, Need]:
    found = session.scalars(select(Need).where(Need.source_ref.is_not(None), Need.illustrative))
    return {need.source_ref: need for need in found if need.source_ref}


def _proposed(need: str, programme: dict[str, str]) -> Any:
    return (
        select(Pairing)
        .join(Pairing.need)
        .join(Pairing.programme)
        .join(Organization, Organization.id == Programme.organization_id)
        .where(Pairing.status == PairingStatus.PROPOSED, Need.source_ref == need)
        .where(Organization.ref == programme["organization"], Programme.external_id == programme["external_id"])
    )


def _documents(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)
