"""What a revision says, as plain values in the form in which it was written and is shown."""

from collections.abc import Mapping
from typing import Any

from app.core.fields import as_number
from app.needs.models import NeedRevision, RecipientKind
from app.needs.schemas import NeedIn, NeedPatch

CODED = {
    "themes": "theme",
    "dimensions": "dimension",
    "functions": "function",
    "weapons": "weapon",
    "assistance_types": "assistance_type",
}
_SAID = (
    "title", "description", "language", "translations", "recipient", *CODED, "provisions", "clauses", "priority",
    "beneficiary_kind", "institution", "existing_efforts", "indicative_cost", "wanted_by", "unconfirmed",
)  # fmt: skip
_EMPTY: Mapping[str, Any] = {
    "translations": {},
    "provisions": [],
    "clauses": [],
    "institution": "",
    "existing_efforts": "",
    "unconfirmed": [],
    **{field: [] for field in CODED},
}


def content_in(values: NeedIn | NeedPatch, whole: bool = False) -> dict[str, Any]:
    """What was written: the fields that were sent, where null clears; with `whole` every field."""
    sent = set(_SAID) if whole else values.model_fields_set
    plain = values.model_dump(mode="json")
    said = {name: plain[name] if plain[name] is not None else _EMPTY.get(name) for name in _SAID if name in sent}
    if values.recipient:
        said["recipient"] = {name: value for name, value in plain["recipient"].items() if value}
    if values.provisions:
        said["provisions"] = [cited.model_dump(exclude_none=True) for cited in values.provisions]
    return said | ({"wanted_by": values.wanted_by} if values.wanted_by else {})


def content_of(revision: NeedRevision) -> dict[str, Any]:
    """Everything that `revision` says, by the names of NeedIn."""
    codes = codes_of(revision)
    return {
        "title": revision.title,
        "description": revision.description,
        "language": revision.language,
        "translations": revision.translations,
        "recipient": _recipient(revision, codes.get("countries", [])),
        **{field: codes.get(field, []) for field in CODED},
        "provisions": revision.provisions,
        "clauses": revision.clauses,
        "priority": revision.priority,
        "beneficiary_kind": revision.beneficiary_kind,
        "institution": revision.institution,
        "existing_efforts": revision.existing_efforts,
        "indicative_cost": _cost(revision),
        "wanted_by": revision.wanted_by,
        "unconfirmed": revision.unconfirmed,
    }


def marks_of(said: Mapping[str, Any]) -> list[str]:
    """Every code as it is marked while unconfirmed: `themes:WPN-PSM`, `provisions:2370:6`."""
    codes = [f"{field}:{code}" for field in CODED for code in said.get(field) or ()]
    cited = [(one["instrument"], one.get("paragraph")) for one in said.get("provisions") or ()]
    return codes + [f"provisions:{name}:{part}" if part else f"provisions:{name}" for name, part in cited]


def codes_of(revision: NeedRevision) -> dict[str, list[str]]:
    """The revision's codes by field, in the order in which they were given."""
    found: dict[str, list[str]] = {}
    for code in revision.codes:
        found.setdefault(code.field, []).append(code.code)
    return found


def _recipient(revision: NeedRevision, countries: list[str]) -> dict[str, Any]:
    named: dict[RecipientKind, Any] = {
        RecipientKind.COUNTRIES: countries,
        RecipientKind.REGION: revision.region,
        RecipientKind.MEMBERS_OF: revision.members_of.ref if revision.members_of else None,
    }
    context = {"context": revision.context} if revision.context else {}
    return {revision.recipient_kind.value: named[revision.recipient_kind], **context}


def _cost(revision: NeedRevision) -> dict[str, Any] | None:
    if revision.cost_currency is None:
        return None
    low, high = revision.cost_low, revision.cost_high
    return {
        "low": None if low is None else as_number(low),
        "high": None if high is None else as_number(high),
        "currency": revision.cost_currency,
        "estimated_by": revision.cost_estimated_by,
    }
