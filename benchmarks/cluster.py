"""Measures all pairs on workers of this machine beside one process: what docs/scale.md rests on.

    python -m benchmarks.cluster 100000 20000     # programmes, needs

Processor seconds are told beside the time that passed, for on a machine that is shared the latter says little.
"""

# ruff: noqa: T201
import hashlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import psutil
from distributed import Client

from benchmarks import matching_generator
from matching import Matcher, Need, load_model
from matching.distributed import cluster, rank_all
from matching.matcher import Ranked
from matching.readers import Readers
from matching.shards import cut, placed

Rankings = Iterable[tuple[Need, Ranked]]
MEGABYTE = 1e6


def main() -> None:
    programmes, needs = (int(argument) for argument in sys.argv[1:3])
    asked = list(matching_generator.needs(needs))
    model = load_model()
    with Readers(model, 2) as readers:
        matcher = Matcher(matching_generator.programmes(programmes), model, readers=readers)
    _sizes(matcher, asked[:2_000])
    _timed("needs read", lambda: matcher.asked(asked))
    here = _timed("one process", lambda: _checksum(matcher.rank_all(asked)))
    here = _timed("one process", lambda: _checksum(matcher.rank_all(asked)))
    for processes in (1, 2):
        with cluster(processes=processes) as client:
            for said in ("workers, first", "again", "again"):
                assert _measured(client, f"{processes} {said}", rank_all(client, matcher, asked)) == here
            if processes > 1:
                killed = _killing(client, rank_all(client, matcher, asked))
                assert _measured(client, "one killed", killed) == here


def _sizes(matcher: Matcher, needs: list[Need]) -> None:
    part, count = matcher.segments[0], len(matcher.segments[0].programmes)
    offered = matcher.offered()
    travelling = sum(piece.nbytes for pieces in cut(offered, placed(offered)[1], 50_000) for piece in pieces)
    ready = sum(array.nbytes for array in part.postings)
    block = matcher.asked(needs)
    asked = block.starts.nbytes + block.features.nbytes + block.weights.nbytes + block.geography.nbytes
    print(f"features a programme {part.by_row.nnz / count:.0f}, columns {part.postings.columns.shape[1]}")
    print(f"bytes a programme: travelling {travelling / count:.0f}, ready {ready / count:.0f}")
    print(f"bytes a need: {asked / len(needs):.0f}; this process holds {_megabytes(os.getpid()):.0f} MB")


def _timed(said: str, do: Callable[[], Any]) -> Any:
    began, used = time.perf_counter(), time.process_time()
    done = do()
    print(f"{said}: {time.perf_counter() - began:.1f} s, processor {time.process_time() - used:.1f} s")
    return done


def _measured(client: Client, said: str, rankings: Rankings) -> str:
    began, used, sent, before = time.perf_counter(), time.process_time(), _sent(), client.run(_worked)
    found = _checksum(rankings)
    after = {address: worked for address, worked in client.run(_worked).items() if address in before}
    worked = ", ".join(f"{after[address] - before[address]:.1f}" for address in after)
    memory = ", ".join(f"{peak:.0f}" for peak in client.run(_peak).values())
    print(
        f"{said}: {time.perf_counter() - began:.1f} s, processor here {time.process_time() - used:.1f}, "
        f"workers {worked}; peak {memory} MB; {_sent() - sent:.0f} MB over loopback"
    )
    return found


def _killing(client: Client, rankings: Iterator[tuple[Need, Ranked]]) -> Rankings:
    """The rankings; one worker is killed after the first."""
    yield next(rankings)
    os.kill(min(client.run(os.getpid).values()), signal.SIGKILL)
    yield from rankings


def _worked() -> float:
    return time.process_time()


def _peak() -> float:
    """The most memory that this process ever held, in MB (Linux)."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) / 1000 for line in status if line.startswith("VmHWM"))


def _megabytes(process: int) -> float:
    return psutil.Process(process).memory_info().rss / MEGABYTE


def _sent() -> float:
    return psutil.net_io_counters(pernic=True)["lo"].bytes_sent / MEGABYTE


def _checksum(rankings: Rankings) -> str:
    digest = hashlib.sha256()
    for need, ranked in rankings:
        digest.update("".join(f"{need.id} {key} {score!r}\n" for key, score in ranked).encode())
    return digest.hexdigest()


if __name__ == "__main__":
    main()
