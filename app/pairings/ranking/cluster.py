"""The engine that ranks on dask workers. dask is an optional extra: import this only where it is asked for."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from app.core.errors import Unavailable
from app.pairings.ranking.ahead import Engine
from app.pairings.ranking.index import PROPOSED, Index
from matching import Need as StatedNeed
from matching.distributed import ClusterError, cluster, rank_all
from matching.matcher import Ranked


@contextmanager
def engine(address: str | None, processes: int, told: Callable[[int], None]) -> Iterator[Engine]:
    """Connect to the scheduler at `address`, or start workers here; `told` hears how many needs are ranked.

    Raises Unavailable, with the reason in one line, where there is no cluster or it is lost.
    """

    def ranked(index: Index, needs: Iterable[StatedNeed]) -> Iterator[tuple[StatedNeed, Ranked]]:
        return rank_all(client, index.matcher, needs, PROPOSED, index.day, told=told)

    try:
        with cluster(address, processes) as client:
            yield ranked
    except ClusterError as error:
        raise Unavailable(str(error)) from error
