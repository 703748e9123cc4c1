"""From a Markdown file to clauses that can be written: codes checked, sections matched to earlier clauses."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import provisions
from app.core.errors import FieldError, Invalid
from app.practices.markdown import POINTER, Section, parse
from app.practices.matching import Earlier, Match, hash_of, match
from app.practices.models import Clause, ClauseText, Practice, PracticeVersion
from app.practices.schemas import Change, Plan, PlanRow
from app.practices.shown import clause as shown_clause
from app.vocabularies.queries import check_codes

CODED = {"themes": "theme", "weapons": "weapon"}


@dataclass(frozen=True, slots=True)
class Reading:
    """A file as it was understood: its preamble, and each section with the clause that it is taken for."""

    title: str
    preamble: str
    sections: Sequence[Section]
    matches: Sequence[Match]
    previous: PracticeVersion | None


def read(session: Session, practice: Practice, previous: PracticeVersion | None, markdown: str) -> Reading:
    """Understand a file against the version before. Raises Invalid, naming lines, for what cannot be taken."""
    parsed = parse(markdown)
    texts = {one.clause.anchor: one for one in previous.clauses} if previous else {}
    earlier = [Earlier(anchor, one.number, one.title, one.body) for anchor, one in texts.items()]
    ever = session.scalars(select(Clause.anchor).where(Clause.practice_id == practice.id))
    matches = match(parsed.sections, earlier, ever)
    for section, found in zip(parsed.sections, matches, strict=True):
        _keep_codes(section, texts.get(found.anchor))
    _check(session, parsed.sections)
    return Reading(parsed.title, parsed.preamble, parsed.sections, matches, previous)


def plan_of(practice: Practice, reading: Reading) -> Plan:
    """What the file would become, for a person to look at."""
    previous = reading.previous
    kept = {found.anchor for found in reading.matches}
    gone = [one for one in previous.clauses if one.clause.anchor not in kept] if previous else []
    return Plan(
        practice=practice.ref,
        compared_with=previous.number if previous else 0,
        title=reading.title,
        rows=[_row(*pair) for pair in zip(reading.sections, reading.matches, strict=True)],
        dropped=[shown_clause(previous, one) for one in gone] if previous else [],
    )


def cited(section: Section) -> list[dict[str, str]]:
    """The provisions of a section as they are stored. Raises ValueError naming one that cannot be read."""
    found = []
    for written in section.codes.get("provisions", ()):
        provision = provisions.parse(written)
        if provision is None:
            raise ValueError(f"{written!r} is no provision; write 2370:6 or ATT")
        paragraph = {"paragraph": provision.paragraph} if provision.paragraph else {}
        found.append({"instrument": provision.instrument, **paragraph})
    return found


def _keep_codes(section: Section, earlier: ClauseText | None) -> None:
    """What neither the heading nor those above it state stays as the clause had it."""
    if earlier is None:
        return
    section.stage = section.stage or (earlier.stage or "")
    for field in CODED:
        section.codes.setdefault(field, [code.code for code in earlier.codes if code.field == field])
    section.codes.setdefault("provisions", [_written(one) for one in earlier.provisions])


def _written(provision: dict[str, str]) -> str:
    paragraph = provision.get("paragraph")
    return f"{provision['instrument']}:{paragraph}" if paragraph else provision["instrument"]


def _check(session: Session, sections: Sequence[Section]) -> None:
    errors: list[FieldError] = []
    for section in sections:
        for field, kind in CODED.items():
            errors += _unknown(session, section, kind, section.codes.get(field, ()))
        try:
            for one in cited(section):
                code = one["instrument"]
                errors += _unknown(session, section, "resolution" if code.isdecimal() else "instrument", [code])
        except ValueError as error:
            errors.append(FieldError(POINTER, f"Line {section.line}: {error}"))
    if errors:
        raise Invalid(errors[0].message, errors)


def _unknown(session: Session, section: Section, kind: str, codes: Sequence[str]) -> list[FieldError]:
    try:
        check_codes(session, kind, codes, POINTER)
    except Invalid as invalid:
        return [FieldError(POINTER, f"Line {section.line}: {one.message}") for one in invalid.errors]
    return []


def _row(section: Section, found: Match) -> PlanRow:
    before = found.earlier
    same = before and hash_of(before.title, before.body) == hash_of(section.title, section.body)
    change = Change.ADDED if before is None else Change.UNCHANGED if same else Change.CHANGED
    return PlanRow(
        line=section.line,
        number=section.number,
        title=section.title,
        anchor=found.anchor,
        how=found.how,
        likeness=found.likeness,
        title_before=before.title if before else None,
        change=change,
        stage=section.stage or None,
        themes=section.codes.get("themes", []),
        weapons=section.codes.get("weapons", []),
        provisions=cited(section),
    )
