"""Makes any number of needs and programmes from word lists, the same ones each time: input for benchmarks.

A text draws 30 (need) or 60 (programme) of 20,000 invented words by Zipf's law (exponent 1.1) and 4 phrases of
the field; a programme has 1 to 3 themes and one of 400 patterns of coverage. `Matcher.multiply_adds` says how
many products the scores of a need over all programmes take: matching_speed.py prints them per pair.
"""

import random
from collections.abc import Iterator

from matching import Need, Place, Programme, knowledge

PHRASES = (
    "marking machines",
    "firearms register",
    "customs risk profiling",
    "container control",
    "counter-drone equipment",
    "explosive precursors",
    "bomb disposal training",
    "passenger name record",
    "watch lists",
    "prison staff training",
    "financial intelligence unit",
    "border patrol",
    "mutual legal assistance",
    "victims of terrorism",
    "stockpile security",
)
SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "ar", "en", "il", "or", "us")]


def needs(count: int, seed: int = 1) -> Iterator[Need]:
    """`count` needs, half of them with declared themes."""
    rng, words, cumulated, regions, themes = _lists(seed)
    for number in range(count):
        declared = tuple(rng.sample(themes, 1)) if rng.random() < 0.5 else ()
        yield Need(
            f"N{number:07}",
            rng.choice(PHRASES),
            _text(rng, words, cumulated, 30),
            "en",
            themes=declared,
            recipient=Place(regions=(rng.choice(regions),)),
        )


def programmes(count: int, seed: int = 2) -> Iterator[Programme]:
    """`count` programmes with 1 to 3 themes and one of 400 patterns of coverage."""
    rng, words, cumulated, regions, themes = _lists(seed)
    states = sorted(knowledge.geography().countries)
    patterns = [Place(is_global=True), *(Place(regions=tuple(rng.sample(regions, 2))) for _ in range(199))]
    patterns += [Place(countries=tuple(rng.sample(states, 5))) for _ in range(200)]
    for number in range(count):
        yield Programme(
            f"P{number:07}",
            rng.choice(PHRASES),
            _text(rng, words, cumulated, 60),
            language="en",
            themes=tuple(rng.sample(themes, rng.randint(1, 3))),
            coverage=rng.choice(patterns),
        )


def _lists(seed: int) -> tuple[random.Random, list[str], list[float], list[str], list[str]]:
    fixed, rng = random.Random(7), random.Random(seed)
    words = ["".join(fixed.choices(SYLLABLES, k=3)) for _ in range(20_000)]
    cumulated, total = [], 0.0
    for place in range(len(words)):
        total += 1 / (place + 3) ** 1.1
        cumulated.append(total)
    homes = sorted({country.region for country in knowledge.geography().countries.values()})
    return rng, words, cumulated, homes, list(knowledge.themes())


def _text(rng: random.Random, words: list[str], cumulated: list[float], length: int) -> str:
    drawn = rng.choices(words, cum_weights=cumulated, k=length) + rng.sample(PHRASES, 4)
    rng.shuffle(drawn)
    return " ".join(drawn)
