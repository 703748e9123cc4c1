"""Says in words why a programme has its score: each feature's share, what matched on both sides, and where."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from matching.geography import Atlas, Territory
from matching.inference import Evidence, evidence
from matching.model import Model
from matching.profiles import Passage, need_passages, programme_passages
from matching.types import Contribution, Need, Programme, Span

NAMES = {
    "theme": "theme",
    "dimension": "dimension",
    "function": "function",
    "weapon": "weapon category",
    "assistance": "kind of assistance",
}
DECLARED = {
    "theme": "themes",
    "dimension": "dimensions",
    "function": "functions",
    "weapon": "weapons",
    "assistance": "assistance_types",
}


KEPT_RECORDS = 4096


@dataclass(frozen=True, slots=True)
class Sides:
    """The two records of a pair, with their places as States."""

    need: Need
    programme: Programme
    recipient: Territory
    offered: Territory


@dataclass(frozen=True, slots=True)
class _Places:
    """Where one side's features are in its text."""

    terms: Mapping[str, list[Span]]
    concepts: Mapping[str, list[Span]]
    codes: Mapping[str, list[Span]]
    texts: Mapping[str, str]

    def surfaces(self, spans: Iterable[Span]) -> tuple[str, ...]:
        """The words at the spans, each once, in order."""
        return tuple(dict.fromkeys(self.texts[span.field][span.start : span.end] for span in spans))


class Explainer:
    """Explains pairs under one model; it keeps where the features of recent records are, which takes longest."""

    def __init__(self, model: Model, atlas: Atlas) -> None:
        self._model = model
        self._atlas = atlas
        self._kept: dict[tuple[str, str], tuple[Need | Programme, _Places]] = {}

    def contributions(
        self, sides: Sides, parts: Mapping[str, float], geography: float, covered: float
    ) -> tuple[Contribution, ...]:
        """One contribution a feature, largest first; geography is told even where it adds nothing."""
        need, programme = self._places(sides.need), self._places(sides.programme)
        found = [
            _contribution(feature, weight, sides, need, programme, self._model)
            for feature, weight in parts.items()
            if weight > 0
        ]
        if sides.recipient.is_known:
            found.append(_geography(sides, geography, covered, self._atlas))
        return tuple(sorted(found, key=lambda part: (-part.weight, part.feature)))

    def _places(self, record: Need | Programme) -> _Places:
        key = (type(record).__name__, record.id)
        kept = self._kept.get(key)
        if kept is not None and kept[0] is record:
            return kept[1]
        passages = need_passages(record) if isinstance(record, Need) else programme_passages(record)
        found = _places(passages, self._model)
        if len(self._kept) >= KEPT_RECORDS:
            self._kept = {}
        self._kept[key] = (record, found)
        return found


def _places(passages: Sequence[Passage], model: Model) -> _Places:
    terms: dict[str, list[Span]] = {}
    concepts: dict[str, list[Span]] = {}
    for passage in passages:
        for term, start, end in _terms(passage):
            terms.setdefault(term, []).append(Span(passage.field, start, end))
        for concept, start, end in model.concepts.find(passage.reading):
            concepts.setdefault(concept, []).append(Span(passage.field, start, end))
    found = evidence([(passage.factor, passage.reading) for passage in passages], model)
    codes = _code_places(found.values(), passages)
    return _Places(terms, concepts, codes, {passage.field: passage.text for passage in passages})


def _terms(passage: Passage) -> Iterable[tuple[str, int, int]]:
    tokens, stems = passage.reading.tokens, passage.reading.stems
    for index, token in enumerate(tokens):
        following = tokens[index + 1] if index + 1 < len(tokens) else None
        if not token.is_han:
            yield stems[index], token.start, token.end
        elif following is not None and following.is_han and following.start == token.end:
            yield stems[index] + stems[index + 1], token.start, following.end


def _code_places(found: Iterable[Evidence], passages: Sequence[Passage]) -> dict[str, list[Span]]:
    return {
        code: [Span(passages[index].field, *passages[index].reading.span(match)) for index, match in places]
        for one in found
        for code, places in one.places.items()
    }


def _contribution(
    feature: str, weight: float, sides: Sides, need: _Places, programme: _Places, model: Model
) -> Contribution:
    kind, _, name = feature.partition(":")
    if kind == "term":
        left, right = need.terms.get(name, []), programme.terms.get(name, [])
    elif kind == "concept":
        left, right = need.concepts.get(name, []), programme.concepts.get(name, [])
    else:
        left, right = need.codes.get(name, []), programme.codes.get(name, [])
    ours, theirs = need.surfaces(left), programme.surfaces(right)
    stated = tuple(
        name in getattr(record, DECLARED[kind]) if kind in DECLARED else False
        for record in (sides.need, sides.programme)
    )
    label = _label(kind, name, ours, model)
    sentence = _sentence(kind, label, ours, theirs, stated)
    return Contribution(
        kind, feature, label, ours or (name,) * stated[0], theirs or (name,) * stated[1], weight, sentence,
        tuple(left), tuple(right), all(stated),
    )  # fmt: skip


def _label(kind: str, name: str, ours: Sequence[str], model: Model) -> str:
    if kind == "term":
        return ours[0] if ours else name
    if kind == "concept":
        return model.glossary[name].label if name in model.glossary else name
    return model.taxonomy.label(name)


def _sentence(kind: str, label: str, ours: Sequence[str], theirs: Sequence[str], stated: tuple[bool, ...]) -> str:
    if kind in ("term", "concept"):
        named = "both texts say" if kind == "term" else f"both texts name {label}: the need as"
        return f"{named} {_quoted(ours)}, the programme {_quoted(theirs)}"
    sides = [
        _source(side, said, words)
        for side, said, words in zip(("the need", "the programme"), stated, (ours, theirs), strict=True)
    ]
    return f"{NAMES[kind]} {label}: {sides[0]}, {sides[1]}"


def _source(side: str, stated: bool, words: Sequence[str]) -> str:
    if stated:
        return f"{side} declares it"
    return f"{side} speaks of {_quoted(words)}" if words else f"{side} implies it"


def _quoted(words: Sequence[str]) -> str:
    shown = ", ".join(f"“{word}”" for word in words[:4])
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
