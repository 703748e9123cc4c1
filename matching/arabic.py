"""Light stemming of Arabic words: what is written onto a word comes off, as far as that is safe."""

from collections.abc import Container

_PREFIXES = ("وبال", "وال", "فال", "بال", "كال", "ولل", "لل", "ال")
_ATTACHED = ("ب", "ل", "ف", "ك")
_UNATTACHED = frozenset(
    (
        "لقاء",
        "بقاء",
        "بسيط",
        "بساط",
        "لازم",
        "فايد",
        "كمال",
        "فقراء",
        "بارد",
        "كتايب",
        "فصول",
        "كفار",
        "فاخر",
        "كامن",
        "كراس",
    )
)
_SUFFIXES = ("ها", "ان", "ات", "ون", "ين", "يه", "ه", "ي")


def light_stem(word: str) -> str:
    """Larkey's light10 on a folded word: article and conjunction off the front, plain endings off the back.

    A first letter that looks like the conjunction goes behind an article too: الوسطاء and وسطاء are one word.
    """
    for prefix in _PREFIXES:
        if word.startswith(prefix) and len(word) - len(prefix) >= 2:
            word = word[len(prefix) :]
            break
    if word.startswith("و") and len(word) >= 4:
        word = word[1:]
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 2:
            word = word[: -len(suffix)]
    return word


def without_attached(stem: str, known: Container[str]) -> str:
    """An Arabic stem without the ب, ل, ف or ك written onto its word, if what is left is a known stem.

    A stem that is known itself may begin with that letter (فعال and عال): more has to be left of it.
    """
    rest = stem[1:]
    least = 4 if stem in known and stem[0] != "ل" else 3
    attached = stem.startswith(_ATTACHED) and len(rest) >= least and rest in known
    return rest if attached and stem not in _UNATTACHED else stem
