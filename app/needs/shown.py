"""A need as each kind of reader is shown it: values, made from one revision, that hold nothing else."""

from typing import Any

from app.core.http import etag_of
from app.needs.content import codes_of, content_of
from app.needs.models import Need, NeedRevision, ReleaseFields
from app.needs.schemas import Disclosure, NeedFull, NeedOfficer, NeedSummary


def as_released(need: Need, revision: NeedRevision, fields: ReleaseFields) -> NeedFull | NeedSummary:
    """What a release of `revision` shows. Its etag is a hash of just that."""
    values = _values(need, revision)
    if fields is ReleaseFields.FULL:
        shown: NeedFull | NeedSummary = NeedFull.model_validate(_of(NeedFull, values))
    else:
        values["translations"] = {
            language: {"title": text["title"], "quality": text["quality"]}
            for language, text in values["translations"].items()
        }
        shown = NeedSummary.model_validate(_of(NeedSummary, values))
    return shown.model_copy(update={"etag": etag_of(shown.model_dump(mode="json"))})


def as_kept(need: Need, revision: NeedRevision, disclosure: Disclosure, names: dict[str, Any]) -> NeedOfficer:
    """Everything, for CTED. `names` are the references of records that the need points to."""
    head = {
        "revision": revision.number,
        "outcome": need.outcome,
        "source": need.source,
        "source_ref": need.source_ref,
        "assessment": need.assessment.ref if need.assessment else None,
        "override_reason": need.override_reason,
        "created_at": need.created_at,
        "changed_at": need.changed_at,
        "disclosure": disclosure,
        "etag": etag_of(need.version),
    }
    return NeedOfficer.model_validate(_of(NeedOfficer, {**_values(need, revision), **head, **names}))


def _values(need: Need, revision: NeedRevision) -> dict[str, Any]:
    regions = codes_of(revision).get("regions", [])
    head = {"ref": need.ref, "status": need.status, "illustrative": need.illustrative, "regions": regions}
    return {**content_of(revision), **head}


def _of(kind: type[NeedSummary], values: dict[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in kind.model_fields if name in values}
