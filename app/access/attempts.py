"""How often somebody may try to sign in: counted by account and by address, before any password is looked at."""

from app.access.authentication import sha256
from app.access.limits import RequestLimit

_AN_OFFICE = 3  # people behind one address


class Attempts:
    """Two moving windows of a minute in this process's memory. A limit of 0 is none."""

    def __init__(self, per_minute: int) -> None:
        self._by_account = RequestLimit(per_minute)
        self._by_address = RequestLimit(per_minute * _AN_OFFICE)

    def spend(self, address: str, account: str) -> None:
        """Count one attempt. Raises TooMany; an account that does not exist is counted as one that does."""
        self._by_address.spend(address)
        self._by_account.spend(sha256(account.encode(errors="replace").decode()))
