"""Passwords: what is accepted, how it is hashed (argon2), and that a wrong account costs the same time."""

import unicodedata
from functools import cache

from pwdlib import PasswordHash

from app.core.errors import Invalid
from app.core.fields import is_storable

SHORTEST, LONGEST = 12, 200
_hasher = PasswordHash.recommended()


def hash_password(password: str, pointer: str = "/password") -> str:
    """Return the hash to store. Raises Invalid when the password is too short, too long or not text."""
    if not is_storable(password):
        raise Invalid.field(pointer, "This password holds characters that are not text")
    plain = unicodedata.normalize("NFC", password)
    if not SHORTEST <= len(plain) <= LONGEST:
        raise Invalid.field(
            pointer, f"A password has {SHORTEST} to {LONGEST} characters; a short sentence is good"
        )
    if len(set(plain)) < SHORTEST // 3:
        raise Invalid.field(pointer, "A password needs more than a few different characters")
    return _hasher.hash(plain)


def matches(password: str, stored: str | None) -> bool:
    """Whether `password` is the one of the hash; without one, the same work is done and the answer is no."""
    readable = is_storable(password) and len(password) <= LONGEST
    plain = unicodedata.normalize("NFC", password) if readable else ""
    return _hasher.verify(plain, stored or _nobody()) and stored is not None and readable


@cache
def _nobody() -> str:
    return _hasher.hash("the password of nobody")
