"""What a rejection rests on: a rejected pair comes back only when one of these changed; dates are none of them."""

import hashlib
import json

from app.needs.models import NeedRevision
from app.programmes.models import Programme

_CODES = {"themes", "dimensions", "functions", "weapons", "assistance_types", "countries", "regions"}


def facts_of(revision: NeedRevision, programme: Programme) -> str:
    """SHA-256 over the texts, codes, recipient and coverage of both sides."""
    body = revision.members_of
    need = {
        "texts": [revision.title, revision.description],
        "recipient": [
            revision.recipient_kind.value,
            revision.region,
            body.ref if body else None,
            revision.context,
        ],
        "codes": _codes([(code.field, code.code) for code in revision.codes], _CODES - {"regions"}),
    }
    offer = {
        "texts": [programme.title, programme.summary, programme.activities],
        "coverage": [programme.is_global, sorted(body.ref for body in programme.members_of)],
        "codes": _codes([(code.field, code.code) for code in programme.codes], _CODES),
    }
    return hashlib.sha256(json.dumps([need, offer], sort_keys=True).encode()).hexdigest()


def _codes(rows: list[tuple[str, str]], fields: set[str]) -> list[tuple[str, str]]:
    """In order of code: to name the same themes in another order changes no fact."""
    return sorted(row for row in rows if row[0] in fields)
