"""Says in words why a programme has its score: each feature's share, what matched on both sides, and where."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from matching.geography import Atlas, Territory
from matching.inference import FIELDS
from matching.model import Model
from matching.profiles import Passage, need_passages, programme_passages, term_places
from matching.types import Contribution, Need, Programme, Span

NAMES = {
    "theme": "theme",
    "dimension": "dimension",
    "function": "function",
    "weapon": "weapon category",
    "assistance": "kind of assistance",
}
KEPT_RECORDS = 1024


@dataclass(frozen=True, slots=True)
class Sides:
    """The two records of a pair, with their places as States."""

    need: Need
    programme: Programme
    recipient: Territory
    offered: Territory


class Explainer:
    """Explains pairs under one model; it keeps what recent records say, for reading them takes longest."""

    def __init__(self, model: Model, atlas: Atlas) -> None:
        self._model = model
        self._atlas = atlas
        self._kept: dict[tuple[str, str], _Side] = {}

    def contributions(
        self, sides: Sides, parts: Mapping[str, float], geography: float, covered: float
    ) -> tuple[Contribution, ...]:
        """One contribution a feature, largest first; geography is told even where it adds nothing."""
        shared = sorted(((-weight, feature) for feature, weight in parts.items() if weight > 0))
        features = [feature for _, feature in shared]
        need, programme = self._side(sides.need).said(features), self._side(sides.programme).said(features)
        found = [_contribution(feature, -less, need, programme, self._model) for less, feature in shared]
        if sides.recipient.is_known:
            found.append(_geography(sides, geography, covered, self._atlas))
            found.sort(key=_by_weight)
        return tuple(found)

    def hear(self, need: Need, features: Iterable[str]) -> None:
        """Find the features in a need ahead, where it is to be explained for several programmes."""
        self._side(need).said(features)

    def _side(self, record: Need | Programme) -> "_Side":
        key = (type(record).__name__, record.id)
        kept = self._kept.get(key)
        if kept is not None and kept.record is record:
            return kept
        if len(self._kept) >= KEPT_RECORDS:
            self._kept = {}
        self._kept[key] = found = _Side(record, self._model)
        return found


class _Said(NamedTuple):
    """What one record says of a feature: where, in which words or by which code, and how a sentence puts it."""

    spans: tuple[Span, ...]
    words: tuple[str, ...]
    declared: bool
    wording: str


_Places = list[tuple[Passage, int, int]]  # from which to which character of a passage, in order


class _Side:
    """One record of pairs; what it says of a feature is worked out when first asked for."""

    def __init__(self, record: Need | Programme, model: Model) -> None:
        self.record = record
        self._model = model
        self._name = "the need" if isinstance(record, Need) else "the programme"
        self._passages = need_passages(record) if isinstance(record, Need) else programme_passages(record)
        self._said: dict[str, _Said] = {}

    def said(self, features: Iterable[str]) -> Mapping[str, _Said]:
        """What the record says of these features, at least."""
        fresh = [feature for feature in features if feature not in self._said]
        if fresh:
            heard = _listen(fresh, self._passages, self._model)
            self._said.update((feature, self._put(feature, heard[feature])) for feature in fresh)
        return self._said

    def _put(self, feature: str, places: _Places) -> _Said:
        spans = tuple([Span(passage.field, start, end) for passage, start, end in places])
        words = tuple(dict.fromkeys([passage.text[start:end] for passage, start, end in places]))
        kind, name = _split(feature)
        if kind not in FIELDS:
            return _Said(spans, words, False, _quoted(words))
        declared = name in getattr(self.record, FIELDS[kind])
        return _Said(spans, words or (name,) * declared, declared, _source(self._name, declared, words))


def _listen(features: Sequence[str], passages: Sequence[Passage], model: Model) -> Mapping[str, _Places]:
    """Where the features are in a record's text; terms, concepts and codes are looked for if there are any."""
    heard: dict[str, _Places] = {}
    terms: dict[str, _Places] = {}
    concepts: dict[str, _Places] = {}
    codes: dict[str, _Places] = {}
    for feature in features:
        kind, name = _split(feature)
        group = terms if kind == "term" else concepts if kind == "concept" else codes
        heard[feature] = group[name] = []
    for passage in passages:
        if terms:
            _place_terms(terms, passage)
        if concepts:
            _place_concepts(concepts, passage, model)
        if codes:
            _place_codes(codes, passage, model)
    return heard


def _place_terms(terms: Mapping[str, _Places], passage: Passage) -> None:
    for term, (start, end) in term_places(passage.reading):
        if term in terms:
            terms[term].append((passage, start, end))


def _place_concepts(concepts: Mapping[str, _Places], passage: Passage, model: Model) -> None:
    for concept, first, length in model.concepts.named(passage.reading):
        if concept in concepts:
            concepts[concept].append((passage, *passage.reading.span(first, length)))


def _place_codes(codes: Mapping[str, _Places], passage: Passage, model: Model) -> None:
    for phrase, first, length in model.cue_book.find_all(passage.reading):
        code = model.cues[phrase].code
        if code in codes:
            codes[code].append((passage, *passage.reading.span(first, length)))


@lru_cache(maxsize=100_000)
def _split(feature: str) -> tuple[str, str]:
    """The kind of a feature and its name: "term", "polic"."""
    kind, _, name = feature.partition(":")
    return kind, name


def _by_weight(part: Contribution) -> tuple[float, str]:
    return -part.weight, part.feature


def _contribution(
    feature: str, weight: float, need: Mapping[str, _Said], programme: Mapping[str, _Said], model: Model
) -> Contribution:
    kind, name = _split(feature)
    ours, theirs = need[feature], programme[feature]
    label = _label(kind, name, ours.words, model)
    sentence = _sentence(kind, label, ours.wording, theirs.wording)
    return Contribution(
        kind, feature, label, ours.words, theirs.words, weight, sentence,
        ours.spans, theirs.spans, ours.declared and theirs.declared,
    )  # fmt: skip


def _label(kind: str, name: str, ours: Sequence[str], model: Model) -> str:
    if kind == "term":
        return ours[0] if ours else name
    if kind == "concept":
        return model.glossary[name].label if name in model.glossary else name
    return model.taxonomy.label(name)


def _sentence(kind: str, label: str, ours: str, theirs: str) -> str:
    if kind == "term":
        return f"both texts say {ours}, the programme {theirs}"
    if kind == "concept":
        return f"both texts name {label}: the need as {ours}, the programme {theirs}"
    return f"{NAMES[kind]} {label}: {ours}, {theirs}"


def _source(side: str, stated: bool, words: tuple[str, ...]) -> str:
    if stated:
        return f"{side} declares it"
    return f"{side} speaks of {_quoted(words)}" if words else f"{side} implies it"


@lru_cache(maxsize=100_000)
def _quoted(words: tuple[str, ...]) -> str:
    if len(words) == 1:
        return f"“{words[0]}”"
    shown = ", ".join([f"“{word}”" for word in words[:4]])
    return shown + (" …" if len(words) > 4 else "")


def _geography(sides: Sides, weight: float, covered: float, atlas: Atlas) -> Contribution:
    wanted, offered = (
        _named(sides.need.recipient, sides.recipient, atlas),
        _named(sides.programme.coverage, sides.offered, atlas),
    )
    where = ", ".join(wanted)
    if not sides.offered.is_known:
        sentence = f"the programme does not say where it works; ask whether it serves {where}"
    elif covered >= 1:
        sentence = f"the programme covers {where}"
    elif covered > 0:
        sentence = f"the programme covers a part of {where}; a third of the States or more would count in full"
    else:
        sentence = (
            f"the programme does not cover {where}; it would be eligible if its coverage were extended there"
        )
    return Contribution("geography", "geography", "geography", wanted, offered, weight, sentence)


def _named(place: object, territory: Territory, atlas: Atlas) -> tuple[str, ...]:
    if territory.everywhere:
        return ("global",)
    codes = getattr(place, "regions", ()) + getattr(place, "countries", ())
    named = tuple(atlas.name(code) for code in codes) + tuple(getattr(place, "members_of", ()))
    context = getattr(place, "context", "")
    return tuple(f"{name} ({context})" for name in named) if context else named
