"""Which folder may hold an installed system's own glossary: said once, where a process begins."""

from pathlib import Path

_said: list[Path] = []


def read_from(folder: Path | None) -> None:
    """Understand texts by what `folder` adds to the package's glossary too; None is the package's alone."""
    _said[:] = [folder] if folder else []


def folder() -> Path | None:
    """Where further entries are looked for, or None."""
    return _said[0] if _said else None
