"""Ranks on a cluster of dask workers what the matcher ranks in one process: the only place that knows dask.

Nothing is kept on a worker alone: shards and blocks of needs are arguments of tasks, which the scheduler keeps, so
that what a lost worker held is made again on another one (decision 0014).
"""

import hashlib
import logging
import platform
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import cryptography  # noqa: F401 -- makes the keys of a run: without it this module cannot do its work
import dask
from dask.sizeof import sizeof
from distributed import Client, Future, LocalCluster, Security
from distributed.client import FutureCancelledError
from distributed.comm.core import CommClosedError
from distributed.scheduler import KilledWorker
from distributed.system import MEMORY_LIMIT
from distributed.utils import silence_logging_cmgr
from llvmlite.binding import get_host_cpu_features

from matching.index import Found, Wanted
from matching.matcher import MANY, Matcher, Ranked, portions
from matching.readers import Readers, deaf_to_interrupts
from matching.shards import Offered, Piece, Shard, best_of, best_of_shard, cut, placed, shard
from matching.types import Need

TASKS_A_THREAD = 3
PATIENCE = 20
WORKER_MEMORY = 4_000_000_000
LOST = (FutureCancelledError, CommClosedError, TimeoutError, OSError)
ANOTHER = (
    "another version of Counterpart, numpy or numba, or another kind of processor than the command, so that "
    "scores might differ in the last digit; install the same there"
)

# dask moves data, and writes it to disk, by a size that it can only guess for classes that it does not know
sizeof.register(Shard, lambda made: made.nbytes)
sizeof.register(Piece, lambda piece: piece.nbytes)
sizeof.register(Wanted, lambda wanted: wanted.starts.nbytes + 12 * len(wanted.features) + 500 * len(wanted))


class Sizes(NamedTuple):
    """How many needs are asked about at once, and how many programmes a shard has at most."""

    block: int = 2_000
    shard: int = 50_000


class ClusterError(RuntimeError):
    """The cluster cannot do the work; the message says why in one line."""


@contextmanager
def cluster(address: str | None = None, processes: int = 2) -> Iterator[Client]:
    """Connect to a scheduler, or start workers on this machine that end with the block.

    Raises ClusterError where no scheduler answers, no worker is there, or one has another version.
    """
    large = {"distributed.admin.large-graph-warning-threshold": "1 TB"}  # shards travel so
    with dask.config.set(large), silence_logging_cmgr(logging.CRITICAL):
        if address is not None:
            with _connected(address) as client:
                _require_same_release(client)
                yield client
            return
        with _workers_here(processes) as started, Client(started) as client:
            yield client


def rank_all(
    client: Client,
    matcher: Matcher,
    needs: Iterable[Need],
    limit: int = 10,
    as_of: date | None = None,
    readers: Readers | None = None,
    sizes: Sizes = Sizes(),
    told: Callable[[int], None] = lambda ranked: None,
) -> Iterator[tuple[Need, Ranked]]:
    """(need, what `matcher.rank` gives for it) for each need in turn, to the last bit; `limit` is 1000 at most.

    Only a few blocks of needs are read ahead, and `told` hears how many needs are ranked. A lost worker is made up
    for; raises ClusterError where the cluster is lost.
    """
    if limit > MANY:
        raise ValueError(f"at most {MANY} programmes are ranked for a need on a cluster")
    ids, shards = _shards(client, matcher.offered(as_of), sizes.shard)
    if not shards:
        yield from ((need, []) for need in needs)
        return
    blocks = ((some, matcher.asked(some, readers)) for some in portions(needs, sizes.block))
    ranked = 0
    for some, answer in _under_way(client, shards, blocks, limit):
        places, scores = _answered(client, answer)
        ranked += len(some)
        told(ranked)
        for need, of, at in zip(some, places.tolist(), scores.tolist(), strict=True):
            yield need, [(ids[place], score) for place, score in zip(of, at, strict=True) if place >= 0]


def _shards(client: Client, offered: Offered, size: int) -> tuple[list[str], list[Future[Shard]]]:
    """The ids of programmes by place, and their shards, which are made on the workers."""
    ids, places = placed(offered)
    with _told_in_one_line():
        return ids, [client.submit(shard, pieces, pure=False) for pieces in cut(offered, places, size)]


def _under_way(
    client: Client, shards: list[Future[Shard]], blocks: Iterable[tuple[list[Need], Wanted]], limit: int
) -> Iterator[tuple[list[Need], Future[Found]]]:
    """Blocks with the answer to come, the oldest once enough others are under way."""
    waiting: deque[tuple[list[Need], Future[Found]]] = deque()
    for some, wanted in blocks:
        waiting.append((some, _asked(client, shards, wanted, limit)))
        if len(waiting) > _ahead(client, len(shards)):
            yield waiting.popleft()
    while waiting:
        yield waiting.popleft()


def _asked(client: Client, shards: list[Future[Shard]], wanted: Wanted, limit: int) -> Future[Found]:
    """The best of all shards for a block. It travels to each worker once, and what comes back is ten a need."""
    with _told_in_one_line():
        block = client.submit(_block, wanted, pure=False)
        found = [client.submit(_ranked, made, block, limit, release(), pure=False) for made in shards]
        answer: Future[Found] = client.submit(best_of, found, limit, pure=False)
        return answer


def _block(wanted: Wanted) -> Wanted:
    """A task of its own, so that the scheduler can give it to any worker again."""
    return wanted


def _ranked(made: Shard, wanted: Wanted, limit: int, expected: str) -> Found:
    """Asked again by each task, for workers may join at any time."""
    if release() != expected:
        raise ClusterError(f"a worker on {platform.node()} has {ANOTHER}")
    return best_of_shard(made, wanted, limit)


def _ahead(client: Client, shards: int) -> int:
    """How many blocks are under way beside the one waited for: enough that no thread waits for the next."""
    with _told_in_one_line():
        threads: int = sum(client.nthreads().values())
    return max(2, -(-TASKS_A_THREAD * threads // shards))


def _answered(client: Client, answer: Future[Found]) -> Found:
    """Waits as long as there is any worker, or one comes back in time."""
    with _told_in_one_line():
        while True:
            try:
                found: Found = answer.result(timeout=PATIENCE)
            except TimeoutError:
                _wait_for_a_worker(client, "no worker is left")
            else:
                return found


def _connected(address: str) -> Client:
    try:
        client = Client(address, timeout=PATIENCE)
    except (OSError, ValueError, MemoryError) as error:  # another service may announce any number of bytes
        raise ClusterError(f"no dask scheduler answers at {address}") from error
    try:
        _wait_for_a_worker(client, f"no worker has joined the scheduler at {address}")
    except ClusterError:
        client.close()
        raise
    return client


def _wait_for_a_worker(client: Client, otherwise: str) -> None:
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError as error:
        raise ClusterError(f"{otherwise}, after {PATIENCE} seconds of waiting") from error


@contextmanager
def _workers_here(processes: int) -> Iterator[LocalCluster]:
    """Workers of one thread each, which this process alone can reach and which end with the block.

    They speak by TLS with keys made for this run, so that no other account of the machine can send them code.
    """
    with deaf_to_interrupts():
        started = LocalCluster(
            n_workers=processes,
            threads_per_worker=1,
            memory_limit=min(WORKER_MEMORY, MEMORY_LIMIT // (processes + 1)),
            host="127.0.0.1",
            security=Security.temporary(),
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,  # of the workers
        )
    with started:
        yield started


def _require_same_release(client: Client) -> None:
    """The scheduler passes on what the code of this package made; workers must compute alike too."""
    here = release()
    try:
        code = client.run_on_scheduler(release).split()[0]
        found = client.run(release)
    except Exception as error:  # whatever failed there arrives as one of many kinds
        raise ClusterError(
            f"the scheduler or a worker cannot load this version of Counterpart: {error}"
        ) from error
    other = sorted(address for address, there in found.items() if there != here)
    if not here.startswith(code):
        other.insert(0, "the scheduler")
    if other:
        raise ClusterError(f"{', '.join(other)}: {ANOTHER}")


@cache
def release() -> str:
    """What the last bit of a score depends on: the code of this package, numpy, numba and the processor."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    fuses = get_host_cpu_features().get("fma")  # a product and a sum in one step
    return f"{digest.hexdigest()} {version('numpy')} {version('numba')} {platform.machine()} {fuses}"


@contextmanager
def _told_in_one_line() -> Iterator[None]:
    try:
        yield
    except KilledWorker as error:
        raise ClusterError("workers died again and again on the same work; they may need more memory") from error
    except LOST as error:
        raise ClusterError(f"the cluster was lost: {error or type(error).__name__}") from error
