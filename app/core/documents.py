"""What is printed or handed out, as values: a page for print and a .docx are made of the same document."""

import enum
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

from docx import Document as WordFile
from docx.document import Document as Word
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

NOT_ENDORSED = "Listing is not endorsement."
DISCLAIMER = (
    "The designations employed and the presentation of material do not imply the expression of any opinion "
    "whatsoever on the part of the Secretariat of the United Nations concerning the legal status of any country, "
    "territory, city or area, or of its authorities, or concerning the delimitation of its frontiers or "
    "boundaries."
)
_LONGEST_PROPERTY = 255  # what a property of a .docx file may hold; the heading on the page has all of it
_FOR = {"en": "For", "fr": "Pour :", "es": "Para:", "ru": "Кому:", "ar": "إلى:", "zh": "致："}


class DocumentFormat(enum.StrEnum):
    HTML = "html"
    DOCX = "docx"


CONTENT_TYPES = {
    DocumentFormat.HTML: "text/html; charset=utf-8",
    DocumentFormat.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


@dataclass(frozen=True, slots=True)
class Heading:
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Names with what each one is."""

    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `otherwise` is said when it has no row, `left_out` counts the rows that are not printed."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    otherwise: str = "None."
    left_out: int = 0
    numbers: frozenset[int] = frozenset()


Part = Heading | Paragraph | Facts | Table


@dataclass(frozen=True, slots=True)
class Document:
    """One document: what it is, how it is marked, for whom and of what day, and its parts in order.

    `language` is one of the six codes; Arabic is set from right to left.
    """

    title: str
    marking: str
    recipient: str
    made_on: date
    parts: Sequence[Part]
    language: str = "en"
    notes: Sequence[str] = field(default=(NOT_ENDORSED, DISCLAIMER))

    @property
    def direction(self) -> str:
        return "rtl" if self.language == "ar" else "ltr"

    @property
    def day(self) -> str:
        """The day in words in English, in figures that every language reads elsewhere."""
        return f"{self.made_on.day} {self.made_on:%B %Y}" if self.language == "en" else self.made_on.isoformat()

    @property
    def addressed(self) -> str:
        return f"{_FOR.get(self.language, _FOR['en'])} {self.recipient}"


def written(document: Document, form: DocumentFormat) -> bytes:
    """The document in one of its forms."""
    return to_docx(document) if form is DocumentFormat.DOCX else to_html(document).encode()


def to_html(document: Document, others: Sequence[tuple[str, str]] = ()) -> str:
    """The document as a page to print; `others` are addresses of its other forms, with their names."""
    parts = [(type(part).__name__, part) for part in document.parts]
    return _page().render(document=document, parts=parts, others=others)


def to_docx(document: Document) -> bytes:
    """The document as a .docx file: marking above, notes below on every page."""
    word = WordFile()
    section = word.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2)
    word.styles["Normal"].font.size = Pt(10)
    word.core_properties.title, word.core_properties.author = document.title[:_LONGEST_PROPERTY], "Counterpart"
    section.header.paragraphs[0].text = _above(document)
    section.footer.paragraphs[0].text = " ".join(document.notes)
    section.footer.paragraphs[0].runs[0].font.size = Pt(7)
    word.add_heading(document.title, 1)
    for part in document.parts:
        _add(word, part)
    if document.direction == "rtl":
        _turn(word)
    file = io.BytesIO()
    word.save(file)
    return file.getvalue()


@cache
def _page() -> Template:
    folder = FileSystemLoader(Path(__file__).parent)
    made = Environment(
        loader=folder, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return made.get_template("print.html")


def _above(document: Document) -> str:
    return f"{document.marking} · {document.addressed} · {document.day}"


def _add(word: Word, part: Part) -> None:
    if isinstance(part, Heading):
        word.add_heading(part.text, 2)
    elif isinstance(part, Paragraph):
        word.add_paragraph().add_run(part.text).italic = part.quiet
    elif isinstance(part, Facts):
        for name, value in part.rows:
            line = word.add_paragraph()
            line.add_run(f"{name}: ").bold = True
            line.add_run(value)
    else:
        _add_table(word, part)


def _add_table(word: Word, part: Table) -> None:
    if not part.rows:
        word.add_paragraph(part.otherwise)
        return
    table = word.add_table(rows=1, cols=len(part.columns), style="Table Grid")
    for cell, name in zip(table.rows[0].cells, part.columns, strict=True):
        cell.paragraphs[0].add_run(name).bold = True
    for row in part.rows:
        for cell, value in zip(table.add_row().cells, row, strict=True):
            cell.text = value
    word.add_paragraph(f"and {part.left_out} more" if part.left_out else "")


def _turn(word: Word) -> None:
    """Let every paragraph and table run from right to left, which python-docx has no word for."""
    for paragraph in word.element.body.iter(qn("w:p")):
        paragraph.get_or_add_pPr().append(OxmlElement("w:bidi"))
    for table in word.tables:
        table._tbl.tblPr.append(OxmlElement("w:bidiVisual"))
