"""Turn what an officer wrote into a revision: every code checked, regions derived, search columns filled."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.db import utc_now
from app.core.errors import FieldError, Invalid
from app.core.text import language_of
from app.needs import search
from app.needs.content import CODED, marks_of
from app.needs.models import BeneficiaryKind, Need, NeedCode, NeedRevision, Priority, RecipientKind
from app.organizations import queries as organizations
from app.organizations.models import Membership, Organization
from app.vocabularies.models import Term
from app.vocabularies.queries import check_codes


def write_revision(
    session: Session,
    need: Need,
    said: Mapping[str, Any],
    author_id: UUID | None,
    was: Mapping[str, Any] | None = None,
) -> NeedRevision:
    """Add what `said` says as the need's newest revision. Raises Invalid naming every field at fault.

    `was` is the revision before: a currency that was withdrawn since may stay.
    """
    said = _settled(said)
    _check(session, said, _currency_of(was or {}))
    recipient, cost = said["recipient"], said["indicative_cost"] or {}
    kind = next(kind for kind in RecipientKind if kind.value in recipient)
    body = organizations.by_ref(session, recipient.get("members_of", ""))
    revision = NeedRevision(
        need_id=need.id,
        number=need.revision,
        title=said["title"],
        description=said["description"],
        language=said["language"],
        translations=said["translations"],
        recipient_kind=kind,
        region=recipient.get("region"),
        members_of=body,
        context=recipient.get("context", ""),
        priority=Priority(said["priority"]) if said["priority"] else None,
        beneficiary_kind=BeneficiaryKind(said["beneficiary_kind"]) if said["beneficiary_kind"] else None,
        institution=said["institution"],
        existing_efforts=said["existing_efforts"],
        cost_low=_money(cost.get("low")),
        cost_high=_money(cost.get("high")),
        cost_currency=cost.get("currency"),
        cost_estimated_by=cost.get("estimated_by", ""),
        wanted_by=said["wanted_by"],
        unconfirmed=said["unconfirmed"],
        provisions=said["provisions"],
        clauses=said["clauses"],
        made_at=utc_now(),
        made_by_id=author_id,
        codes=list(_codes(session, said, body)),
    )
    search.index(session, need.ref, revision)
    session.add(revision)
    session.flush()
    return revision


def check_marks(marks: Sequence[str], said: Mapping[str, Any], was: Sequence[str] = ()) -> None:
    """Raise Invalid unless each mark is a code of the need, or was `unconfirmed` before."""
    known = {*_present(said), *was}
    wrong = [(n, mark) for n, mark in enumerate(marks) if mark not in known]
    message = "{!r} marks no code of this need; write a mark as field and code, such as themes:WPN-PSM"
    errors = [FieldError(f"/unconfirmed/{n}", message.format(mark)) for n, mark in wrong]
    if errors:
        raise Invalid(errors[0].message, errors)


def _present(said: Mapping[str, Any]) -> set[str]:
    return set(marks_of(said))


def _settled(said: Mapping[str, Any]) -> dict[str, Any]:
    """The same with its language known, and without unconfirmed codes that are no longer there."""
    language = said["language"] or language_of(f"{said['title']}\n{said['description']}")
    present = _present(said)
    unconfirmed = [mark for mark in said["unconfirmed"] if mark in present]
    return {**said, "language": language, "unconfirmed": unconfirmed}


def _currency_of(said: Mapping[str, Any]) -> str | None:
    return (said.get("indicative_cost") or {}).get("currency")


def _check(session: Session, said: Mapping[str, Any], kept_currency: str | None) -> None:
    errors = [error for fault in _faults(session, said) for error in fault]
    if (currency := _currency_of(said)) and currency != kept_currency:
        errors += _unknown(session, "currency", [("/indicative_cost/currency", currency)])
    if errors:
        raise Invalid(errors[0].message, errors)


def _faults(session: Session, said: Mapping[str, Any]) -> Iterator[Sequence[FieldError]]:
    recipient = said["recipient"]
    yield _unknown(session, "language", [("/language", said["language"])])
    yield _unknown(session, "language", [(f"/translations/{code}", code) for code in said["translations"]])
    for field, kind in CODED.items():
        yield _unknown(session, kind, [(f"/{field}/{n}", code) for n, code in enumerate(said[field])])
    countries = enumerate(recipient.get("countries", ()))
    yield _unknown(session, "country", [(f"/recipient/countries/{n}", code) for n, code in countries])
    if "region" in recipient:
        yield _unknown(session, "region", [("/recipient/region", recipient["region"])])
    if "members_of" in recipient and organizations.by_ref(session, recipient["members_of"]) is None:
        message = f"There is no organization {recipient['members_of']!r}; give its acronym, such as ECOWAS"
        yield [FieldError("/recipient/members_of", message)]
    elif "members_of" in recipient and not organizations.has_members(session, recipient["members_of"]):
        message = f"{recipient['members_of']} has no member States here; name the States, or record its members"
        yield [FieldError("/recipient/members_of", message)]
    for n, cited in enumerate(said["provisions"]):
        code = cited["instrument"]
        yield _unknown(session, _kind_of(code), [(f"/provisions/{n}/instrument", code)])


def _unknown(session: Session, kind: str, placed: Sequence[tuple[str, str]]) -> Sequence[FieldError]:
    """The faults of codes at their pointers, as the vocabulary words them."""
    try:
        check_codes(session, kind, [code for _, code in placed], "")
    except Invalid as invalid:
        return [FieldError(placed[int(e.pointer[1:])][0], e.message) for e in invalid.errors]
    return []


def _kind_of(instrument: str) -> str:
    return "resolution" if instrument.isdecimal() else "instrument"


def _money(amount: float | None) -> Decimal | None:
    return None if amount is None else Decimal(str(amount))


def _codes(session: Session, said: Mapping[str, Any], body: Organization | None) -> Iterator[NeedCode]:
    for field, kind in CODED.items():
        yield from _of_field(field, kind, said[field])
    recipient = said["recipient"]
    yield from _of_field("countries", "country", recipient.get("countries", ()))
    yield from _of_field("regions", "region", _regions(session, recipient, body))
    for n, code in enumerate(dict.fromkeys(cited["instrument"] for cited in said["provisions"])):
        yield NeedCode(field="instruments", kind=_kind_of(code), code=code, position=n)


def _of_field(field: str, kind: str, codes: Sequence[str]) -> Iterator[NeedCode]:
    return (NeedCode(field=field, kind=kind, code=code, position=n) for n, code in enumerate(codes))


def _regions(session: Session, recipient: Mapping[str, Any], body: Organization | None) -> list[str]:
    """The M49 regions of whoever has the gap: what a summary shows in place of the recipient."""
    if "region" in recipient:
        return [recipient["region"]]
    of = select(Term.parent).where(Term.kind == "country", Term.parent.is_not(None)).distinct()
    if body is None:
        return _listed(session, of.where(Term.code.in_(recipient["countries"])))
    present = (Membership.organization_id == body.id) & Membership.until_on.is_(None)
    return _listed(session, of.where(Term.code.in_(select(Membership.country_code).where(present))))


def _listed(session: Session, statement: Any) -> list[str]:
    return sorted(session.scalars(statement))
