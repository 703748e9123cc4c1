"""A score taken apart for the eye: parts whose printed figures add up to the printed score, and marked words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import floor
from typing import Any

from app.pairings.schemas import ContributionOut, SpanOut

_DIGITS = 1000  # three decimals
_PARTS = {
    "text": "Words",
    "term": "Words",
    "concept": "Concepts",
    "theme": "Theme",
    "dimension": "Dimension",
    "function": "Function",
    "weapon": "Weapons",
    "assistance": "Assistance",
    "geography": "Geography",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One feature that both sides share, and the thousandths that it adds."""

    label: str
    need: Sequence[str]
    programme: Sequence[str]
    sentence: str
    declared: bool
    thousandths: int

    @property
    def adds(self) -> str:
        return f"{self.thousandths / _DIGITS:.3f}"


@dataclass(frozen=True, slots=True)
class Part:
    """The reasons of one kind."""

    name: str
    reasons: Sequence[Reason]

    @property
    def share(self) -> float:
        return sum(reason.thousandths for reason in self.reasons) / _DIGITS

    @property
    def adds(self) -> str:
        return f"{self.share:.3f}"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text, marked where it is one of the reasons."""

    text: str
    marked: bool


def parts_of(contributions: Iterable[ContributionOut | Mapping[str, Any]], score: float) -> list[Part]:
    """The parts of a score, the largest first; their figures sum to `score` as it is printed."""
    found = [_read(each) for each in contributions]
    figures = _thousandths([each.weight for each in found], round(score * _DIGITS))
    by_name: dict[str, list[Reason]] = {}
    for each, figure in zip(found, figures, strict=True):
        need, programme = _worded(each, each.need), _worded(each, each.programme)
        reason = Reason(each.label, need, programme, each.sentence, each.declared, figure)
        by_name.setdefault(_PARTS.get(each.kind, each.kind), []).append(reason)
    parts = [
        Part(name, sorted(reasons, key=lambda reason: -reason.thousandths)) for name, reasons in by_name.items()
    ]
    return sorted(parts, key=lambda part: -part.share)


def printed(score: float) -> str:
    return f"{round(score * _DIGITS) / _DIGITS:.3f}"


def marks(contributions: Iterable[ContributionOut], side: str) -> dict[str, list[SpanOut]]:
    """The spans of one side (`need` or `programme`) by field."""
    spans: dict[str, list[SpanOut]] = {}
    for each in contributions:
        for span in each.need_spans if side == "need" else each.programme_spans:
            spans.setdefault(span.field, []).append(span)
    return spans


def marked(text: str, spans: Iterable[SpanOut]) -> list[Piece]:
    """`text` in pieces, those under a span marked; spans that overlap or touch make one piece."""
    pieces: list[Piece] = []
    at = 0
    for start, end in _joined(spans, len(text)):
        pieces += [Piece(text[at:start], False), Piece(text[start:end], True)]
        at = end
    return [piece for piece in (*pieces, Piece(text[at:], False)) if piece.text]


def _joined(spans: Iterable[SpanOut], length: int) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for span in sorted(spans, key=lambda span: span.start):
        start, end = max(0, span.start), min(length, span.end)
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        elif start < end:
            joined.append((start, end))
    return joined


def _thousandths(weights: Sequence[float], total: int) -> list[int]:
    """Weights as whole thousandths that sum to `total`: cut, and what is left given to the largest remainders."""
    cut = [floor(weight * _DIGITS) for weight in weights]
    left = total - sum(cut)
    by_remainder = sorted(range(len(cut)), key=lambda n: cut[n] - weights[n] * _DIGITS)
    for n in by_remainder[: max(0, left)]:
        cut[n] += 1
    return cut


def _worded(each: ContributionOut, said: Iterable[str]) -> list[str]:
    """What a side says; where it gives no words but the code alone, the code's label."""
    code = each.feature.partition(":")[2]
    return [each.label if word == code else word for word in said]


def _read(contribution: ContributionOut | Mapping[str, Any]) -> ContributionOut:
    """A stored contribution has no spans: they point into texts that may have changed."""
    if isinstance(contribution, ContributionOut):
        return contribution
    return ContributionOut.model_validate({"need_spans": [], "programme_spans": [], **contribution})
