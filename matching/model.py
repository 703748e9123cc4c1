"""A model is what scores depend on besides the records: weights, floors and knowledge, under one name."""

import gc
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType

from matching import knowledge
from matching.concepts import ConceptBook
from matching.knowledge import Concept, Cue, Geography, KnowledgeError, Taxonomy
from matching.phrases import Phrase, PhraseBook, phrase_key

EXTRA_FILES = ("model.json", "taxonomy.json", "glossary.tsv", "cues.tsv")
GROUPS = ("text", "concept", "theme", "dimension", "function", "weapon", "assistance", "geography")


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of a model: weights by group, summing to 1, and the two floors."""

    weights: dict[str, float]
    floor: float
    floor_without_geography: float


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """Weights by group (summing to 1), the floors below which nothing is proposed, and the knowledge used."""

    name: str
    fingerprint: str
    knowledge_fingerprint: str
    weights: Mapping[str, float]
    floor: float
    floor_without_geography: float
    glossary: Mapping[str, Concept]
    taxonomy: Taxonomy
    kinds: Mapping[str, str]
    geography: Geography
    cues: tuple[Cue, ...]
    concepts: ConceptBook
    cue_book: PhraseBook

    def with_weights(self, name: str, weights: Mapping[str, float], floor: float | None = None) -> "Model":
        """The same knowledge under other weights, clipped at 0 and rescaled to 1: a candidate model."""
        numbers = Numbers(_rescaled(weights), self.floor if floor is None else floor, self.floor_without_geography)
        return replace(
            self,
            name=name,
            fingerprint=_fingerprint(numbers, self.knowledge_fingerprint),
            weights=MappingProxyType(numbers.weights),
            floor=numbers.floor,
        )


def load_model(extra: Path | None = None) -> Model:
    """The model in the package, with an installed system's own entries from the folder `extra` added.

    `extra` may hold glossary.tsv and cues.tsv (the package's formats), taxonomy.json (further themes and weapon
    categories) and model.json (other weights, floors, name). Raises KnowledgeError naming file, line and column.
    """
    with _without_collection():
        if extra is None or not any((extra / name).exists() for name in EXTRA_FILES):
            return _packaged()
        return _with_extra(extra)


def build(glossary: tuple[Concept, ...] | None = None, cues: tuple[Cue, ...] | None = None) -> Model:
    """The package's model with another glossary or other cues: for measuring what they are worth."""
    settings = _settings(knowledge.DATA / "model.json", {})
    listed = knowledge.glossary() if glossary is None else glossary
    return _build(settings, listed, knowledge.taxonomy(), knowledge.cues() if cues is None else cues)


@contextmanager
def _without_collection() -> Iterator[None]:
    """Python looks for garbage again and again while a model is made, which has none: that takes half the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@cache
def _packaged() -> Model:
    settings = _settings(knowledge.DATA / "model.json", {})
    return _build(settings, knowledge.glossary(), knowledge.taxonomy(), knowledge.cues())


def _with_extra(folder: Path) -> Model:
    settings = _settings(knowledge.DATA / "model.json", {})
    taxonomy, glossary, cues = knowledge.taxonomy(), knowledge.glossary(), knowledge.cues()
    if (folder / "model.json").exists():
        settings = _settings(folder / "model.json", settings)
    if (folder / "taxonomy.json").exists():
        taxonomy = knowledge.merged_taxonomy(taxonomy, knowledge.read_taxonomy(folder / "taxonomy.json"))
    if (folder / "glossary.tsv").exists():
        glossary = knowledge.merged_glossary(glossary, knowledge.read_glossary(folder / "glossary.tsv"))
    if (folder / "cues.tsv").exists():
        cues += knowledge.read_cues(folder / "cues.tsv", taxonomy)
    return _build(settings, glossary, taxonomy, cues)


def _settings(path: Path, base: Mapping[str, object]) -> dict[str, object]:
    try:
        parsed = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise KnowledgeError(f"{path.name}, line {error.lineno}, column {error.colno}: {error.msg}") from error
    if not isinstance(parsed, dict):
        raise KnowledgeError(f"{path.name}, line 1: must be an object with name, weights and floor")
    return {**base, **parsed}


def _build(
    settings: Mapping[str, object], glossary: tuple[Concept, ...], taxonomy: Taxonomy, cues: tuple[Cue, ...]
) -> Model:
    numbers, geography = _numbers(settings), knowledge.geography()
    distinct = _distinct(cues)
    knowledge_fingerprint = _knowledge_fingerprint(glossary, taxonomy, cues, geography)
    return Model(
        name=str(settings["name"]),
        fingerprint=_fingerprint(numbers, knowledge_fingerprint),
        knowledge_fingerprint=knowledge_fingerprint,
        weights=MappingProxyType(numbers.weights),
        floor=numbers.floor,
        floor_without_geography=numbers.floor_without_geography,
        glossary=MappingProxyType({concept.id: concept for concept in glossary}),
        taxonomy=taxonomy,
        kinds=MappingProxyType({cue.code: taxonomy.kind_of(cue.code) or "" for cue in distinct.values()}),
        geography=geography,
        cues=tuple(distinct.values()),
        concepts=ConceptBook(glossary),
        cue_book=PhraseBook(key[1:] for key in distinct),
    )


def _numbers(settings: Mapping[str, object]) -> Numbers:
    weights = settings.get("weights")
    if not isinstance(weights, dict):
        raise KnowledgeError('model.json, weights: must be an object such as {"text": 0.3, …}')
    floors = [float(str(settings[name])) for name in ("floor", "floor_without_geography")]
    return Numbers(_rescaled(weights), *floors)


def _rescaled(weights: Mapping[str, float]) -> dict[str, float]:
    clipped = {group: max(0.0, float(weights.get(group, 0.0))) for group in GROUPS}
    total = sum(clipped.values())
    if not total or total != total:
        raise KnowledgeError("model.json, weights: at least one must be above 0 and none may be NaN")
    return {group: weight / total for group, weight in clipped.items()}


def _distinct(cues: tuple[Cue, ...]) -> dict[tuple[str, ...], Cue]:
    """One cue for each code and stems, the heaviest, so that inflected forms listed apart do not count twice."""
    kept: dict[tuple[str, ...], Cue] = {}
    for cue in cues:
        key = (cue.code, *phrase_key(Phrase(cue.phrase, cue.language, exact=cue.is_exact)))
        if key not in kept or cue.weight > kept[key].weight:
            kept[key] = cue
    return kept


def _fingerprint(numbers: Numbers, knowledge_fingerprint: str) -> str:
    """SHA-256, in hexadecimal, of everything that a score depends on besides the records."""
    told = (sorted(numbers.weights.items()), numbers.floor, numbers.floor_without_geography)
    return hashlib.sha256(f"{told!r} {knowledge_fingerprint}".encode()).hexdigest()


def _knowledge_fingerprint(
    glossary: tuple[Concept, ...], taxonomy: Taxonomy, cues: tuple[Cue, ...], geography: Geography
) -> str:
    digest = hashlib.sha256()
    for concept in glossary:
        digest.update(repr((concept.id, concept.acronym, sorted(concept.terms.items()))).encode())
    digest.update(repr((sorted(taxonomy.themes.items()), sorted(taxonomy.weapons.items()))).encode())
    for cue in cues:
        digest.update(f"{cue.code}|{cue.weight}|{cue.language}|{cue.phrase};".encode())
    homes = sorted((code, country.region) for code, country in geography.countries.items())
    tree = sorted((code, region.parent) for code, region in geography.regions.items())
    contexts = [(phrase, sorted(states)) for phrase, states in geography.contexts]
    digest.update(repr((homes, tree, geography.memberships, contexts)).encode())
    return digest.hexdigest()
