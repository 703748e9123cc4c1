from dataclasses import replace

import numpy as np

from matching import load_model
from matching.features import Profiles, joined, pack
from matching.profiles import programme_profile
from matching.readers import Readers
from tests.matching.records import MARKING_NEED, PROGRAMMES

MODEL = load_model()
MANY = [replace(PROGRAMMES[n % len(PROGRAMMES)], id=f"P{n:05}", title=f"Course {n % 97}") for n in range(4_100)]


def _same(one: Profiles, other: Profiles) -> None:
    assert len(one) == len(other)
    assert [one.names[n] for n in one.columns] == [other.names[n] for n in other.columns]
    assert (one.groups[one.columns] == other.groups[other.columns]).all()
    for field in ("starts", "counts", "lengths", "fields", "declared"):
        assert np.array_equal(getattr(one, field), getattr(other, field)), field


def test_several_processes_read_the_same_as_this_one() -> None:
    with Readers(MODEL, 2) as readers:
        programmes = readers.programmes(MANY)
        needs = readers.needs([MARKING_NEED])

    _same(programmes, Readers(MODEL).programmes(MANY))
    _same(needs, Readers(MODEL).needs([MARKING_NEED]))


def test_profiles_packed_apart_join_to_what_they_are_together() -> None:
    profiles = [programme_profile(one, MODEL) for one in MANY[:40]]

    _same(joined([pack(profiles[:7]), pack([]), pack(profiles[7:])]), pack(profiles))
