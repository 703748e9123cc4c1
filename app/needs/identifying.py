"""Warn where a text points to one State: a name of it in any of six languages. Officers decide what follows."""

import re
from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.text import folded
from app.vocabularies.models import Term

_LONG_NAME = re.compile(r"\s*\(.*?\)\s*")
_SHORTEST_LATIN = 4


def warnings(session: Session, shown: dict[str, str]) -> list[str]:
    """Return a sentence for each field of `shown` (field → text) that names a State; names by country code order.

    Adjectives, towns and institutions are not recognized: the officer still reads the text.
    """
    names = list(_names(session))
    return [
        f"The {field} names {label}: whoever reads it knows the State"
        for field, text in shown.items()
        for label in _named(folded(text), names)
    ]


def _names(session: Session) -> Iterator[tuple[str, str]]:
    for term in session.scalars(select(Term).where(Term.kind == "country").order_by(Term.code)):
        label = str(term.labels["en"])
        for name in set(term.labels.values()):
            yield folded(_LONG_NAME.sub(" ", str(name)).strip()), label


def _named(text: str, names: list[tuple[str, str]]) -> list[str]:
    found = {label for name, label in names if name and name in text and _is_word(name, text)}
    return sorted(found)


def _is_word(name: str, text: str) -> bool:
    """Whether `name` stands in `text` as whole words; scripts without spaces need no boundaries."""
    if not name.isascii():
        return True
    return len(name) >= _SHORTEST_LATIN and re.search(rf"\b{re.escape(name)}\b", text) is not None
