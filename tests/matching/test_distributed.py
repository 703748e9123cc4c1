"""A real cluster of two processes on loopback gives what one process gives, to the last bit."""

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from distributed import Client, LocalCluster

import matching
from matching import Matcher, Need, Place, Programme, distributed, load_model
from matching.distributed import ClusterError, Sizes, cluster, rank_all
from matching.matcher import Ranked

DAY = date(2026, 11, 22)
SMALL = Sizes(block=50, shard=4096)
WORDS = [
    a + b + c for a in ("ba", "ke", "lo", "mi", "ru") for b in ("dan", "fel", "tor") for c in ("as", "en", "it")
]
PHRASES = ["marking machines", "container control", "watch lists", "border patrol", "prison staff training"]
STATES = ["ML", "KE", "FR", "TG", "BJ", "TZ"]
THEMES = ["WPN-MRT", "BLE-CUS", "WPN-UAS", "PRR-FTF"]


@pytest.fixture(scope="module")
def workers() -> Iterator[Client]:
    with cluster(processes=2) as client:
        yield client


@pytest.fixture(scope="module")
def fitted() -> Matcher:
    """9,000 programmes, two shards of open ones; some are shut, ended, or not for every State."""
    return Matcher(_programmes(9_000), load_model())


@pytest.fixture(scope="module")
def needs() -> list[Need]:
    rng = random.Random(5)
    return [_need(rng, number) for number in range(400)]


def test_a_cluster_gives_the_checksum_of_one_process(workers: Client, fitted: Matcher, needs: list[Need]):
    there = rank_all(workers, fitted, needs, 10, DAY, sizes=SMALL)

    assert _checksum(there) == _checksum(fitted.rank_all(needs, 10, DAY))


def test_changed_and_removed_programmes_are_ranked_alike(workers: Client, fitted: Matcher, needs: list[Need]):
    changed = _changed(fitted)

    there = list(rank_all(workers, changed, needs, 10, DAY, sizes=SMALL))

    assert len(changed.segments) > 2
    assert _checksum(there) == _checksum(changed.rank_all(needs, 10, DAY))
    assert _checksum(there) != _checksum(fitted.rank_all(needs, 10, DAY))


def test_a_worker_killed_in_mid_run_costs_nothing_of_the_result(
    workers: Client, fitted: Matcher, needs: list[Need]
):
    there = rank_all(workers, fitted, needs, 10, DAY, sizes=SMALL)
    found = [next(there)]
    before = set(workers.run(os.getpid).values())

    os.kill(min(before), signal.SIGKILL)
    found += there

    assert _checksum(found) == _checksum(fitted.rank_all(needs, 10, DAY))
    workers.wait_for_workers(2, timeout=20)
    assert len(before & set(workers.run(os.getpid).values())) == 1


def test_only_a_few_needs_are_read_ahead(workers: Client, fitted: Matcher, needs: list[Need]):
    read: list[Need] = []
    told: list[int] = []
    there = rank_all(workers, fitted, _noted(needs, read), 10, DAY, sizes=Sizes(10, 4096), told=told.append)

    next(there)

    assert (len(read), told) == (40, [10])
    there.close()


def test_no_programmes_give_no_ranking(workers: Client, needs: list[Need]):
    assert list(rank_all(workers, Matcher([], load_model()), needs[:2])) == [(needs[0], []), (needs[1], [])]


def test_more_than_a_thousand_a_need_are_refused(workers: Client, fitted: Matcher, needs: list[Need]):
    with pytest.raises(ValueError, match="at most 1000"):
        next(rank_all(workers, fitted, needs, 1001))


def test_a_worker_of_another_version_is_refused_at_the_start_and_later(
    fitted: Matcher, needs: list[Need], tmp_path: Path
):
    shutil.copytree(Path(matching.__file__).parent, tmp_path / "matching")
    with (tmp_path / "matching" / "types.py").open("a", encoding="utf-8") as file:
        file.write("# another version\n")

    with (
        _scheduler() as alone,
        _worker(alone, tmp_path),
    ):
        with pytest.raises(ClusterError, match="another version of Counterpart"):
            cluster(alone.scheduler_address).__enter__()
        with Client(alone) as client, pytest.raises(ClusterError, match="another version of Counterpart"):
            next(rank_all(client, fitted, needs))


def test_a_scheduler_that_does_not_answer_or_has_no_workers_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(distributed, "PATIENCE", 1)

    with pytest.raises(ClusterError, match="no dask scheduler answers at"):
        cluster("tcp://127.0.0.1:9").__enter__()
    with _scheduler() as alone, pytest.raises(ClusterError, match="no worker has joined"):
        cluster(alone.scheduler_address).__enter__()


def _scheduler() -> LocalCluster:
    return LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0")


def _checksum(rankings: Iterable[tuple[Need, Ranked]]) -> str:
    digest = hashlib.sha256()
    for need, ranked in rankings:
        digest.update("".join(f"{need.id} {key} {score!r}\n" for key, score in ranked).encode())
    return digest.hexdigest()


def _noted(needs: list[Need], read: list[Need]) -> Iterator[Need]:
    for need in needs:
        read.append(need)
        yield need


def _changed(fitted: Matcher) -> Matcher:
    """A matcher with forty programmes replaced, three added and some removed, in segments of their own."""
    changed = Matcher(_programmes(5_000), fitted.model)
    rng = random.Random(8)
    for number in (*range(0, 4_000, 100), 9_001, 9_002, 9_003):
        changed.upsert(replace(_programme(rng, number), status="active"))
    for number in range(0, 4_000, 70):
        changed.remove(f"P{number:05}")
    return changed


def _programmes(count: int) -> list[Programme]:
    rng = random.Random(3)
    return [_programme(rng, number) for number in range(count)]


def _programme(rng: random.Random, number: int) -> Programme:
    return Programme(
        f"P{number:05}",
        rng.choice(PHRASES),
        " ".join(rng.choices(WORDS, k=8)),
        language="en",
        themes=tuple(rng.sample(THEMES, rng.randint(0, 2))),
        coverage=Place(countries=tuple(rng.sample(STATES, 3))),
        excluded=("KE",) if number % 11 == 0 else (),
        status="suspended" if number % 7 == 0 else "active",
        ends_on=date(2026, 1, 1) if number % 5 == 0 else None,
    )


def _need(rng: random.Random, number: int) -> Need:
    return Need(
        f"N{number:04}",
        rng.choice(PHRASES),
        " ".join(rng.choices(WORDS, k=6)),
        "en",
        themes=tuple(rng.sample(THEMES, 1)),
        recipient=Place(countries=(rng.choice(STATES),)),
    )


@contextmanager
def _worker(joined: LocalCluster, folder: Path) -> Iterator[None]:
    """A worker process that finds its packages in a folder first."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(
        [sys.executable, "-m", "distributed.cli.dask_worker", joined.scheduler_address, "--no-dashboard"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "NUMBA_CACHE_DIR": str(folder / "compiled")},
        stdout=quiet,
        stderr=quiet,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)
