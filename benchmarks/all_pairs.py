"""Times the exact ten best of all pairs of generated needs and programmes, beside sparse_dot_topn and bare sums.

python -m benchmarks.all_pairs [size] [threads]

`size` needs x `size` programmes (10,000; the figures of docs/matching.md are of 100,000), on 2 threads. Text alone
is compared on the same matrices; the whole score with the rate at which this machine adds to scattered places.
"""

# ruff: noqa: T201
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, csr_matrix
from sparse_dot_topn import sp_matmul_topn

from benchmarks import matching_generator as generator
from matching import Matcher, load_model
from matching.geography import Territory
from matching.index import Segment, Wanted, best, segment
from matching.readers import Readers

TOP = 10
BLOCK = 256
PROCESSES = 2
Result = TypeVar("Result")
Best = tuple[NDArray[np.int32], NDArray[np.float64]]


def main(size: int, threads: int) -> None:
    """Print the figures of one run as lines."""
    model = load_model()
    with Readers(model, PROCESSES) as readers:
        programmes, needs = list(generator.programmes(size)), list(generator.needs(size))
        fitted, matcher = _timed(lambda: Matcher(programmes, model, readers=readers))
        asked_for, asked = _timed(lambda: matcher.asked(needs, readers))
    part = matcher.segments[0]
    print(f"{size:,} needs x {size:,} programmes, top {TOP}, {threads} threads")
    print(f"reading and fitting programmes {fitted:.1f} s, reading needs {asked_for:.1f} s, {PROCESSES} processes")
    _compare_text(matcher, part, asked, threads)
    _compare_whole(matcher, part, asked, threads)
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    others = PROCESSES * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    print(f"peak memory {own:.2f} GB, and {others:.2f} GB of the {PROCESSES} readers (largest x {PROCESSES})")


def _compare_text(matcher: Matcher, part: Segment, asked: Wanted, threads: int) -> None:
    """Terms alone, as two matrices without places; sparse_dot_topn gets them ready to multiply."""
    is_term = np.array([matcher.feature(n).startswith("term:") for n in range(part.by_row.shape[1])])
    offered, wanted = _only(part.by_row, is_term), _only(_matrix(asked, part), is_term)
    bare = segment(part.programmes, csr_array(offered), [(Territory(), frozenset())] * len(part.programmes))
    bare_asked = Wanted(
        wanted.indptr.astype(np.int64),
        wanted.indices.astype(np.int32),
        wanted.data,
        np.zeros(len(asked)),
        [Territory()] * len(asked),
    )
    _everything(bare, bare_asked.some(0, BLOCK), threads)
    ours, found = _timed(lambda: _everything(bare, bare_asked, threads))
    ready = csr_matrix(offered.T.tocsr(), dtype=np.float64)
    theirs, product = _timed(lambda: sp_matmul_topn(csr_matrix(wanted), ready, TOP, n_threads=threads))
    differ = np.abs(found[1].sum(axis=1) - np.asarray(product.sum(axis=1)).ravel()).max()
    print(f"text alone: {ours:.1f} s, sparse_dot_topn {theirs:.1f} s: {theirs / ours:.1f} times as fast", end="")
    print(f" (sums of the ten best differ by {differ:.0e} at most)")


def _compare_whole(matcher: Matcher, part: Segment, asked: Wanted, threads: int) -> None:
    sums = np.bincount(asked.features, minlength=part.by_row.shape[1]).astype(float)
    products = float(np.bincount(part.by_row.indices, minlength=part.by_row.shape[1]) @ sums)
    whole, _ = _timed(lambda: _everything(part, asked, threads))
    rate = _scattered_rate(len(part.programmes), threads)
    print(
        f"whole score: {whole:.1f} s for {products / len(asked) / len(part.programmes):.1f} products a pair",
        end="",
    )
    print(f" = {products / whole / 1e9:.2f} G a second; scattered sums reach {rate / 1e9:.2f} G", end="")
    print(f": {products / whole / rate:.0%} of that rate")


def _everything(part: Segment, asked: Wanted, threads: int) -> Best:
    allowed = np.ones(len(part.programmes), dtype=np.bool_)
    blocks = [asked.some(first, min(first + BLOCK, len(asked))) for first in range(0, len(asked), BLOCK)]
    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(lambda block: best(part, block, allowed, TOP), blocks))
    return np.concatenate([rows for rows, _ in found]), np.concatenate([scores for _, scores in found])


def _matrix(asked: Wanted, part: Segment) -> csr_array:
    return csr_array((asked.weights, asked.features, asked.starts), shape=(len(asked), part.by_row.shape[1]))


def _only(rows: csr_array, kept: NDArray[np.bool_]) -> csr_array:
    """The same rows with the kept columns alone, under their old numbers."""
    held = kept[rows.indices]
    starts = np.concatenate([[0], np.cumsum(held)])[rows.indptr]
    return csr_array((rows.data[held], rows.indices[held], starts), shape=rows.shape)


@numba.njit(nogil=True)
def _scatter(total: NDArray[np.float64], rows: NDArray[np.int32], values: NDArray[np.float64], times: int) -> None:
    for _ in range(times):
        for i in range(len(rows)):
            total[rows[i]] += 0.5 * values[i]


def _scattered_rate(size: int, threads: int, products: float = 2e9) -> float:
    """Products a second that all threads together add to every eighth row, as a postings list would."""
    rng = np.random.default_rng(0)
    rows = np.sort(rng.choice(size, size // 8, replace=False)).astype(np.int32)
    values, totals = rng.random(len(rows)), [np.zeros(size) for _ in range(threads)]
    _scatter(totals[0], rows, values, 1)
    times = int(products // len(rows))
    with ThreadPoolExecutor(threads) as pool:
        spent, _ = _timed(lambda: list(pool.map(lambda total: _scatter(total, rows, values, times), totals)))
    return threads * times * len(rows) / spent


def _timed(call: Callable[[], Result]) -> tuple[float, Result]:
    started = time.perf_counter()
    result = call()
    return time.perf_counter() - started, result


if __name__ == "__main__":
    main(*([int(argument) for argument in sys.argv[1:]] + [10_000, 2][len(sys.argv) - 1 :]))
