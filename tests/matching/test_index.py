import os
import subprocess
import sys
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_array

from matching import Programme
from matching.geography import Pattern, Territory, closeness
from matching.index import Segment, Wanted, best, eligible, merged, segment, totals

STATES = ("AT", "BE", "CH", "DK", "ES", "FR")
PATTERNS: list[Pattern] = [
    (Territory(everywhere=True), frozenset()),
    (Territory(everywhere=True), frozenset({"AT"})),
    (Territory(frozenset({"AT", "BE"})), frozenset()),
    (Territory(frozenset({"CH", "DK", "ES", "FR"})), frozenset({"CH"})),
    (Territory(frozenset(), frozenset({"150"})), frozenset()),
    (Territory(), frozenset()),
]
PLACES = [
    Territory(),
    Territory(everywhere=True),
    Territory(frozenset({"AT"})),
    Territory(frozenset({"AT", "CH", "FR", "XX"})),
    Territory(frozenset(), frozenset({"150"})),
]


class Made:
    """A segment of random rows and random needs, and their scores by multiplying matrices."""

    def __init__(self, rows: int, features: int, seed: int, density: float = 0.15) -> None:
        rng = np.random.default_rng(seed)
        held = np.where(rng.random((rows, features)) < density, rng.choice([0.25, 0.5, 0.75], (rows, features)), 0)
        held[:, : features // 4] = np.where(rng.random((rows, features // 4)) < 0.6, 0.5, 0)
        asked = np.where(rng.random((7, features)) < 0.3, rng.choice([0.01, 0.02, 0.04], (7, features)), 0)
        self.programmes = [
            Programme(f"P{rng.integers(10**9)}-{n}", status="active" if rng.random() < 0.8 else "suspended")
            for n in range(rows)
        ]
        self.patterns = [PATTERNS[n] for n in rng.integers(len(PATTERNS), size=rows)]
        self.values = csr_array(held.astype(np.float32))
        self.part = segment(self.programmes, self.values, self.patterns)
        weights = csr_array(asked)
        self.wanted = Wanted(
            weights.indptr.astype(np.int64),
            weights.indices.astype(np.int32),
            weights.data,
            rng.choice([0.0, 0.1, 0.2], 7),
            [PLACES[n] for n in rng.integers(len(PLACES), size=7)],
        )
        self.sums = asked @ held.T
        self.allowed = rng.random(rows) < 0.9

    def expected(self, need: int, limit: int) -> list[tuple[str, float]]:
        """What `best` has to give, by sorting everything."""
        found = []
        for row, programme in enumerate(self.programmes):
            covered, admitted = closeness(self.wanted.territories[need], *self.patterns[row])
            score = self.sums[need, row] + self.wanted.geography[need] * covered
            at = self.part.rows[programme.id]
            if admitted and score > 0 and programme.status == "active" and self.allowed[at]:
                found.append((programme.id, score))
        return sorted(found, key=lambda one: (-round(one[1], 9), one[0]))[:limit]


def _given(part: Segment, rows: NDArray[np.int32], scores: NDArray[np.float64]) -> list[tuple[str, float]]:
    return [(part.programmes[row].id, score) for row, score in zip(rows, scores.tolist(), strict=True) if row >= 0]


def _same(found: Sequence[tuple[str, float]], expected: Sequence[tuple[str, float]]) -> None:
    assert [one for one, _ in found] == [one for one, _ in expected]
    assert [score for _, score in found] == pytest.approx([score for _, score in expected], abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 60), st.integers(4, 12), st.integers(0, 10**6), st.integers(1, 70))
def test_the_best_of_few_rows_are_those_of_the_definition(rows: int, features: int, seed: int, limit: int) -> None:
    made = Made(rows, features, seed)

    rows_found, scores = best(made.part, made.wanted, made.allowed, limit)

    for need in range(7):
        _same(_given(made.part, rows_found[need], scores[need]), made.expected(need, limit))


@pytest.mark.parametrize("rows", [1_023, 1_024, 4_096, 4_097, 9_000])
def test_the_best_of_many_rows_in_tiles_and_columns_are_those_of_the_definition(rows: int) -> None:
    made = Made(rows, 24, rows)

    rows_found, scores = best(made.part, made.wanted, made.allowed, 25)

    assert made.part.postings.columns.shape[1] == (0 if rows < 1_024 else 24)
    for need in range(7):
        _same(_given(made.part, rows_found[need], scores[need]), made.expected(need, 25))


def test_columns_and_lists_give_the_same_beside_each_other() -> None:
    made = Made(5_000, 24, 1, density=0.05)

    rows_found, scores = best(made.part, made.wanted, made.allowed, 25)

    assert made.part.postings.columns.shape[1] == 6
    for need in range(7):
        _same(_given(made.part, rows_found[need], scores[need]), made.expected(need, 25))


def test_the_totals_of_one_need_are_the_sums_of_every_row() -> None:
    made = Made(5_000, 24, 3, density=0.05)

    found = totals(made.part, made.wanted.some(2, 3))

    for row, programme in enumerate(made.programmes):
        covered, _ = closeness(made.wanted.territories[2], *made.patterns[row])
        expected = made.sums[2, row] + made.wanted.geography[2] * covered
        assert found[made.part.rows[programme.id]] == pytest.approx(expected, abs=1e-12)


def test_segments_merge_without_their_dead_rows() -> None:
    one, other = Made(40, 8, 1), Made(30, 12, 2)
    alive = [np.arange(40) % 3 > 0, np.arange(30) % 2 > 0]

    both = merged([one.part, other.part], alive)

    kept = [p.id for part, mask in zip((one.part, other.part), alive, strict=True)
            for p, live in zip(part.programmes, mask, strict=True) if live]  # fmt: skip
    assert sorted(both.rows) == sorted(kept)
    for part in (one.part, other.part):
        for identity in set(part.rows) & set(kept):
            before, after = (
                part.by_row[[part.rows[identity]]].toarray(),
                both.by_row[[both.rows[identity]]].toarray(),
            )
            assert (before == after[:, : before.shape[1]]).all()
            assert (
                part.patterns.listed[part.pattern_of[part.rows[identity]]]
                == (both.patterns.listed[both.pattern_of[both.rows[identity]]])
            )


def test_eligible_rows_are_alive_open_and_not_ended() -> None:
    made = Made(50, 8, 5)

    passing = eligible(made.part, made.allowed, None)

    for row, programme in enumerate(made.part.programmes):
        assert passing[row] == (made.allowed[row] and programme.status == "active")


def test_the_kernel_gives_the_same_without_compiling() -> None:
    ask = (
        "from matching import *; import hashlib\n"
        "texts = ['marking firearms', 'border police training', 'explosive precursors', 'prison staff']\n"
        "programmes = [Programme(f'P{n:04}', texts[n % 4], texts[n * 7 % 3], coverage=Place(countries=('AT',)))"
        " for n in range(1100)]\n"
        "needs = [Need(f'N{n}', text, recipient=Place(countries=('AT',))) for n, text in enumerate(texts)]\n"
        "found = [(need.id, ranked) for need, ranked in Matcher(programmes, load_model()).rank_all(needs, 5)]\n"
        "print([(need, [(one, round(score, 9)) for one, score in ranked]) for need, ranked in found])"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", ask],
            env={**os.environ, "NUMBA_DISABLE_JIT": plain},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for plain in ("0", "1")
    ]

    assert said[0] == said[1]
    assert said[0].count("P0") == 20
