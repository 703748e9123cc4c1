"""Codes from what people type: a code or a name in English, each on a line of its own or after a comma."""

import re

from app.web.render import Labels


def codes_of(text: str, kind: str, labels: Labels) -> list[str]:
    """The codes that `text` names. What is neither a code nor a name stays as it is, for its reader to refuse."""
    by_name = {label.casefold(): code for code, label in labels.choices(kind)}
    known = {code.casefold(): code for code, _ in labels.choices(kind)}
    found: list[str] = []
    for line in text.splitlines():
        whole = line.strip().casefold()
        parts = [line] if whole in by_name else re.split("[,;]", line)
        found += [_code(part.strip(), known, by_name) for part in parts if part.strip()]
    return list(dict.fromkeys(found))


def code_of(text: str, kind: str, labels: Labels) -> str:
    """The one code that `text` names, or `text` itself."""
    return next(iter(codes_of(text, kind, labels)), "")


def names_of(codes: list[str], kind: str, labels: Labels) -> str:
    """The names of codes, one a line, as `codes_of` reads them."""
    return "\n".join(labels(kind, code) for code in codes)


def _code(typed: str, known: dict[str, str], by_name: dict[str, str]) -> str:
    return known.get(typed.casefold()) or by_name.get(typed.casefold()) or typed
