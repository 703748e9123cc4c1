"""Rankings that another engine makes ahead of a run's batches: used where nothing has changed since."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from uuid import UUID

from app.pairings.ranking.index import Index
from matching import Need as StatedNeed
from matching.matcher import Ranked

Engine = Callable[[Index, Iterable[StatedNeed]], Iterator[tuple[StatedNeed, Ranked]]]
"""Ranks needs, in their order, as the index ranks them for its day: at most as many as are proposed."""


class Ahead:
    """The rankings of the next needs, in the order of their ids. Without an engine nothing is known ahead."""

    def __init__(
        self, index: Index | None = None, rankings: Iterator[tuple[StatedNeed, Ranked]] = iter(())
    ) -> None:
        self._index, self._rankings = index, rankings
        self._known: dict[str, tuple[StatedNeed, Ranked]] = {}

    def reach(self, after: UUID | None, count: int) -> None:
        """Have `count` needs after `after` ranked, or all that are left, and forget those before."""
        if after is not None:
            self._known = {key: known for key, known in self._known.items() if key > str(after)}
        for need, ranked in islice(self._later(after), count - len(self._known)):
            self._known[need.id] = (need, ranked)

    def _later(self, after: UUID | None) -> Iterator[tuple[StatedNeed, Ranked]]:
        return (one for one in self._rankings if after is None or one[0].id > str(after))

    def of(self, index: Index, need: StatedNeed) -> Ranked | None:
        """How a need ranks; None where the need, a programme, the model or the day is another by now."""
        ranked_as, ranked = self._known.get(need.id, (None, None))
        if self._index is None or ranked_as != need:
            return None
        same = index.matcher is self._index.matcher and index.day == self._index.day
        return ranked if same else None
