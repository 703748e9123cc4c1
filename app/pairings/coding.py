"""Suggest a need's codes from its text, for a person to confirm: what the matcher reads in it, what it cites."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import provisions
from app.pairings.ranking import Model, Ranking, codes_in
from app.vocabularies.models import Term

LEAST = 0.4
SHARE = 0.5
MOST = {"themes": 3, "dimensions": 2, "functions": 2, "weapons": 3, "assistance_types": 4}
_ACRONYM = re.compile(r"[A-Z]{3,}[A-Z0-9-]*")
_IN_BRACKETS = re.compile(r"\s*\(.*?\)\s*")


@dataclass(frozen=True, slots=True)
class Suggested:
    """Codes by the need's fields, and provisions as a need states them."""

    codes: Mapping[str, Sequence[str]]
    provisions: Sequence[Mapping[str, str]]


class Coder:
    """Suggests codes for many texts: the model and the vocabularies are read once."""

    def __init__(self, session: Session, ranking: Ranking) -> None:
        self._session, self._ranking = session, ranking

    def suggest(self, text: str, language: str | None = None, cited: str = "") -> Suggested:
        """Codes that `text` speaks of; provisions are also looked for in `cited`, which names nothing else."""
        return Suggested(spoken_of(text, language, self._model), self._provisions(text, cited))

    @cached_property
    def _model(self) -> Model:
        return self._ranking.in_force(self._session)

    @cached_property
    def _resolutions(self) -> set[str]:
        return set(self._session.scalars(select(Term.code).where(Term.kind == "resolution")))

    @cached_property
    def _instruments(self) -> list[tuple[str, re.Pattern[str]]]:
        """Each instrument with what names it: its title, and its code where that is an acronym."""
        terms = self._session.execute(select(Term.code, Term.labels).where(Term.kind == "instrument"))
        return [(code, _named(code, labels)) for code, labels in terms.all()]

    def _provisions(self, text: str, cited: str) -> list[dict[str, str]]:
        named = [*provisions.found_in_text(text), *provisions.found_in_query(cited)]
        found: list[dict[str, str]] = []
        for one in named:
            if one.instrument in self._resolutions:
                found.append({"instrument": one.instrument, **_paragraph(one)})
        both = f"{text}\n{cited}"
        found += [{"instrument": code} for code, pattern in self._instruments if pattern.search(both)]
        return _once_each(found)


def spoken_of(text: str, language: str | None, model: Model) -> dict[str, list[str]]:
    """Codes by field that a text clearly speaks of, the clearest first."""
    found = codes_in(text, language, model)
    return {field: _strongest(found.get(field, ()), most) for field, most in MOST.items()}


def _strongest(found: Sequence[Any], most: int) -> list[str]:
    """Those that are clear by themselves and not far behind the clearest."""
    top = found[0].strength if found else 0.0
    return [one.code for one in found if one.strength >= max(LEAST, SHARE * top)][:most]


def _named(code: str, labels: Mapping[str, str]) -> re.Pattern[str]:
    titles = {_IN_BRACKETS.sub(" ", label).strip() for label in labels.values()}
    names = [rf"(?i:{re.escape(title)})" for title in sorted(titles) if title]
    acronym = [re.escape(code)] if _ACRONYM.fullmatch(code) else []
    return re.compile(rf"(?<!\w)(?:{'|'.join([*names, *acronym])})(?!\w)")


def _paragraph(cited: provisions.Provision) -> dict[str, str]:
    return {"paragraph": cited.paragraph[:40]} if cited.paragraph else {}


def _once_each(found: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """Without repetition, and without a whole resolution of which a paragraph is named."""
    exact = {one["instrument"] for one in found if "paragraph" in one}
    kept = {
        (one["instrument"], one.get("paragraph", "")): one
        for one in found
        if "paragraph" in one or one["instrument"] not in exact
    }
    return list(kept.values())
