"""A document reads the same in every form, carries its marking, and runs from right to left in Arabic."""

import io
from dataclasses import replace
from datetime import date

from docx import Document as WordFile

from app.core.documents import NOT_ENDORSED, Document, Facts, Heading, Paragraph, Table, to_docx, to_html


def word_of(document: Document):
    return WordFile(io.BytesIO(to_docx(document)))


def made(*parts, language="en"):
    return Document("Needs", "Restricted", "the Committee", date(2026, 11, 22), parts, language)


def test_the_marking_recipient_and_date_stand_above_every_page():
    word = word_of(made())

    assert word.sections[0].header.paragraphs[0].text == "Restricted · For the Committee · 22 November 2026"
    assert NOT_ENDORSED in word.sections[0].footer.paragraphs[0].text


def test_each_part_is_written():
    table = Table(("Need", "Since"), [("N-2026-K7QXM", "1 May")], left_out=3)
    word = word_of(made(Heading("Open"), Paragraph("Two are new."), Facts([("Period", "May")]), table))

    texts = [paragraph.text for paragraph in word.paragraphs]
    assert texts == ["Needs", "Open", "Two are new.", "Period: May", "and 3 more"]
    assert [cell.text for row in word.tables[0].rows for cell in row.cells] == [
        "Need", "Since", "N-2026-K7QXM", "1 May",
    ]  # fmt: skip


def test_a_title_longer_than_a_property_of_the_file_stands_whole_in_the_heading():
    word = word_of(replace(made(), title="T" * 300))

    assert word.paragraphs[0].text == "T" * 300
    assert word.core_properties.title == "T" * 255


def test_an_empty_table_says_so():
    assert word_of(made(Table(("Need",), [], "No need is open."))).paragraphs[-1].text == "No need is open."


def test_arabic_runs_from_right_to_left():
    body = word_of(made(Paragraph("نص"), language="ar")).element.body

    assert "w:bidi" in body.xml


def test_a_page_says_the_same_and_escapes_what_was_entered():
    page = to_html(made(Paragraph("<b>Two</b> are new."), Table(("Need",), [("N-2026-K7QXM",)])))

    assert "&lt;b&gt;Two&lt;/b&gt; are new." in page
    assert "Restricted" in page
    assert "For the Committee · 22 November 2026" in page
    assert "N-2026-K7QXM" in page
    assert NOT_ENDORSED in page


def test_an_arabic_page_runs_from_right_to_left():
    assert '<html lang="ar" dir="rtl">' in to_html(made(Paragraph("نص"), language="ar"))
