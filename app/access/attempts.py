"""How often somebody may try: counted by address and by account, before any password is looked at."""

from app.access.authentication import sha256
from app.access.limits import RequestLimit

_AN_OFFICE = 3  # people behind one address
_ADDRESSES = 10  # that must join to keep the owner of an account out


class Attempts:
    """Moving windows of a minute in this process's memory. A limit of 0 is none.

    One address has `per_minute` tries at one account and somewhat more at all of them; the limit of an account
    wherever the tries come from is high, so that nobody can lock its owner out alone.
    """

    def __init__(self, per_minute: int) -> None:
        self._by_address = RequestLimit(per_minute * _AN_OFFICE)
        self._by_both = RequestLimit(per_minute)
        self._by_account = RequestLimit(per_minute * _ADDRESSES)

    def spend(self, address: str, account: str) -> None:
        """Count one attempt. Raises TooMany; an account that does not exist is counted as one that does."""
        self._by_address.spend(address)
        name = sha256(account.encode(errors="replace").decode())
        self._by_both.spend(f"{address} {name}")
        self._by_account.spend(name)
