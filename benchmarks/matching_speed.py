"""Times the matcher on generated records: fitting, one need, one change; prints a Markdown table.

python benchmarks/matching_speed.py [sizes …]
"""

# ruff: noqa: T201
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import matching_generator as generator
from matching import Matcher, load_model


def main(sizes: Sequence[int]) -> None:
    """Print one row of figures for each number of programmes."""
    print(
        "| programmes | fit s | ms a programme | one need ms (median) | explained ms | change ms "
        "| multiply-adds a pair |"
    )
    print("|---|---|---|---|---|---|---|")
    for size in sizes:
        print(_row(size), flush=True)


def _row(size: int) -> str:
    model, listed = load_model(), list(generator.programmes(size))
    started = time.perf_counter()
    matcher = Matcher(listed, model)
    fitted = time.perf_counter() - started
    asked = list(generator.needs(60))
    for need in asked[:10]:
        matcher.suggest(need)
    ranked = _median([lambda need=need: matcher.rank(need, 10) for need in asked[10:]])
    explained = _median([lambda need=need: matcher.suggest(need) for need in asked[10:]])
    changed = _median(
        [lambda p=p: matcher.upsert(replace(p, title="Marking machines for police")) for p in listed[:30]]
    )
    adds = np.mean([matcher.multiply_adds(need) for need in asked]) / size
    cells = (f"{size:,}", f"{fitted:.1f}", f"{fitted / size * 1000:.2f}", f"{ranked:.2f}", f"{explained:.2f}")
    return "| " + " | ".join((*cells, f"{changed:.2f}", f"{adds:.1f}")) + " |"


def _median(calls: Sequence[Callable[[], object]]) -> float:
    """Median milliseconds of the calls."""
    spent = []
    for call in calls:
        started = time.perf_counter()
        call()
        spent.append((time.perf_counter() - started) * 1000)
    return float(np.median(spent))


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or [1_000, 10_000, 100_000])
