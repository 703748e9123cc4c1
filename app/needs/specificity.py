"""How specific a need is, by five rules that the writer is shown: each that is met counts the same."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from app.core import provisions
from app.needs.schemas import Met, Missing, Specificity, SpecificityIn

THRESHOLD = 0.6
_RULES = Path(__file__).with_name("specificity.json")
_NUMBER = re.compile(r"(?<![\w.,/-])(?!(?:19|20)\d{2}(?!\d))\d[\d.,]*(?![\w/-])|\d\s?%|\d+(?=[\u4e00-\u9fff])")


@dataclass(frozen=True, slots=True)
class Rule:
    """One question asked of a need: what to write where it is not answered, and words that answer it."""

    name: str
    hints: Mapping[str, str]
    words: re.Pattern[str]


def check(values: SpecificityIn, threshold: float = THRESHOLD) -> Specificity:
    """Hold a need's text and fields against the rules; hints are in the text's language, or in English."""
    found = {rule.name: _answer(rule, values) for rule in rules()}
    met = [Met(rule=name, evidence=words[:200]) for name, words in found.items() if words]
    missing = [
        Missing(rule=rule.name, hint=rule.hints.get(values.language or "en", rule.hints["en"]))
        for rule in rules()
        if not found[rule.name]
    ]
    score = round(len(met) / len(found), 2)
    return Specificity(score=score, threshold=threshold, passes=score >= threshold, missing=missing, met=met)


@cache
def rules() -> tuple[Rule, ...]:
    """The rules in their order, as specificity.json states them."""
    listed = json.loads(_RULES.read_text(encoding="utf-8"))
    return tuple(Rule(row["rule"], row["hints"], _any_of(row["words"])) for row in listed)


def _answer(rule: Rule, values: SpecificityIn) -> str:
    """The words that meet a rule: a field of its own where there is one, else the first in the text."""
    text = f"{values.title}\n{values.description}"
    cited = provisions.found_in_text(text)
    if rule.name == "institution" and values.institution:
        return values.institution
    if rule.name == "existing" and values.existing_efforts:
        return values.existing_efforts
    if rule.name == "provision" and values.provisions:
        return f"{values.provisions[0].instrument} {values.provisions[0].paragraph or ''}".strip()
    if rule.name == "provision" and cited:
        return text[cited[0].start : cited[0].end].strip()
    if rule.name == "quantity" and (number := _number(text, cited)):
        return number
    match = rule.words.search(text)
    return match.group() if match else ""


def _number(text: str, cited: list[provisions.Provision]) -> str:
    """The first number that is neither a year nor part of a cited provision."""
    for provision in cited:
        blank = " " * (provision.end - provision.start)
        text = text[: provision.start] + blank + text[provision.end :]
    match = _NUMBER.search(text)
    return match.group() if match else ""


def _any_of(words: Mapping[str, list[str]]) -> re.Pattern[str]:
    """Whole words, or beginnings where marked with *; Arabic and Chinese anywhere, as their words run on."""
    spaced = [word for language, listed in words.items() if language not in ("ar", "zh") for word in listed]
    whole = "|".join(re.escape(word).replace(r"\*", r"\w*").replace(r"\ ", r"\s+") for word in spaced)
    anywhere = "|".join(re.escape(word) for language in ("ar", "zh") for word in words[language])
    return re.compile(rf"\b(?:{whole})\b|{anywhere}", re.IGNORECASE)
