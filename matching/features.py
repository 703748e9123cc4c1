"""Features of needs and programmes as numbers: BM25 saturation and rarity, codes, and the weights of groups."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from matching.inference import KINDS
from matching.profiles import Profile

K1, B = 2.0, 0.75
RARITY_POWER = 1.25
K1_CONCEPT = 0.6
LEAST_DECLARED, LEAST_INFERRED = 0.25, 0.15


@dataclass(frozen=True, slots=True, eq=False)
class Statistics:
    """What a fit learns from the corpus.

    The number of programmes, their mean length, how far they are of this field (0 where `Profile.field` is 0.5 on
    the mean, 1 from 0.8), and how many have each feature.
    """

    count: int
    mean_length: float
    field: float
    frequency: Mapping[str, int]

    def rarity(self, feature: str) -> float:
        """BM25's inverse document frequency, ln(1 + (n - f + .5) / (f + .5)), to the power RARITY_POWER."""
        return _rarity(self.count, self.frequency.get(feature, 0))


@lru_cache(maxsize=100_000)
def _rarity(count: int, held: int) -> float:
    return float(math.log1p((count - held + 0.5) / (held + 0.5)) ** RARITY_POWER)


def statistics(profiles: Sequence[Profile]) -> Statistics:
    """Count the features of terms and concepts over the programmes."""
    frequency: dict[str, int] = {}
    for profile in profiles:
        for feature in (
            *(f"term:{term}" for term in profile.terms),
            *(f"concept:{c}" for c in profile.concepts),
        ):
            frequency[feature] = frequency.get(feature, 0) + 1
    mean = sum(profile.length for profile in profiles) / len(profiles) if profiles else 1.0
    field = sum(profile.field for profile in profiles) / len(profiles) if profiles else 1.0
    return Statistics(len(profiles), mean or 1.0, min(1.0, max(0.0, (field - 0.5) / 0.3)), frequency)


def programme_features(profile: Profile, known: Statistics) -> dict[str, float]:
    """A programme's features, each from 0 to 1.

    Terms and concepts saturate as in BM25 (Robertson and Zaragoza, 2009): tf / (tf + k (1 - b + b length / mean)).
    """
    norm = K1 * (1 - B + B * profile.length / known.mean_length)
    features = {f"term:{term}": count / (count + norm) for term, count in profile.terms.items()}
    features.update((f"concept:{c}", count / (count + K1_CONCEPT)) for c, count in profile.concepts.items())
    for kind in KINDS:
        features.update((f"{kind}:{code}", strength) for code, strength in profile.codes[kind].items())
    return features


def need_features(profile: Profile, known: Statistics, weights: Mapping[str, float]) -> dict[str, float]:
    """A need's features with their final weights, which sum to 1 less the weight of geography.

    `weights` are those of the groups, already rescaled to the groups that this need has (`need_weights`).
    """
    features: dict[str, float] = {}
    for group, counted in need_groups(profile, known).items():
        total = math.fsum(counted.values())
        if total > 0:
            features.update((feature, weights[group] * value / total) for feature, value in counted.items())
    return features


def need_groups(profile: Profile, known: Statistics) -> dict[str, dict[str, float]]:
    """A need's features by group, before they are scaled to the group's weight."""
    groups = {
        "text": {f"term:{t}": count * known.rarity(f"term:{t}") for t, count in profile.terms.items()},
        "concept": {
            f"concept:{c}": math.log1p(count) * known.rarity(f"concept:{c}")
            for c, count in profile.concepts.items()
        },
    }
    for kind in KINDS:
        groups[kind] = {f"{kind}:{code}": strength for code, strength in profile.codes[kind].items()}
    return groups


def need_weights(
    profile: Profile, known: Statistics, weights: Mapping[str, float], placed: bool
) -> dict[str, float]:
    """The groups' weights rescaled to 1 over those that the need has.

    Text and geography count in full. Concepts and inferred codes count by how far the text and the programmes are
    of this field (`Profile.field`), though no less than LEAST_INFERRED, for not every turn of speech is listed.
    Declared codes count by the text too, but no less than LEAST_DECLARED: a code on a text that speaks of other
    things is often the nearest that an officer found.
    """
    present = dict.fromkeys(weights, 0.0)
    for group, counted in need_groups(profile, known).items():
        if math.fsum(counted.values()) > 0:
            present[group] = max(LEAST_INFERRED, profile.field) * known.field
            if profile.declared.get(group):
                present[group] = max(LEAST_DECLARED, profile.field)
    present["text"] = 1.0 if profile.terms else 0.0
    present["geography"] = 1.0 if placed else 0.0
    total = math.fsum(weights[group] * present[group] for group in weights)
    return {group: weights[group] * present[group] / total if total else 0.0 for group in weights}
