"""Times the matcher on generated records, as many needs as programmes; prints a row of a Markdown table a size.

python -m benchmarks.matching_speed [sizes …]

Two processes read the texts, two threads score all pairs (ten best each). Each size runs in a process of its own,
for its memory; that of the two readers is counted as twice the larger.
"""

# ruff: noqa: T201
import gc
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from benchmarks import matching_generator as generator
from matching import Matcher, Need, load_model
from matching.readers import Readers

CORES = 2
ASKED = 60


def main(sizes: Sequence[int]) -> None:
    """Print one row of figures for each size."""
    print(
        "| needs and programmes | fit, s | one need ranked, ms | explained, ms | one change, ms "
        "| all pairs, s | of that reading needs, s | memory, GB |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for size in sizes:
        process = multiprocessing.get_context("spawn").Process(target=_print_row, args=(size,))
        process.start()
        process.join()


def _print_row(size: int) -> None:
    model, programmes, needs = load_model(), list(generator.programmes(size)), list(generator.needs(size))
    with Readers(model, CORES) as readers:
        fitted, matcher = _timed(lambda: Matcher(programmes, model, readers=readers))
        matcher.suggest(needs[-1])
        gc.freeze()
        gc.set_threshold(50_000, 20, 20)  # both as the server does
        reading, _ = _timed(lambda: matcher.asked(needs, readers))
        paired, _ = _timed(lambda: _consumed(matcher, needs, readers))
    new = [replace(need, id=f"new-{need.id}") for need in needs[:ASKED]]
    ranked = _median([lambda need=need: matcher.rank(need, 10) for need in new])
    explained = _median([lambda need=need: matcher.suggest(need) for need in new])
    changed = _median([lambda p=p: matcher.upsert(replace(p, title="Police marking")) for p in programmes[:ASKED]])
    own, reader = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    memory = (own + CORES * reader) / 1e6
    cells = (f"{size:,}", f"{fitted:.1f}", f"{ranked:.2f}", f"{explained:.2f}", f"{changed:.2f}")
    print("| " + " | ".join((*cells, f"{paired:.1f}", f"{reading:.1f}", f"{memory:.2f}")) + " |", flush=True)


def _consumed(matcher: Matcher, needs: list[Need], readers: Readers) -> int:
    return sum(len(found) for _, found in matcher.rank_all(needs, 10, threads=CORES, readers=readers))


def _median(calls: Sequence[Callable[[], object]]) -> float:
    """Median milliseconds of the calls."""
    return float(np.median([_timed(call)[0] * 1000 for call in calls]))


def _timed(call: Callable[[], object]) -> tuple[float, object]:
    started = time.perf_counter()
    result = call()
    return time.perf_counter() - started, result


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or [1_000, 10_000, 100_000])
