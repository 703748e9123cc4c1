"""How much of a need's place a programme covers: a third of its States or more 1, fewer a half, none 0."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from matching.knowledge import Geography
from matching.text import fold
from matching.types import Place

WORLD = "001"
COVERED, PARTLY = 1.0, 0.5
ENOUGH = 1 / 3


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
