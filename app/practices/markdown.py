"""Markdown becomes sections, one a heading: number, title, text, and what braces behind the heading say of it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token

from app.core.errors import FieldError, Invalid

POINTER = "/markdown"
_BRACES = re.compile(r"\{(?P<inside>[^{}]*)\}$")
_PIECE = re.compile(
    r'#(?P<anchor>\S+)|\.(?P<stage>\S+)|(?P<name>[a-z]+)=(?:"(?P<quoted>[^"]*)"|(?P<plain>\S+))|\S+'
)
_NUMBER = re.compile(r"(?P<number>(?:[A-Z]\.)?\d{1,3}(?:\.\d{1,3})*|[A-Z](?=[.)]))(?:[.)]\s+|\s+(?=\S))")
_NAMES = ("themes", "weapons", "provisions")
ANCHOR = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?")
LONGEST_TITLE = 300
LONGEST_BODY = 20_000
MOST_CLAUSES = 500


@dataclass(slots=True)
class Section:
    """One heading with the text below it. Codes that it does not state are those of the heading above it."""

    line: int
    level: int
    number: str
    title: str
    body: str = ""
    anchor: str = ""
    stage: str = ""
    codes: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A document: its own title and preamble, where one heading stands above all others, and its sections."""

    title: str
    preamble: str
    sections: Sequence[Section]


def parse(markdown: str) -> Parsed:
    """Cut `markdown` at its headings. Raises Invalid, naming lines, for one without any or with bad braces."""
    errors: list[FieldError] = []
    lines = markdown.split("\n")
    sections = list(_sections(lines, errors))
    before = "\n".join(lines[: sections[0].line - 1]).strip() if sections else ""
    title, preamble = "", before
    if sections and _is_title(sections):
        top = sections.pop(0)
        title, preamble = top.title, "\n\n".join(part for part in (before, top.body) if part)
    if not sections:
        raise Invalid.field(
            POINTER, "There is no heading: write each clause under a heading such as “## 1 Marking”"
        )
    _inherit(sections)
    _check(sections, errors)
    if errors:
        raise Invalid(errors[0].message, errors)
    return Parsed(title, preamble, sections)


def _sections(lines: Sequence[str], errors: list[FieldError]) -> Iterator[Section]:
    tokens = MarkdownIt("commonmark").parse("\n".join(lines))
    found = list(_headings(tokens))
    ends = [start for start, *_ in found[1:]] + [len(lines)]
    for (start, stop, level, text), end in zip(found, ends, strict=False):
        section = _section(start + 1, level, text, errors)
        section.body = "\n".join(lines[stop:end]).strip()
        yield section


def _headings(tokens: Sequence[Token]) -> Iterator[tuple[int, int, int, str]]:
    """First line, line after, level and text of each heading that stands in no quotation or list."""
    for place, token in enumerate(tokens):
        if token.type == "heading_open" and token.level == 0 and token.map:
            yield token.map[0], token.map[1], int(token.tag[1:]), tokens[place + 1].content.replace("\n", " ")


def _section(line: int, level: int, text: str, errors: list[FieldError]) -> Section:
    braces = _BRACES.search(text.rstrip())
    plain = text[: braces.start()] if braces else text
    number = _NUMBER.match(plain)
    title = plain[number.end() :] if number else plain
    section = Section(line, level, number["number"] if number else "", title.strip())
    for piece in _PIECE.finditer(braces["inside"]) if braces else ():
        _take(section, piece, errors)
    return section


def _take(section: Section, piece: re.Match[str], errors: list[FieldError]) -> None:
    if piece["anchor"]:
        section.anchor = piece["anchor"]
    elif piece["stage"]:
        section.stage = piece["stage"]
    elif piece["name"] in _NAMES:
        section.codes[piece["name"]] = (piece["quoted"] or piece["plain"] or "").replace(",", " ").split()
    elif piece["name"] == "stage":
        section.stage = piece["quoted"] or piece["plain"] or ""
    else:
        known = "#id, .upstream or .downstream, themes=, weapons= and provisions="
        errors.append(
            FieldError(POINTER, f"Line {section.line}: {piece[0]!r} says nothing here; braces hold {known}")
        )


def _is_title(sections: Sequence[Section]) -> bool:
    """Whether the first heading names the whole: it alone is of the highest level."""
    return len(sections) > 1 and all(other.level > sections[0].level for other in sections[1:])


def _inherit(sections: Sequence[Section]) -> None:
    above: list[Section] = []
    for section in sections:
        while above and above[-1].level >= section.level:
            above.pop()
        if above:
            section.stage = section.stage or above[-1].stage
            section.codes = {**above[-1].codes, **section.codes}
        above.append(section)


def _check(sections: Sequence[Section], errors: list[FieldError]) -> None:
    if len(sections) > MOST_CLAUSES:
        errors.append(
            FieldError(POINTER, f"There are {len(sections)} headings; a document has up to {MOST_CLAUSES}")
        )
    first: dict[str, int] = {}
    for section in sections:
        errors += [FieldError(POINTER, f"Line {section.line}: {fault}") for fault in _faults(section)]
        if section.anchor and first.setdefault(section.anchor, section.line) != section.line:
            said = f"Line {section.line}: the id {section.anchor!r} stands in line {first[section.anchor]} already"
            errors.append(FieldError(POINTER, said))


def _faults(section: Section) -> Iterator[str]:
    if not section.title:
        yield "a heading says nothing"
    if len(section.title) > LONGEST_TITLE:
        yield f"a heading is longer than {LONGEST_TITLE} characters"
    if len(section.body) > LONGEST_BODY:
        yield f"the text below it is longer than {LONGEST_BODY} characters; divide it by headings"
    if section.anchor and not ANCHOR.fullmatch(section.anchor):
        yield f"{section.anchor[:60]!r} is no id: small letters a to z, digits and hyphens, at most 60"
    if section.stage not in {"", "upstream", "downstream"}:
        yield f"{section.stage[:60]!r} is no stage: upstream or downstream"
