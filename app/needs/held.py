"""Releases as the rules of the house have them: one to a group may wait for a second officer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.clearances import service as clearances
from app.access.clearances.models import Act, Clearance
from app.assessments.models import Assessment
from app.core.actor import Actor
from app.core.errors import Conflict
from app.core.settings import Settings
from app.needs import releases
from app.needs.models import Need, Release
from app.needs.release_schemas import AssessmentReleaseIn, ExtensionIn, ReleaseIn


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings ask of a release."""

    silence_days: int
    clearance: bool

    @classmethod
    def of(cls, settings: Settings) -> "Rules":
        return cls(settings.silence_working_days, settings.clearance == "always")


def record_release(
    session: Session, actor: Actor, need: Need, wanted: ReleaseIn, rules: Rules
) -> Release | Clearance:
    """Record a release, or hold one to a group where a second officer has to clear it."""

    def do() -> Release:
        return releases.record_release(session, actor, need, wanted, rules.silence_days)

    if not rules.clearance or wanted.audience.group is None:
        return do()
    pinned = wanted.model_copy(update={"revision": wanted.revision or need.revision})
    return clearances.hold(session, actor, Act.RELEASE, need.ref, _body(pinned, rules, need=need.ref), do)


def extend(
    session: Session, actor: Actor, need: Need, release: Release, wanted: ExtensionIn, rules: Rules
) -> Release | Clearance:
    """Extend a release to a newer revision, or hold that of one to a group."""

    def do() -> Release:
        return releases.extend(session, actor, need, release, wanted, rules.silence_days)

    if not rules.clearance or release.group_id is None:
        return do()
    pinned = wanted.model_copy(update={"revision": wanted.revision or need.revision})
    body = _body(pinned, rules, need=need.ref, release=str(release.id))
    return clearances.hold(session, actor, Act.EXTENSION, need.ref, body, do)


def record_for_assessment(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    needs: Sequence[Need],
    wanted: AssessmentReleaseIn,
    rules: Rules,
) -> list[Release] | Clearance:
    """Record one act for needs of an assessment, or hold one to a group with the very texts that were chosen."""

    def do() -> list[Release]:
        return releases.record_for_assessment(session, actor, needs, wanted, rules.silence_days)

    if not rules.clearance or wanted.audience.group is None:
        return do()
    chosen = [need for need in needs if wanted.needs is not None or releases.is_releasable(need)]
    texts = {need.ref: wanted.revisions.get(need.ref, need.revision) for need in chosen}
    pinned = wanted.model_copy(update={"needs": list(texts), "revisions": texts})
    body = _body(pinned, rules, assessment=str(assessment.id))
    return clearances.hold(session, actor, Act.ASSESSMENT_RELEASES, assessment.ref, body, do)


def _body(wanted: Any, rules: Rules, **about: str) -> dict[str, Any]:
    asked = wanted.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return {"asked": asked, "silence_days": rules.silence_days, **about}


def _release(session: Session, asker: Actor, body: Mapping[str, Any], cleared_by_id: UUID) -> list[str]:
    need = _need(session, body["need"])
    wanted = ReleaseIn.model_validate(body["asked"])
    made = releases.record_release(session, asker, need, wanted, body["silence_days"], cleared_by_id)
    return [str(made.id)]


def _extension(session: Session, asker: Actor, body: Mapping[str, Any], cleared_by_id: UUID) -> list[str]:
    need, release = _need(session, body["need"]), session.get_one(Release, UUID(body["release"]))
    wanted = ExtensionIn.model_validate(body["asked"])
    made = releases.extend(session, asker, need, release, wanted, body["silence_days"], cleared_by_id)
    return [str(made.id)]


def _releases(session: Session, asker: Actor, body: Mapping[str, Any], cleared_by_id: UUID) -> list[str]:
    wanted = AssessmentReleaseIn.model_validate(body["asked"])
    needs = [_need(session, ref) for ref in wanted.needs or ()]
    if any(str(need.assessment_id) != body["assessment"] for need in needs):
        raise Conflict("A need no longer belongs to this assessment; refuse it, and ask anew")
    made = releases.record_for_assessment(session, asker, needs, wanted, body["silence_days"], cleared_by_id)
    return [str(release.id) for release in made]


def _need(session: Session, ref: str) -> Need:
    return session.scalars(select(Need).where(Need.ref == ref)).one()


EXECUTORS: dict[Act, clearances.Executor] = {
    Act.RELEASE: _release,
    Act.EXTENSION: _extension,
    Act.ASSESSMENT_RELEASES: _releases,
}
