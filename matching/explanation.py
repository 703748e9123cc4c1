"""Says in words why a programme has its score: each feature's share, what matched on both sides, and where."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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
KEPT_RECORDS = 4096


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
        features = [feature for feature, weight in parts.items() if weight > 0]
        need, programme = self._side(sides.need).said(features), self._side(sides.programme).said(features)
        found = [
            _contribution(feature, parts[feature], need[feature], programme[feature], self._model)
            for feature in features
        ]
        if sides.recipient.is_known:
            found.append(_geography(sides, geography, covered, self._atlas))
        return tuple(sorted(found, key=lambda part: (-part.weight, part.feature)))

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


class _Heard:
    """Where a feature is in a record's text, and in which words, each once, in order."""

    __slots__ = ("spans", "words")

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.words: dict[str, None] = {}

    def add(self, passage: Passage, place: tuple[int, int]) -> None:
        """Once more, from and to these characters of a passage."""
        start, end = place
        self.spans.append(Span(passage.field, start, end))
        self.words[passage.text[start:end]] = None


_Wanted = dict[str, dict[str, _Heard]]  # by kind and name


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
        wanted: _Wanted = {}
        for feature in features:
            if feature not in self._said:
                kind, _, name = feature.partition(":")
                wanted.setdefault(kind, {})[name] = _Heard()
        _listen(wanted, self._passages, self._model)
        for kind, listed in wanted.items():
            for name, heard in listed.items():
                self._said[f"{kind}:{name}"] = self._put(kind, name, heard)
        return self._said

    def _put(self, kind: str, name: str, heard: _Heard) -> _Said:
        spans, words = tuple(heard.spans), tuple(heard.words)
        if kind not in FIELDS:
            return _Said(spans, words, False, _quoted(words))
        declared = name in getattr(self.record, FIELDS[kind])
        return _Said(spans, words or (name,) * declared, declared, _source(self._name, declared, words))


def _listen(wanted: _Wanted, passages: Sequence[Passage], model: Model) -> None:
    """Note where the wanted features are in a record's text."""
    codes = {code: heard for kind in FIELDS for code, heard in wanted.get(kind, {}).items()}
    for passage in passages:
        if "term" in wanted:
            _place_terms(wanted["term"], passage)
        if "concept" in wanted:
            _place_concepts(wanted["concept"], passage, model)
        if codes:
            _place_codes(codes, passage, model)


def _place_terms(terms: Mapping[str, _Heard], passage: Passage) -> None:
    reading = passage.reading
    if reading.has_han:
        placed = [(term, place) for term, place in term_places(reading) if term in terms]
    else:
        placed = [(term, reading.places[n]) for n, term in enumerate(reading.stems) if term in terms]
    for term, place in placed:
        terms[term].add(passage, place)


def _place_concepts(concepts: Mapping[str, _Heard], passage: Passage, model: Model) -> None:
    for concept, first, length in model.concepts.named(passage.reading):
        if concept in concepts:
            concepts[concept].add(passage, passage.reading.span(first, length))


def _place_codes(codes: Mapping[str, _Heard], passage: Passage, model: Model) -> None:
    for phrase, first, length in model.cue_book.find_all(passage.reading):
        code = model.cues[phrase].code
        if code in codes:
            codes[code].add(passage, passage.reading.span(first, length))


def _contribution(feature: str, weight: float, ours: _Said, theirs: _Said, model: Model) -> Contribution:
    kind, _, name = feature.partition(":")
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


def _source(side: str, stated: bool, words: Sequence[str]) -> str:
    if stated:
        return f"{side} declares it"
    return f"{side} speaks of {_quoted(words)}" if words else f"{side} implies it"


def _quoted(words: Sequence[str]) -> str:
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
