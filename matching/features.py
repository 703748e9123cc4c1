"""Profiles of many records as arrays, and their features as numbers: saturation, rarity, weights of groups."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.inference import KINDS
from matching.model import GROUPS
from matching.profiles import Profile

K1, B = 2.0, 0.75
RARITY_POWER = 1.25
K1_CONCEPT = 0.6
LEAST_DECLARED, LEAST_INFERRED = 0.25, 0.15
PREFIXES = ("term", "concept", *KINDS)
TERM, CONCEPT = 0, 1
Floats = NDArray[np.float64]
Columns = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Profiles:
    """Profiles of n records: row i has the feature `names[columns[j]]` `counts[j]` times, for j from starts[i].

    `groups` tells each name's place in GROUPS, `lengths`, `fields` (n) and
    `declared` (n x kinds) are as in Profile.
    """

    names: tuple[str, ...]
    groups: NDArray[np.int8]
    starts: Columns
    columns: Columns
    counts: Floats
    lengths: Floats
    fields: Floats
    declared: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def rows(self) -> Columns:
        """The row that each count belongs to."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))


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

    def rarities(self, names: Sequence[str]) -> Floats:
        """BM25's inverse document frequency, ln(1 + (n - f + .5) / (f + .5)), to the power RARITY_POWER."""
        held = np.fromiter((self.frequency.get(name, 0) for name in names), np.float64, len(names))
        found: Floats = np.log1p((self.count - held + 0.5) / (held + 0.5)) ** RARITY_POWER
        return found


class _Numbers(dict[str, int]):
    """Numbers of one group's features; a new feature gets the next number of all groups."""

    def __init__(self, prefix: str, names: list[str], groups: list[int]) -> None:
        self._prefix, self._names, self._groups = prefix, names, groups

    def __missing__(self, feature: str) -> int:
        number = self[feature] = len(self._names)
        self._names.append(f"{self._prefix}:{feature}")
        self._groups.append(PREFIXES.index(self._prefix))
        return number


def pack(profiles: Iterable[Profile]) -> Profiles:
    """Profiles as arrays; each distinct feature gets one name, such as "term:polic" or "theme:T03"."""
    names: list[str] = []
    groups: list[int] = []
    numbers = [_Numbers(prefix, names, groups) for prefix in PREFIXES]
    columns: list[int] = []
    counts: list[float] = []
    starts, about, declared = [0], [], []
    for profile in profiles:
        for known, features in zip(numbers, _features(profile), strict=True):
            columns += map(known.__getitem__, features)
            counts += features.values()
        starts.append(len(columns))
        about.append((profile.length, profile.field))
        declared.append([bool(profile.declared.get(kind)) for kind in KINDS])
    lengths, fields = np.array(about, dtype=np.float64).reshape(-1, 2).T.copy()
    return Profiles(
        names=tuple(names),
        groups=np.array(groups, dtype=np.int8),
        starts=np.array(starts, dtype=np.int64),
        columns=np.array(columns, dtype=np.int64),
        counts=np.array(counts, dtype=np.float64),
        lengths=lengths,
        fields=fields,
        declared=np.array(declared, dtype=np.bool_).reshape(-1, len(KINDS)),
    )


def _features(profile: Profile) -> tuple[Mapping[str, float], ...]:
    return profile.terms, profile.concepts, *[profile.codes[kind] for kind in KINDS]


def joined(parts: Sequence[Profiles]) -> Profiles:
    """Profiles packed apart as if they had been packed together, in the order of the parts."""
    parts = [pack(()), *parts]
    numbers: dict[str, int] = {}
    groups: list[int] = []
    columns = []
    for part in parts:
        known = len(numbers)
        renamed = np.array([numbers.setdefault(name, len(numbers)) for name in part.names], dtype=np.int64)
        groups += part.groups[renamed >= known].tolist()
        columns.append(renamed[part.columns])
    offsets = np.cumsum([0, *(len(part.columns) for part in parts)])
    starts = [part.starts[:-1] + offset for part, offset in zip(parts, offsets, strict=False)]
    return Profiles(
        names=tuple(numbers),
        groups=np.array(groups, dtype=np.int8),
        starts=np.concatenate([*starts, offsets[-1:]]).astype(np.int64),
        columns=np.concatenate(columns),
        counts=np.concatenate([part.counts for part in parts]),
        lengths=np.concatenate([part.lengths for part in parts]),
        fields=np.concatenate([part.fields for part in parts]),
        declared=np.concatenate([part.declared for part in parts]),
    )


def statistics(profiles: Profiles) -> Statistics:
    """Count the features of terms and concepts over the programmes."""
    held = np.bincount(profiles.columns, minlength=len(profiles.names)).tolist()
    counted = (profiles.groups == TERM) | (profiles.groups == CONCEPT)
    frequency = {profiles.names[number]: held[number] for number in np.flatnonzero(counted)}
    mean = float(profiles.lengths.mean()) if len(profiles) else 1.0
    field = float(profiles.fields.mean()) if len(profiles) else 1.0
    return Statistics(len(profiles), mean or 1.0, min(1.0, max(0.0, (field - 0.5) / 0.3)), frequency)


def programme_values(profiles: Profiles, known: Statistics) -> NDArray[np.float32]:
    """The value of each count of `profiles`, from 0 to 1; it is held to single precision wherever it is used.

    Terms and concepts saturate as in BM25 (Robertson and Zaragoza, 2009): tf / (tf + k (1 - b + b length / mean)).
    Codes are as strong as their profile says.
    """
    groups, counts = profiles.groups[profiles.columns], profiles.counts
    norms = K1 * (1 - B + B * profiles.lengths / known.mean_length)
    against = np.where(groups == TERM, norms[profiles.rows], K1_CONCEPT)
    saturated = groups <= CONCEPT
    values = np.where(saturated, counts / (counts + np.where(saturated, against, 1.0)), counts)
    return values.astype(np.float32)


def need_values(
    profiles: Profiles, known: Statistics, weights: Mapping[str, float], placed: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """Weights of each count of `profiles`, and (n x GROUPS) those of the groups, which sum to 1 for each need.

    The weights of a group's features sum to the group's; geography has no feature and counts where `placed`.
    """
    groups, rows = profiles.groups[profiles.columns], profiles.rows
    raw = _raw(profiles, known, groups)
    place = rows * len(GROUPS) + groups
    totals = np.bincount(place, raw, minlength=len(profiles) * len(GROUPS)).astype(np.float64)
    by_group = totals.reshape(len(profiles), len(GROUPS))
    scaled = _group_weights(profiles, known, weights, by_group, placed)
    share = np.divide(scaled.ravel(), totals, out=np.zeros_like(totals), where=totals > 0)
    return raw * share[place], scaled


def named(profiles: Profiles, values: NDArray[np.float32] | Floats) -> dict[str, float]:
    """The values of one record, of which `profiles` is made, by feature."""
    return {profiles.names[column]: value for column, value in zip(profiles.columns, values.tolist(), strict=True)}


def similarities(profiles: Profiles, known: Statistics, held: Mapping[str, float]) -> dict[str, float]:
    """How alike one need, of which `profiles` is made, and a programme's named values are: from 0 to 1 by group.

    Geography, which is no matter of features, is 0.
    """
    even, placed = dict.fromkeys(GROUPS, 1.0), np.zeros(1, dtype=np.bool_)
    weights, by_group = need_values(profiles, known, even, placed)
    found = np.zeros(len(GROUPS))
    matched = weights * [held.get(profiles.names[column], 0.0) for column in profiles.columns]
    np.add.at(found, profiles.groups[profiles.columns], matched)
    shares = np.divide(found, by_group[0], out=np.zeros_like(found), where=by_group[0] > 0)
    return dict(zip(GROUPS, shares.tolist(), strict=True))


def _raw(profiles: Profiles, known: Statistics, groups: NDArray[np.int8]) -> Floats:
    """What each count weighs before its group is scaled: times its rarity, or as strong as the code."""
    counts = np.where(groups == CONCEPT, np.log1p(profiles.counts), profiles.counts)
    rarity = known.rarities(profiles.names)
    return counts * np.where(profiles.groups <= CONCEPT, rarity, 1.0)[profiles.columns]


def _group_weights(
    profiles: Profiles, known: Statistics, weights: Mapping[str, float], totals: Floats, placed: NDArray[np.bool_]
) -> Floats:
    """The groups' weights rescaled to 1 over those that each need has.

    Text and geography count in full. Concepts and inferred codes count by how far the text and the programmes are
    of this field (`Profile.field`), though no less than LEAST_INFERRED, for not every turn of speech is listed.
    Declared codes count by the text too, but no less than LEAST_DECLARED: a code on a text that speaks of other
    things is often the nearest that an officer found.
    """
    present = np.where(totals > 0, (np.maximum(LEAST_INFERRED, profiles.fields) * known.field)[:, None], 0.0)
    stated = np.zeros_like(present, dtype=np.bool_)
    stated[:, CONCEPT + 1 : CONCEPT + 1 + len(KINDS)] = profiles.declared
    fully = np.maximum(LEAST_DECLARED, profiles.fields)[:, None]
    present = np.where(stated & (totals > 0), fully, present)
    present[:, GROUPS.index("text")] = totals[:, TERM] > 0
    present[:, GROUPS.index("geography")] = placed
    scaled = present * np.array([weights[group] for group in GROUPS])
    sums = scaled.sum(axis=1, keepdims=True)
    shares: Floats = np.divide(scaled, sums, out=np.zeros_like(scaled), where=sums > 0)
    return shares
