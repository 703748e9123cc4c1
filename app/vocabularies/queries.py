"""Read the controlled vocabularies, and say which codes do not exist and what was probably meant."""

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher, get_close_matches

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from app.core.errors import FieldError, Invalid, NotFound
from app.core.fields import is_storable
from app.vocabularies.models import Term
from app.vocabularies.schemas import TermOut, VocabularyOut

_LISTED = 12  # a vocabulary this short is named whole when nothing is near
_ALIKE, _ALIKE_SHORT = 0.6, 0.5  # of two letters, one right


def names(session: Session) -> dict[str, str]:
    """Return the plural by which each vocabulary is addressed, with its kind."""
    return {_plural(kind): kind for kind in session.scalars(select(Term.kind).distinct().order_by(Term.kind))}


def vocabulary(session: Session, name: str) -> VocabularyOut:
    """Return the vocabulary called `name`, singular or plural. Raises NotFound, naming those that exist."""
    known = names(session)
    wanted = name.lower().replace("-", "_")
    kind = known.get(wanted, wanted)
    if kind not in known.values():
        raise NotFound(f"There is no such vocabulary; there are {', '.join(known)}")
    found = terms(session, kind)
    return VocabularyOut(name=kind, terms=[TermOut.model_validate(t, from_attributes=True) for t in found])


def terms(session: Session, kind: str) -> Sequence[Term]:
    """Return every term of one vocabulary in its own order; none for a kind that does not exist."""
    return session.scalars(select(Term).where(Term.kind == kind).order_by(Term.position, Term.code)).all()


def labels(session: Session, language: str) -> dict[tuple[str, str], str]:
    """Return the label of every (kind, code) in `language`, in English where there is none."""
    rows = session.execute(select(Term.kind, Term.code, Term.labels))
    return {(row.kind, row.code): row.labels.get(language) or row.labels.get("en", row.code) for row in rows}


def check_code(session: Session, kind: str, code: str | None, pointer: str) -> None:
    """Raise Invalid when `code` is given and is not one of `kind`; the message names the nearest valid codes."""
    _check(session, kind, [] if code is None else [(pointer, code)])


def check_codes(session: Session, kind: str, codes: Iterable[str], pointer: str) -> None:
    """As `check_code` for a list: each code that does not exist is named as `pointer`/its place."""
    _check(session, kind, [(f"{pointer}/{place}", code) for place, code in enumerate(codes)])


def nearest(rows: Sequence[Row[tuple[str, dict[str, str]]]], wrong: str) -> list[str]:
    """Return up to three codes of (code, labels) rows that look like `wrong`, or are called so in any language."""
    by_name = {row.code.casefold(): row.code for row in rows}
    for row in rows:
        for label in row.labels.values():
            by_name.setdefault(label.casefold(), row.code)
    wanted = wrong.strip().casefold()[:100]
    alike = get_close_matches(wanted, by_name, n=20, cutoff=_ALIKE if len(wanted) > 2 else _ALIKE_SHORT)
    found = [by_name[name] for name in sorted(alike, key=lambda name: _distance(wanted, name))]
    starting = [code for name, code in by_name.items() if len(wanted) > 1 and name.startswith(wanted)]
    return list(dict.fromkeys([*starting[:3], *found]))[:3]


def _distance(wanted: str, name: str) -> tuple[float, int, str]:
    """What is likest comes first, and of those alike what begins alike: of three letters many differ by one."""
    shared = sum(name.startswith(wanted[:end]) for end in range(1, len(wanted) + 1))
    return -SequenceMatcher(None, name, wanted).ratio(), -shared, name


def _plural(kind: str) -> str:
    return kind[:-1] + "ies" if kind.endswith("y") else kind + "s"


def _check(session: Session, kind: str, placed: Sequence[tuple[str, str]]) -> None:
    if not placed:
        return
    wanted = {code for _, code in placed if is_storable(code)}
    valid = set(session.scalars(select(Term.code).where(Term.kind == kind, Term.code.in_(wanted))))
    unknown = [(pointer, code) for pointer, code in placed if code not in valid]
    if not unknown:
        return
    rows = session.execute(select(Term.code, Term.labels).where(Term.kind == kind).order_by(Term.position)).all()
    errors = [FieldError(pointer, _advice(kind, code, rows)) for pointer, code in unknown]
    raise Invalid(errors[0].message, errors)


def _advice(kind: str, wrong: str, rows: Sequence[Row[tuple[str, dict[str, str]]]]) -> str:
    said = f"{wrong[:60]!r} is not a code of the vocabulary {kind}"
    if near := nearest(rows, wrong):
        english = {row.code: row.labels.get("en", "") for row in rows}
        named = [f"{code} ({english[code]})" if english[code] else code for code in near]
        return f"{said}; the nearest: {', '.join(named)}"
    codes = (
        ", ".join(row.code for row in rows)
        if len(rows) <= _LISTED
        else f"see /api/v1/vocabularies/{_plural(kind)}"
    )
    return f"{said}, nor near to one: {codes}"
