"""How specific a need is, by six rules that the writer is shown: each that is met counts the same."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.core import provisions
from app.core.text import language_of
from app.needs.schemas import Met, Missing, Specificity, SpecificityIn
from app.needs.subjects import says_something, several
from app.needs.wording import LANGUAGES, Rule, nothing, rules

__all__ = ["THRESHOLD", "check", "rules"]

THRESHOLD = 0.6
ONE_SUBJECT = "one_subject"
_LONGEST_EVIDENCE = 200
_NUMBER = re.compile(r"(?<![\w.,/-])(?!(?:19|20)\d{2}(?!\d))\d[\d.,]*(?![\w/-])|\d\s?%|\d+(?=[\u4e00-\u9fff])")
_SENTENCE_END = re.compile(r"(?<=[.!?;؟؛])\s+|[。；！？\n]+")


@dataclass(frozen=True, slots=True)
class _Text:
    """What is checked: as written, without phrases that say nothing, and the languages that it may be in."""

    written: str
    said: str
    languages: Sequence[str]

    @property
    def sentences(self) -> list[str]:
        return [sentence for sentence in _SENTENCE_END.split(self.said) if sentence.strip()]


def check(values: SpecificityIn, threshold: float = THRESHOLD) -> Specificity:
    """Hold a need's text and fields against the rules; hints are in the text's language, or in English."""
    text = _text(values)
    language = values.language or "en"
    met, missing = [], []
    for rule in rules():
        words, instead = _subject(text, values) if rule.name == ONE_SUBJECT else (_answer(rule, values, text), "")
        if words:
            met.append(Met(rule=rule.name, evidence=words[:_LONGEST_EVIDENCE]))
        else:
            hint = rule.hints.get(language, rule.hints["en"])
            missing.append(Missing(rule=rule.name, hint=hint, found=instead[:_LONGEST_EVIDENCE]))
    score = round(len(met) / len(rules()), 2)
    return Specificity(score=score, threshold=threshold, passes=score >= threshold, missing=missing, met=met)


def _text(values: SpecificityIn) -> _Text:
    written = f"{values.title}\n{values.description}".strip()
    detected = language_of(written)
    declared = values.language if values.language in LANGUAGES else detected
    languages = list(dict.fromkeys([declared, detected]))
    return _Text(written, nothing().without(written, languages), languages)


def _answer(rule: Rule, values: SpecificityIn, text: _Text) -> str:
    """The words that meet a rule: a field of its own where there is one, else the first in the text."""
    if field := _field(rule.name, values, text.languages):
        return field
    if rule.name == "provision" and (cited := _cited(text.written)):
        return cited
    if rule.name == "quantity" and (number := _number(text.said, [one.instrument for one in values.provisions])):
        return number
    return _in_a_sentence(rule, text)


def _cited(text: str) -> str:
    """The first paragraph of a resolution that is named. A whole resolution has too many subjects to say which."""
    named = (one for one in provisions.found_in_text(text) if one.paragraph)
    return next((text[one.start : one.end].strip() for one in named), "")


def _field(name: str, values: SpecificityIn, languages: Sequence[str]) -> str:
    """What the need's own field says, where it says more than a phrase that names nothing."""
    if name == "provision":
        exact = (one for one in values.provisions if one.paragraph or not one.instrument.isdecimal())
        return next((f"{one.instrument} {one.paragraph or ''}".strip() for one in exact), "")
    said = {"institution": values.institution, "existing": values.existing_efforts}.get(name, "")
    rest = nothing().without(said, languages)
    return said if re.search(r"\w", rest) else ""


def _in_a_sentence(rule: Rule, text: _Text) -> str:
    """The first sentence's words that meet the rule; where it asks for another word beside, both."""
    for sentence in text.sentences:
        word = rule.words.first(sentence, text.languages) if rule.words else ""
        if word and rule.beside is None:
            return word
        besides = rule.beside.all(sentence, text.languages) if word and rule.beside else []
        if other := next((one for one in besides if one not in word), ""):
            return f"{word} … {other}"
    return ""


def _subject(text: _Text, values: SpecificityIn) -> tuple[str, str]:
    """The words that the rule of one subject is met by, or those that speak of several."""
    if not says_something(text.written):
        return "", ""
    found = several(text.written, _SENTENCE_END.split(text.written), text.languages, values.themes)
    return ("", found) if found else (text.written.partition("\n")[0], "")


def _number(text: str, resolutions: Sequence[str]) -> str:
    """The first number that is neither a year nor a resolution, cited in the text or in the need's provisions."""
    for provision in provisions.found_in_text(text):
        blank = " " * (provision.end - provision.start)
        text = text[: provision.start] + blank + text[provision.end :]
    found = (match.group() for match in _NUMBER.finditer(text))
    return next((number for number in found if number not in resolutions), "")
