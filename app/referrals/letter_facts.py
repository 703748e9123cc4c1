"""What letters say of lines, needs and States, in the language of the letter."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.core.errors import Conflict, NotFound
from app.needs import queries as needs
from app.needs.models import NeedRevision
from app.needs.schemas import NeedView
from app.needs.service import newest
from app.referrals import queries
from app.referrals.models import Referral, ReferralLine
from app.vocabularies.queries import labels


def line(session: Session, one: ReferralLine, language: str, to_state: bool) -> dict[str, Any]:
    """What a letter says of a line. To the organization, the need's title as it is released to it."""
    own = title(newest(session, one.need), language) if to_state else _released_title(session, one, language)
    return {
        "n": one.n,
        "need": one.need.ref,
        "title": own,
        "programme": one.pairing.programme.title,
        "part": one.part.value if one.part else None,
        "what": one.what,
        "from_on": one.from_on.isoformat() if one.from_on else None,
        "if_funded": one.if_funded,
    }


def title(said: NeedRevision | NeedView, language: str) -> str:
    """The title in the language of the letter, or as it was written."""
    translated = said.translations.get(language)
    return str(translated["title"]) if translated else said.title


def states_of(session: Session, lines: Sequence[ReferralLine]) -> list[str]:
    named = {code for line in lines for code in _countries(newest(session, line.need))}
    return sorted(named)


def in_sight(session: Session, referral: Referral, lines: Sequence[ReferralLine]) -> list[ReferralLine]:
    """The lines whose need the organization sees now: a letter to it says nothing of others."""
    seen = needs.views(session, queries.reader_of(referral.organization_id), {one.need_id for one in lines})
    return [one for one in lines if one.need_id in seen]


def of_one_state(
    session: Session, lines: Sequence[ReferralLine], states: list[str], wanted: str | None
) -> tuple[list[ReferralLine], list[str]]:
    """The lines of one State's needs: a note to one State says nothing of another's."""
    if wanted is not None and wanted not in states:
        raise NotFound("No line of this referral is about a need of this State")
    if wanted is None and len(states) > 1:
        raise Conflict(
            f"The needs are of several States, and a note goes to one: add state={states[0]} or another"
        )
    chosen = wanted or (states[0] if states else None)
    own = [line for line in lines if chosen is None or chosen in _countries(newest(session, line.need))]
    return own, [chosen] if chosen else []


def names(session: Session, states: Sequence[str], language: str) -> str:
    named = labels(session, language) if states else {}
    return ", ".join(named.get(("country", state), state) for state in states)


def addressee(session: Session, revision: NeedRevision, language: str) -> str:
    """The States that have the need, or the body or region where it names none."""
    if states := _countries(revision):
        return names(session, states, language)
    if revision.members_of:
        return revision.members_of.name
    return labels(session, language).get(("region", revision.region or ""), revision.region or "")


def shown(values: Mapping[str, Any]) -> str:
    """What a release would show, a field a line; what is empty is left out."""
    left_out = {"fields", "etag", "status", "illustrative"}
    kept = {name: value for name, value in values.items() if name not in left_out}
    said = {name: value for name, value in kept.items() if value not in (None, "", [], {})}
    return "\n".join(f"{name.replace('_', ' ')}: {_plain(value)}" for name, value in said.items())


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{name.replace('_', ' ')} {_plain(each)}" for name, each in value.items() if each)
    if isinstance(value, (list, tuple)):
        return ", ".join(_plain(each) for each in value)
    return " ".join(str(value).split())


def _released_title(session: Session, one: ReferralLine, language: str) -> str:
    reader = queries.reader_of(one.referral.organization_id)
    return title(queries.need_as_shown(session, reader, one.referral, one.need.ref), language)


def _countries(revision: NeedRevision) -> list[str]:
    return [one.code for one in revision.codes if one.field == "countries"]
