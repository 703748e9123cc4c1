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
    places: Mapping[str, tuple[tuple[int, Match], ...]]


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
    for _, match in placed:
        start, end = reading.span(match)
        yield text[start:end], start, end


def evidence(readings: Sequence[tuple[float, Reading]], model: Model) -> dict[str, Evidence]:
    """Strengths of codes over weighted readings of one record (a title weighs TITLE_FACTOR), by kind."""
    raw: dict[str, dict[int, float]] = {}
    places: dict[str, list[tuple[int, Match]]] = {}
    for index, (factor, reading) in enumerate(readings):
        for match in model.cue_book.find_all(reading):
            cue = model.cues[match.phrase]
            seen = raw.setdefault(cue.code, {})
            seen[match.phrase] = seen.get(match.phrase, 0.0) + factor * cue.weight * (
                REPEAT if match.phrase in seen else 1
            )
            places.setdefault(cue.code, []).append((index, match))
    sums = {code: math.fsum(seen.values()) for code, seen in raw.items()}
    return {kind: _strengths(kind, sums, places, model) for kind in KINDS}


def _strengths(
    kind: str, sums: Mapping[str, float], places: Mapping[str, list[tuple[int, Match]]], model: Model
) -> Evidence:
    """Each sum as a share of the largest, what is below KEPT_SHARE left out, and damped where all are weak."""
    ours = {code: total for code, total in sums.items() if model.kinds[code] == kind}
    if not ours:
        return Evidence({}, {})
    top = max(ours.values())
    damping = top / (top + SATURATION[kind])
    kept = {code: damping * total / top for code, total in ours.items() if total >= KEPT_SHARE[kind] * top}
    return Evidence(kept, {code: tuple(places[code]) for code in kept})
