"""Whether a text names somebody: whole words, without regard to accents and letter case."""

import re
from collections.abc import Iterable

from app.core.text import folded

_IN_BRACKETS = re.compile(r"\s*\(.*?\)\s*")


def named_in(text: str, names: Iterable[str]) -> list[str]:
    """Those of `names` that stand in `text`; what a name has in brackets need not."""
    said = folded(text)
    return [name for name in dict.fromkeys(names) if _stands(folded(_IN_BRACKETS.sub(" ", name).strip()), said)]


def _stands(name: str, said: str) -> bool:
    if not name.isascii():  # scripts without spaces have no ends of words
        return name in said
    return bool(name) and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", said) is not None
