"""How much of a need's place a programme covers: a third of its States or more 1, fewer a half, none 0."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.knowledge import Geography
from matching.text import fold
from matching.types import Place

WORLD = "001"
COVERED, PARTLY = 1.0, 0.5
ENOUGH = 1 / 3
REMEMBERED = 512


@dataclass(frozen=True, slots=True)
class Territory:
    """A place as States: their codes, the regions named, or everywhere."""

    countries: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    everywhere: bool = False

    @property
    def is_known(self) -> bool:
        return self.everywhere or bool(self.countries) or bool(self.regions)


class Atlas:
    """Geography made ready: the States of each region and body, and remarks that narrow a region.

    `extra_countries` maps user-assigned codes such as XA to the M49 subregion that they lie in.
    """

    def __init__(self, geography: Geography, extra_countries: Mapping[str, str] | None = None) -> None:
        self._geography = geography
        self._home = {code: country.region for code, country in geography.countries.items()}
        self._home.update(extra_countries or {})
        self._states: dict[str, frozenset[str]] = {}
        self._contexts = [(f" {fold(phrase)} ", states) for phrase, states in geography.contexts]

    def territory(self, place: Place | None) -> Territory:
        """The States that a place stands for; a context such as "Sahelian" narrows its regions."""
        if place is None:
            return Territory()
        if place.is_global or WORLD in place.regions:
            return Territory(everywhere=True)
        found = frozenset(place.countries)
        for body in place.members_of:
            found |= self.members(body)
        for region in place.regions:
            found |= self._narrowed(self.states_of(region), place.context)
        narrowed = bool(place.regions) and found != self._whole(place)
        return Territory(found, frozenset() if narrowed else frozenset(place.regions))

    def _whole(self, place: Place) -> frozenset[str]:
        whole = frozenset(place.countries)
        for region in place.regions:
            whole |= self.states_of(region)
        for body in place.members_of:
            whole |= self.members(body)
        return whole

    def states_of(self, region: str) -> frozenset[str]:
        """The States of an M49 region, at any depth below it."""
        if region not in self._states:
            inside = {code for code in self._geography.regions if self._lies_in(code, region)} | {region}
            self._states[region] = frozenset(code for code, home in self._home.items() if home in inside)
        return self._states[region]

    def _lies_in(self, code: str, region: str) -> bool:
        seen: set[str] = set()
        while code and code not in seen:
            if code == region:
                return True
            seen.add(code)
            parent = self._geography.regions.get(code)
            code = parent.parent if parent else ""
        return False

    def members(self, organization: str) -> frozenset[str]:
        """The present members of a regional body."""
        return frozenset(
            row.country
            for row in self._geography.memberships
            if row.organization == organization and row.until is None
        )

    def _narrowed(self, states: frozenset[str], context: str) -> frozenset[str]:
        padded = f" {' '.join(fold(context).replace(',', ' ').split())} "
        for phrase, listed in sorted(self._contexts, key=lambda item: -len(item[0])):
            if phrase in padded and states & listed:
                states &= listed
        return states

    def name(self, code: str) -> str:
        """The English name of a country or region; the code where none is known."""
        country = self._geography.countries.get(code)
        region = self._geography.regions.get(code)
        return (country or region).names.get("en", code) if country or region else code  # type: ignore[union-attr]


def share(need: Territory, offered: Territory, excluded: Iterable[str] = ()) -> float:
    """The share of the need's States that are offered help, from 0 to 1; 0 where a place is not known."""
    if not need.is_known or not offered.is_known:
        return 0.0
    if need.everywhere:
        return 1.0 if offered.everywhere else 0.5
    left = need.countries - frozenset(excluded)
    if not need.countries:
        return 1.0 if offered.everywhere or need.regions & offered.regions else 0.0
    return len(left if offered.everywhere else left & offered.countries) / len(need.countries)


def closeness(need: Territory, offered: Territory, excluded: frozenset[str] = frozenset()) -> tuple[float, bool]:
    """The geography similarity from 0 to 1, a half where the offer does not say where, and whether it is admitted.

    A programme that excludes every State of the need does not admit it.
    """
    admitted = not need.countries or not need.countries <= excluded
    return (level(share(need, offered, excluded)) if offered.is_known else PARTLY), admitted


def level(covered: float) -> float:
    """The geography similarity for a share: 1 from a third up, a half below it, 0 for none."""
    if covered >= ENOUGH - 1e-9:
        return COVERED
    return PARTLY if covered > 0 else 0.0


Pattern = tuple[Territory, frozenset[str]]


class Patterns:
    """Patterns of coverage (where help is offered, and which States are not served), measured all at once."""

    def __init__(self, listed: Iterable[Pattern]) -> None:
        self.listed = tuple(listed)
        named = sorted({state for offered, excluded in self.listed for state in offered.countries | excluded})
        self._column = {state: number for number, state in enumerate(named)}
        self._everywhere = np.array([offered.everywhere for offered, _ in self.listed], dtype=np.bool_)
        self._is_known = np.array([offered.is_known for offered, _ in self.listed], dtype=np.bool_)
        self._excluded = self._marked(excluded for _, excluded in self.listed)
        self._helped = self._marked(offered.countries for offered, _ in self.listed)
        self._helped |= self._everywhere[:, None]
        self._helped &= ~self._excluded
        self._remembered: dict[Territory, tuple[NDArray[np.float32], NDArray[np.bool_]]] = {}

    def __reduce__(self) -> tuple[type["Patterns"], tuple[tuple[Pattern, ...]]]:
        """What is listed alone is sent to another process; the rest follows from it."""
        return Patterns, (self.listed,)

    def _marked(self, sets: Iterable[frozenset[str]]) -> NDArray[np.bool_]:
        """Patterns x States, by column in memory."""
        marks = np.zeros((len(self.listed), len(self._column)), dtype=np.bool_, order="F")
        for row, states in enumerate(sets):
            marks[row, [self._column[state] for state in states]] = True
        return marks

    def covered(self, wanted: Territory) -> NDArray[np.float32]:
        """How far each pattern covers a place, as `closeness` has it."""
        return self._measured(wanted)[0]

    def levels(self, wanted: Territory) -> NDArray[np.float32]:
        """`covered`, but -1 for patterns that do not admit the place."""
        covered, admitted = self._measured(wanted)
        return np.where(admitted, covered, np.float32(-1))

    def _measured(self, wanted: Territory) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        found = self._remembered.get(wanted)
        if found is None:
            shares = self._shares(wanted)
            levels = np.where(shares >= ENOUGH - 1e-9, COVERED, np.where(shares > 0, PARTLY, 0.0))
            found = np.where(self._is_known, levels, PARTLY).astype(np.float32), self._admitted(wanted)
            if len(self._remembered) >= REMEMBERED:
                self._remembered.clear()
            self._remembered[wanted] = found
        return found

    def _shares(self, wanted: Territory) -> NDArray[np.float64]:
        if not wanted.is_known:
            return np.zeros(len(self.listed))
        if wanted.everywhere:
            return np.where(self._everywhere, 1.0, 0.5)
        if not wanted.countries:
            near = [bool(wanted.regions & offered.regions) for offered, _ in self.listed]
            return (self._everywhere | np.array(near, dtype=np.bool_)).astype(np.float64)
        columns = [self._column[state] for state in wanted.countries if state in self._column]
        elsewhere = (len(wanted.countries) - len(columns)) * self._everywhere  # no pattern names these States
        helped: NDArray[np.float64] = (self._helped[:, columns].sum(axis=1) + elsewhere) / len(wanted.countries)
        return helped

    def _admitted(self, wanted: Territory) -> NDArray[np.bool_]:
        if not wanted.countries or not wanted.countries <= self._column.keys():
            return np.ones(len(self.listed), dtype=np.bool_)
        columns = [self._column[state] for state in wanted.countries]
        shut_out: NDArray[np.bool_] = np.all(self._excluded[:, columns], axis=1)
        return ~shut_out
