"""Provisions of resolutions and instruments as people write them, and as search tokens: `p_2370`, `p_1373_2_a`."""

import re
from dataclasses import dataclass

_PARAGRAPH_WORD = (
    r"(?:operative\s+paragraphs?|operatives?|ops?|paragraphes?|paragraphs?|paras?|p[áa]rrafos?"
    r"|пункт\w*|п|الفقرة|الفقرات|فقرة|第|§)\.?"
)
_MARKED = (
    r"(?:s\s?/\s?res\s?/\s?|(?:(?:un)?scr|(?:security\s+council\s+)?resolutions?|res\.|r[ée]solutions?|resoluci(?:ó|o)n(?:es)?"
    r"|резолюци\w*|القرار|قرار|第)\s*)"
)
_NUMBER = r"(?P<number>\d{3,4})(?!\d)(?:\s?\(\d{4}\)|号决议)?"
_PARAGRAPH = (
    r"(?P<paragraph>\d{1,3}(?!\d)(?:\s?\([a-z]\)|\s?[a-z]\b)?(?:\s?\((?:ix|iv|v?i{0,3})\))?)(?![-/.]?\d)\s?段?"
)
_OF = r"[\s,]*(?:of\s+(?:the\s+)?|de\s+la\s+|del?\s+|من\s+)?"

_PARAGRAPH_FIRST = rf"\b{_PARAGRAPH_WORD}\s?{_PARAGRAPH}{_OF}(?:{_MARKED})?{_NUMBER}"
_MARKED_NUMBER = rf"{_MARKED}(?:n[o°]\.?\s*)?{_NUMBER}"
_MARKED_FIRST = rf"{_MARKED_NUMBER}(?:[\s,;:]*{_PARAGRAPH_WORD}\s?|\s?[,:]\s?){_PARAGRAPH}"
_BARE = rf"\b{_NUMBER}(?:[\s,;:]*{_PARAGRAPH_WORD}\s?|\s?[,:]\s?|\s+){_PARAGRAPH}"
_IN_TEXT = tuple(
    re.compile(pattern, re.IGNORECASE) for pattern in (_PARAGRAPH_FIRST, _MARKED_FIRST, _MARKED_NUMBER)
)
_IN_QUERY = (*_IN_TEXT, re.compile(_BARE, re.IGNORECASE))
_LEADING_WORD = re.compile(
    rf"^\s*(?:{_PARAGRAPH_WORD}|art(?:icle|[íi]culo|icolo)?\.?|section|sec\.?)\s*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Provision:
    """A resolution or instrument by its code, one paragraph of it or ("") the whole, and where it was named."""

    instrument: str
    paragraph: str = ""
    start: int = 0
    end: int = 0

    @property
    def token(self) -> str:
        """The token of exactly this provision."""
        return "p_" + "_".join([*_parts(self.instrument), *paragraph_parts(self.paragraph)])


def tokens_of(instrument: str, paragraph: str | None) -> set[str]:
    """Tokens of a cited provision and of what holds it: 2 (a) is found under 2, and under the whole."""
    parts = paragraph_parts(paragraph or "")
    return {Provision(instrument, " ".join(parts[:n])).token for n in range(len(parts) + 1)}


def found_in_text(text: str) -> list[Provision]:
    """Provisions that a text names with a mark ("paragraph 6 of 2370", "resolution 2370 (2017), para. 6")."""
    return _found(text, _IN_TEXT)


def found_in_query(text: str) -> list[Provision]:
    """As `found_in_text`; someone who searches may also write "1373, 2 (a)" or "1373 2"."""
    return _found(text, _IN_QUERY)


def parse(text: str) -> Provision | None:
    """The one provision that `text` names ("OP 6 of 2370", "2370", "ATT", "ATT:6"), or None."""
    if found := found_in_query(text):
        return found[0]
    instrument, _, paragraph = text.partition(":")
    code = instrument.strip()
    return Provision(code, paragraph.strip()) if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]*", code) else None


def paragraph_parts(paragraph: str) -> list[str]:
    """The parts of a paragraph's number: "OP 2 (a)" gives 2 and a."""
    return re.findall(r"[a-z0-9]+", _LEADING_WORD.sub("", paragraph).lower())


def _found(text: str, patterns: tuple[re.Pattern[str], ...]) -> list[Provision]:
    """Each pattern in turn, over what the ones before it left."""
    found, rest = [], text
    for pattern in patterns:
        for match in pattern.finditer(rest):
            paragraph = match.groupdict().get("paragraph", "")
            found.append(Provision(match["number"], paragraph.strip(), match.start(), match.end()))
        rest = pattern.sub(lambda match: "\n" * len(match.group()), rest)
    return sorted(found, key=lambda provision: provision.start)


def _parts(code: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", code.lower())
