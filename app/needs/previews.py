"""A need exactly as an audience reads it, or would by a release that is not recorded yet."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from app.core.db import utc_now
from app.core.errors import Invalid, NotFound
from app.needs import identifying
from app.needs.models import Need, NeedRevision, NeedStatus, Release, ReleaseFields
from app.needs.release_schemas import Preview
from app.needs.schemas import NeedFull, NeedSummary
from app.needs.shown import as_released as released_values
from app.needs.sight import best_release, in_force
from app.organizations import queries as organizations
from app.organizations.models import Group


def as_released(session: Session, need: Need, number: int, fields: ReleaseFields) -> Preview:
    """What a release of revision `number` with `fields` would show. Raises NotFound for no such revision."""
    wanted = (NeedRevision.need_id == need.id) & (NeedRevision.number == number)
    revision = session.scalar(select(NeedRevision).where(wanted))
    if revision is None:
        raise NotFound(f"{need.ref} has revisions 1 to {need.revision}")
    shown = released_values(need, revision, fields)
    warnings = [
        *identifying.warnings(session, _texts(shown), _named(shown)),
        *identifying.small_regions(session, shown.regions),
    ]
    if fields is ReleaseFields.SUMMARY:
        warnings += identifying.institution_in(shown.title, revision.institution)
    return Preview(shown=shown.model_dump(mode="json"), warnings=warnings)


def as_seen_by(session: Session, need: Need, audience: str) -> Preview:
    """What `audience` ("organization:REF" or "group:REF") sees of `need` now.

    Raises Invalid for an audience that does not exist, NotFound when it sees nothing.
    """
    kind, _, ref = audience.partition(":")
    found = {"organization": _seen_by_organization, "group": _seen_by_group}.get(kind)
    if found is None:
        raise Invalid.field("audience", "Write organization: or group: and its reference, such as group:donors")
    sight = found(session, need, ref)
    if sight is None:
        raise NotFound(f"{ref} sees nothing of {need.ref}")
    return as_released(session, need, sight.revision, sight.fields)


def _seen_by_organization(session: Session, need: Need, ref: str) -> Any:
    organization = organizations.by_ref(session, ref)
    if organization is None:
        raise Invalid.field("audience", f"There is no organization {ref!r}; give its acronym")
    best = best_release(organization.id, utc_now())
    return session.execute(select(best.c.revision, best.c.fields).where(best.c.need_id == need.id)).first()


def _seen_by_group(session: Session, need: Need, ref: str) -> Any:
    group_id = session.scalar(select(Group.id).where(Group.ref == ref))
    if group_id is None:
        raise Invalid.field("audience", f"There is no group {ref!r}")
    if need.status is not NeedStatus.OPEN:
        return None
    full_first = case((Release.fields == ReleaseFields.FULL, 0), else_=1)
    live = select(Release.revision, Release.fields).where(
        Release.need_id == need.id, Release.group_id == group_id, in_force(utc_now())
    )
    return session.execute(live.order_by(full_first, Release.revision.desc()).limit(1)).first()


def _texts(shown: NeedSummary) -> dict[str, str]:
    """Every text that the audience would read, by what it is called."""
    texts = {"title": shown.title}
    if isinstance(shown, NeedFull):
        texts |= {
            "description": shown.description,
            "institution": shown.institution,
            "existing efforts": shown.existing_efforts,
            "remark on the recipient": str(shown.recipient.get("context", "")),
            "source of the estimate": str((shown.indicative_cost or {}).get("estimated_by", "")),
        }
    for language, translation in shown.translations.items():
        texts |= {f"{name} in {language}": str(text) for name, text in translation.items() if name != "quality"}
    return texts


def _named(shown: NeedSummary) -> Sequence[str]:
    """The States that the audience is told as the recipient."""
    return shown.recipient.get("countries", ()) if isinstance(shown, NeedFull) else ()
