"""Codes that a text speaks of, by the model's cues: each with a strength from 0 to 1 and the words behind it."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from matching.model import Model
from matching.phrases import Match, Reading, read
from matching.text import resolve_language

KINDS = ("theme", "dimension", "function", "weapon", "assistance")
FIELDS = {
    "theme": "themes",
    "dimension": "dimensions",
    "function": "functions",
    "weapon": "weapons",
    "assistance": "assistance_types",
}
TITLE_FACTOR = 1.5
REPEAT = 0.3
KEPT_SHARE = {"theme": 0.2, "dimension": 0.3, "function": 0.3, "weapon": 0.2, "assistance": 0.2}
SATURATION = {"theme": 1.0, "dimension": 1.0, "function": 1.0, "weapon": 0.5, "assistance": 0.7}


@dataclass(frozen=True, slots=True)
class Inferred:
    """A code with its strength, and the phrases that point to it as (surface, start, end) of the text."""

    code: str
    strength: float
    reasons: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the cues of one kind found in several readings: strength of each code, and where its words are."""

    strengths: Mapping[str, float]
    places: Mapping[str, Sequence[tuple[int, Match]]]


def infer(text: str, language: str | None, model: Model) -> dict[str, tuple[Inferred, ...]]:
    """Codes suggested for a text: themes, dimensions, functions, weapons, assistance_types, strongest first."""
    reading = read(text, resolve_language(text, language))
    found = evidence([(1.0, reading)], model)
    return {FIELDS[kind]: _listed(found[kind], text, reading) for kind in KINDS}


def _listed(found: Evidence, text: str, reading: Reading) -> tuple[Inferred, ...]:
    ranked = sorted(found.strengths.items(), key=lambda item: (-item[1], item[0]))
    return tuple(
        Inferred(code, strength, tuple(_shown(text, reading, found.places[code]))) for code, strength in ranked
    )


def _shown(text: str, reading: Reading, placed: Sequence[tuple[int, Match]]) -> Iterator[tuple[str, int, int]]:
    for _, (_, first, length) in placed:
        start, end = reading.span(first, length)
        yield text[start:end], start, end


def evidence(readings: Sequence[tuple[float, Reading]], model: Model) -> dict[str, Evidence]:
    """Strengths of codes over weighted readings of one record (a title weighs TITLE_FACTOR), by kind."""
    found: dict[str, _Spoken] = {}
    for index, (factor, reading) in enumerate(readings):
        for match in model.cue_book.find_all(reading):
            phrase = match[0]
            cue = model.cues[phrase]
            if cue.code not in found:
                found[cue.code] = {}, []
            weights, places = found[cue.code]
            worth = factor * cue.weight
            weights[phrase] = weights[phrase] + worth * REPEAT if phrase in weights else worth
            places.append((index, match))
    by_kind: dict[str, dict[str, _Spoken]] = {}
    for code, spoken in found.items():
        by_kind.setdefault(model.kinds[code], {})[code] = spoken
    return {kind: _strengths(kind, by_kind[kind]) if kind in by_kind else _NOTHING for kind in KINDS}


_NOTHING = Evidence({}, {})
_Spoken = tuple[dict[int, float], list[tuple[int, Match]]]  # what each cue of a code adds, and where they are


def _strengths(kind: str, spoken: Mapping[str, _Spoken]) -> Evidence:
    """Each sum as a share of the largest, what is below KEPT_SHARE left out, and damped where all are weak."""
    sums = {code: math.fsum(weights.values()) for code, (weights, _) in spoken.items()}
    top = max(sums.values())
    damping = top / (top + SATURATION[kind])
    kept = {code: damping * total / top for code, total in sums.items() if total >= KEPT_SHARE[kind] * top}
    return Evidence(kept, {code: spoken[code][1] for code in kept})
