"""The values that go into the matcher and come out of it: frozen, without behaviour.

Those that an explanation makes by the hundred are named tuples, which are made twice as fast as data classes.
"""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

TIE = 1e-9  # scores nearer than this are equal; ids then decide


@dataclass(frozen=True, slots=True)
class Place:
    """Where help is wanted or given.

    `countries` are ISO 3166-1 alpha-2 codes, `regions` UN M49 codes such as "011", `members_of` acronyms of
    regional bodies; their union counts. `context` is a remark such as "Sahelian" that narrows a region.
    """

    countries: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    members_of: tuple[str, ...] = ()
    is_global: bool = False
    context: str = ""


@dataclass(frozen=True, slots=True)
class Need:
    """A stated capacity gap; only `id` and some text are needed, codes are inferred where none is declared."""

    id: str
    title: str = ""
    text: str = ""
    language: str | None = None
    translations: tuple[tuple[str, str, str], ...] = ()
    themes: tuple[str, ...] = ()
    dimensions: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    weapons: tuple[str, ...] = ()
    assistance_types: tuple[str, ...] = ()
    recipient: Place | None = None


@dataclass(frozen=True, slots=True)
class Programme:
    """What an organization offers. `stale`, `full` and `overdue` are facts that the caller knows.

    `excluded` are ISO 3166-1 alpha-2 codes of States that the programme does not serve. The first of `themes`
    is the main one. Dates gate only where an as-of date is given.
    """

    id: str
    title: str = ""
    summary: str = ""
    activities: tuple[str, ...] = ()
    language: str | None = None
    themes: tuple[str, ...] = ()
    dimensions: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    weapons: tuple[str, ...] = ()
    assistance_types: tuple[str, ...] = ()
    coverage: Place | None = None
    excluded: tuple[str, ...] = ()
    kind: str = "assistance"
    status: str = "active"
    starts_on: date | None = None
    ends_on: date | None = None
    stale: bool = False
    overdue: bool = False
    full: bool = False


class Span(NamedTuple):
    """Characters `start` to `end` (exclusive) of one field: "title", "text", "summary" or "activities.0".

    In a translation of a need the field is "fr:title" or "fr:text".
    """

    field: str
    start: int
    end: int


class Contribution(NamedTuple):
    """One feature's share of a score: what matched on both sides, where, and how much it added.

    `kind` is term, concept, theme, dimension, function, weapon, assistance or geography; `need` and
    `programme` hold the surface forms; `declared` is true where both sides stated the code.
    """

    kind: str
    feature: str
    label: str
    need: tuple[str, ...]
    programme: tuple[str, ...]
    weight: float
    sentence: str = ""
    need_spans: tuple[Span, ...] = ()
    programme_spans: tuple[Span, ...] = ()
    declared: bool = False


class Gate(NamedTuple):
    """A hard fact: whether it lets the programme be proposed, and if not, what would."""

    gate: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A programme's place for a need. The weights of `contributions` sum to `score` (1e-9).

    `rank` counts from 1; 0 where the programme is gated or is explained by itself. `proposed` says that every
    gate is passed and the floor reached.
    """

    programme_id: str
    rank: int
    score: float
    proposed: bool
    contributions: tuple[Contribution, ...]
    gates: tuple[Gate, ...]
    model: str
