"""What is printed or handed out, as values: a page for print and a .docx are made of the same document."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from docx import Document as WordFile
from docx.document import Document as Word
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

NOT_ENDORSED = "Listing is not endorsement."
DISCLAIMER = (
    "The designations employed and the presentation of material do not imply the expression of any opinion "
    "whatsoever on the part of the Secretariat of the United Nations concerning the legal status of any country, "
    "territory, city or area, or of its authorities, or concerning the delimitation of its frontiers or "
    "boundaries."
)
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


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


def to_docx(document: Document) -> bytes:
    """The document as a .docx file: marking above, notes below on every page."""
    word = WordFile()
    section = word.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2)
    word.styles["Normal"].font.size = Pt(10)
    word.core_properties.title, word.core_properties.author = document.title, "Counterpart"
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


def _above(document: Document) -> str:
    day = f"{document.made_on.day} {document.made_on:%B %Y}"
    return f"{document.marking} · For {document.recipient} · {day}"


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
