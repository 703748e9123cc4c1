"""No caller may ask more often than the setting says: 429, with the seconds to wait."""

import math
import time

from fastapi import Request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from app.access.authentication import OptionalActor
from app.core.errors import TooMany


class RequestLimit:
    """A moving window of one minute for each caller, in this process's memory. A limit of 0 is none."""

    def __init__(self, requests_per_minute: int) -> None:
        self._item = RateLimitItemPerMinute(requests_per_minute) if requests_per_minute else None
        self._window = MovingWindowRateLimiter(MemoryStorage())

    def spend(self, caller: str) -> None:
        """Count one request of `caller`. Raises TooMany when the window is full."""
        if self._item is None or self._window.hit(self._item, caller):
            return
        reset = self._window.get_window_stats(self._item, caller).reset_time
        wait = max(1, math.ceil(reset - time.time()))
        raise TooMany(f"Too many requests; wait {wait} seconds", Retry_After=str(wait))


def limit_requests(request: Request, actor: OptionalActor) -> None:
    """Count the request for its account or key, or for its address when nobody is signed in."""
    request.app.state.request_limit.spend(actor.principal if actor else f"address:{address_of(request)}")


def limit_addresses(request: Request) -> None:
    """Count the request for its address, whoever is signed in: this asks no database."""
    request.app.state.request_limit.spend(f"address:{address_of(request)}")


def address_of(request: Request) -> str:
    return request.client.host if request.client else "unknown"
