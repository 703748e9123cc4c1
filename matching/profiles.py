"""What a record says, as features by group: term counts, concepts, codes declared or inferred, and its place."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from matching.inference import KINDS, TITLE_FACTOR, Evidence, evidence
from matching.model import Model
from matching.phrases import Reading, read
from matching.text import is_han, resolve_language
from matching.types import Need, Programme

DECLARED_NEED = (1.0, 0.6, 0.5, 0.4)
DECLARED_PROGRAMME = (1.0, 0.85, 0.7, 0.6)
INFERRED_BESIDE_DECLARED = 0.5
FIELD_FROM, FIELD_TO = 0.035, 0.085
STRONG = 2.0
ALONE = 0.4


@dataclass(frozen=True, slots=True)
class Passage:
    """One field of a record in one language, with its weight."""

    field: str
    text: str
    factor: float
    reading: Reading


@dataclass(frozen=True, slots=True)
class Profile:
    """Features of one record. `terms` and `concepts` are weighted counts; `codes` are strengths from 0 to 1.

    `field` says, from 0 to 1, how far the text is of this field at all: how densely its cues stand in it.
    """

    id: str
    terms: Mapping[str, float]
    concepts: Mapping[str, float]
    codes: Mapping[str, Mapping[str, float]]
    declared: Mapping[str, tuple[str, ...]]
    length: float
    field: float


def need_passages(need: Need) -> list[Passage]:
    """The need's fields, translations included, read in their languages."""
    language = resolve_language(f"{need.title}\n{need.text}", need.language)
    found = list(_passages([("title", need.title, TITLE_FACTOR), ("text", need.text, 1.0)], language))
    for code, title, text in need.translations:
        spoken = resolve_language(f"{title}\n{text}", code)
        found += _passages([(f"{code}:title", title, TITLE_FACTOR), (f"{code}:text", text, 1.0)], spoken)
    return found


def programme_passages(programme: Programme) -> list[Passage]:
    """The programme's title, summary and activities, read in its language."""
    whole = "\n".join((programme.title, programme.summary, *programme.activities))
    language = resolve_language(whole, programme.language)
    fields = [("title", programme.title, TITLE_FACTOR), ("summary", programme.summary, 1.0)]
    fields += [(f"activities.{number}", text, 1.0) for number, text in enumerate(programme.activities)]
    return list(_passages(fields, language))


def _passages(fields: Sequence[tuple[str, str, float]], language: str) -> Iterator[Passage]:
    for field, text, factor in fields:
        if text:
            yield Passage(field, text, factor, read(text, language))


def need_profile(need: Need, model: Model, passages: Sequence[Passage] | None = None) -> Profile:
    """Features of a need under a model."""
    return _profile(need, passages or need_passages(need), model, DECLARED_NEED)


def programme_profile(programme: Programme, model: Model, passages: Sequence[Passage] | None = None) -> Profile:
    """Features of a programme under a model."""
    return _profile(programme, passages or programme_passages(programme), model, DECLARED_PROGRAMME)


def _profile(
    record: Need | Programme, passages: Sequence[Passage], model: Model, ranks: tuple[float, ...]
) -> Profile:
    terms: dict[str, float] = {}
    concepts: dict[str, float] = {}
    for passage in passages:
        for term in term_keys(passage.reading):
            terms[term] = terms.get(term, 0.0) + passage.factor
        for concept, _, _ in model.concepts.named(passage.reading):
            concepts[concept] = concepts.get(concept, 0.0) + passage.factor
    found = evidence([(passage.factor, passage.reading) for passage in passages], model)
    declared = _declared(record)
    codes = {kind: _blended(kind, declared[kind], found[kind], ranks) for kind in KINDS}
    return Profile(
        record.id, terms, concepts, codes, declared, sum(terms.values()), _field(passages, found, model)
    )


def _field(passages: Sequence[Passage], found: Mapping[str, Evidence], model: Model) -> float:
    """How densely theme cues stand in a text, from none below FIELD_FROM to 1 at FIELD_TO.

    A strong cue counts as one, a weak one as a part, and as ALONE of it where nothing else speaks of its theme:
    one weak word of a theme is met in many a text of another kind. Two Chinese characters make a word.
    """
    words = sum([_word_count(passage.reading) for passage in passages])
    strongest: dict[tuple[int, int], float] = {}
    cues = model.cues
    for placed in found["theme"].places.values():
        is_alone = len(placed) == 1 or len({phrase for _, (phrase, _, _) in placed}) == 1
        for index, (phrase, first, _) in placed:
            weight = cues[phrase].weight
            if is_alone and weight < STRONG:
                weight *= ALONE
            if weight > strongest.get((index, first), 0.0):
                strongest[index, first] = weight
    density = sum([min(1.0, weight / STRONG) for weight in strongest.values()]) / words if words else 0.0
    return min(1.0, max(0.0, (density - FIELD_FROM) / (FIELD_TO - FIELD_FROM)))


def _word_count(reading: Reading) -> float:
    characters = sum(map(is_han, reading.surfaces)) if reading.has_han else 0
    return len(reading.surfaces) - 0.5 * characters


def _declared(record: Need | Programme) -> dict[str, tuple[str, ...]]:
    listed = (record.themes, record.dimensions, record.functions, record.weapons, record.assistance_types)
    return {kind: tuple(dict.fromkeys(codes)) for kind, codes in zip(KINDS, listed, strict=True)}


def _blended(kind: str, declared: tuple[str, ...], found: Evidence, ranks: tuple[float, ...]) -> dict[str, float]:
    """Declared codes by their place (themes: the first is the main one), inferred ones beside them with less."""
    if not declared:
        return dict(found.strengths)
    blended = {code: INFERRED_BESIDE_DECLARED * strength for code, strength in found.strengths.items()}
    for place, code in enumerate(declared):
        strength = ranks[min(place, len(ranks) - 1)] if kind == "theme" else 1.0
        blended[code] = max(strength, blended.get(code, 0.0))
    return blended


def term_keys(reading: Reading) -> Iterable[str]:
    """Terms of a reading: stems, and bigrams for runs of Chinese characters."""
    return [term for term, _ in _with_bigrams(reading)] if reading.has_han else reading.stems


def term_places(reading: Reading) -> Iterable[tuple[str, tuple[int, int]]]:
    """The terms of `term_keys`, each with the characters of the text, from and to, where it stands."""
    return _with_bigrams(reading) if reading.has_han else zip(reading.stems, reading.places, strict=True)


def _with_bigrams(reading: Reading) -> Iterator[tuple[str, tuple[int, int]]]:
    surfaces, stems, places = reading.surfaces, reading.stems, reading.places
    for index, stem in enumerate(stems):
        start, end = places[index]
        if not is_han(surfaces[index]):
            yield stem, (start, end)
        elif index + 1 < len(stems) and is_han(surfaces[index + 1]) and end == places[index + 1][0]:
            yield stem + stems[index + 1], (start, places[index + 1][1])
