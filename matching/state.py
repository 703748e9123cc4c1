"""The programmes as they are at one moment: segments, and which of their rows are still there."""

from dataclasses import dataclass

import numpy as np

from matching.index import Flags, Segment, merged

MERGE_AT = 64


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """One consistent view of the programmes; a change makes another, so a reader never sees half of one."""

    segments: tuple[Segment, ...]
    alive: tuple[Flags, ...]

    def holds(self, programme_id: str) -> bool:
        """Whether a programme is there."""
        return any(
            programme_id in part.rows and mask[part.rows[programme_id]]
            for part, mask in zip(self.segments, self.alive, strict=True)
        )

    def find(self, programme_id: str) -> tuple[Segment, int]:
        """Where a programme is; KeyError where it is not."""
        for part, mask in zip(reversed(self.segments), reversed(self.alive), strict=True):
            row = part.rows.get(programme_id)
            if row is not None and mask[row]:
                return part, row
        raise KeyError(programme_id)

    def beside(self, added: Segment) -> "State":
        """With one more segment; many small ones become one, so that changes do not slow ranking down."""
        segments, alive = (*self.segments, added), (*self.alive, _all_alive(added))
        if len(segments) < MERGE_AT:
            return State(segments, alive)
        changed = merged(segments[1:], alive[1:])
        return State((segments[0], changed), (alive[0], _all_alive(changed)))

    def without(self, programme_id: str) -> "State":
        """With one programme taken out, where it is there."""
        alive = tuple(
            _switched_off(mask, part.rows[programme_id]) if programme_id in part.rows else mask
            for part, mask in zip(self.segments, self.alive, strict=True)
        )
        return State(self.segments, alive)


def fitted(part: Segment) -> State:
    """The state after a fit: one segment, all of it there."""
    return State((part,), (_all_alive(part),))


def _all_alive(part: Segment) -> Flags:
    return np.ones(len(part.programmes), dtype=np.bool_)


def _switched_off(mask: Flags, row: int) -> Flags:
    if not mask[row]:
        return mask
    changed = mask.copy()
    changed[row] = False
    return changed
