"""The regions by which a briefing counts: none so small that a count of one would point to a State."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.vocabularies.models import Term

SMALLEST = 5
_MEMBER = "member"


def folded(session: Session) -> dict[str, str]:
    """Which regions are counted under another one, and under which.

    A region stands alone if it and each that lies beside it hold at least SMALLEST Member States. Otherwise the
    one in which they lie stands for all of them: what is left over would tell which it was.
    """
    regions = session.execute(select(Term.code, Term.parent).where(Term.kind == "region"))
    parents = {code: parent for code, parent in regions}  # noqa: C416
    sizes = _sizes(session, parents)
    small = {parents[code] for code in parents if parents[code] and sizes.get(code, 0) < SMALLEST}
    shown = {code: _shown(code, parents, small) for code in parents}
    return {code: under for code, under in shown.items() if code != under}


def _shown(code: str, parents: Mapping[str, str | None], small: set[str | None]) -> str:
    """The outermost region around `code` that stands for what lies in it, or the code itself."""
    found, around = code, parents.get(code)
    while around is not None:
        found = around if around in small else found
        around = parents.get(around)
    return found


def _sizes(session: Session, parents: Mapping[str, str | None]) -> dict[str, int]:
    """How many Member States lie in each region."""
    sizes: dict[str, int] = {}
    for home, facts in session.execute(select(Term.parent, Term.facts).where(Term.kind == "country")):
        around = home if facts.get("status") == _MEMBER else None
        while around is not None:
            sizes[around] = sizes.get(around, 0) + 1
            around = parents.get(around)
    return sizes
