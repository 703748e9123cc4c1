"""Bytes to rows and back."""

import io
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Invalid
from app.exchange import codecs
from app.exchange.codecs import delimited
from app.exchange.models import Format

COLUMNS = ("title", "note")
ROWS = [
    {"title": "a, b; c\td", "note": 'says "yes"'},
    {"title": "two\nlines", "note": "=SUM(A1:A9)"},
    {"title": "-5", "note": "@home"},
    {"title": "'=quoted", "note": "'plain"},
    {"title": "العربية 中文", "note": "+1"},
]


@pytest.mark.parametrize("form", Format)
def test_what_is_written_is_read_again(form: Format):
    table = codecs.read(form, codecs.write(form, COLUMNS, ROWS))

    assert [row.cells for row in table.rows] == ROWS
    assert not any(row.fault for row in table.rows)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_any_cell_comes_back_from_csv_and_begins_like_no_formula(cell: str):
    written = delimited.guarded(cell)

    assert delimited.unguarded(written) == cell
    assert not written.startswith(("=", "+", "-", "@", "\t", "\r"))


def test_no_spreadsheet_computes_what_is_written():
    workbook = openpyxl.load_workbook(io.BytesIO(codecs.write(Format.XLSX, COLUMNS, ROWS)))
    text = codecs.write(Format.CSV, COLUMNS, ROWS).decode("utf-8-sig")

    assert [cell.data_type for cell in workbook.active[3]] == ["s", "s"]
    assert "'=SUM(A1:A9)" in text
    assert "'@home" in text


def test_csv_begins_with_a_byte_order_mark():
    assert codecs.write(Format.CSV, COLUMNS, ROWS).startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize(
    "content",
    [
        "title,note\na,b\n",
        "\ufefftitle,note\r\na,b\r\n",
        "title;note\na;b\n",
        "title\tnote\na\tb\n",
        '"title","note"\n"a","b"',
        "\n\ntitle,note\n,\na,b\n\n",
        "title,note,,\na,b,,\n",
    ],
)
def test_csv_is_read_however_a_spreadsheet_saved_it(content: str):
    [row] = codecs.read(Format.CSV, content.encode()).rows

    assert row.cells == {"title": "a", "note": "b"}


@pytest.mark.parametrize(
    ("form", "content", "said"),
    [
        ("csv", b"", "The file is empty"),
        ("csv", b"\n \n", "The file is empty"),
        ("csv", b"title,note\n", "a header and no rows"),
        ("csv", "titre\nété".encode("latin-1"), r"Line 2 is not in UTF-8 \(byte 0xE9\)"),
        ("csv", "title\nx".encode("utf-16"), "UTF-16"),
        ("csv", b'title,note\na,"b\nc,d\n', "Line 3 is not CSV"),
        ("csv", b"title,title\na,b\n", "'title' twice"),
        ("csv", b"title,,note\na,b,c\n", "Column 2 of the header has no name"),
        ("csv", b"PK\x03\x04rest", "a workbook and not CSV"),
        ("jsonl", b"", "The file is empty"),
        ("jsonl", b"\xef\xbb\xbf\n", "The file is empty"),
        ("xlsx", b"", "The file is empty"),
        ("xlsx", b"title,note\na,b\n", "not an Excel workbook"),
        ("xlsx", b"PK\x05\x06" + b"\0" * 18, "not an Excel workbook"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(form: str, content: bytes, said: str):
    with pytest.raises(Invalid, match=said):
        codecs.read(Format(form), content)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b'{"title": }', "not JSON"),
        (b"[1, 2]", "not a JSON object"),
        (b'{"title": NaN}', "NaN is not a number"),
        (b'{"title": "\xe9"}', "not in UTF-8"),
        (b"[" * 100_000, "not JSON"),
        (b'{"n": ' + b"9" * 5000 + b"}", "not JSON"),
    ],
)
def test_a_line_that_is_no_document_is_a_faulty_row_and_the_others_are_read(line: bytes, fault: str):
    table = codecs.read(Format.JSONL, b'{"title": "a"}\n\n' + line + b'\n{"title": "b"}\n')

    assert [row.number for row in table.rows] == [1, 3, 4]
    assert fault in table.rows[1].fault
    assert [row.cells["title"] for row in table.rows[::2]] == ["a", "b"]


@pytest.mark.parametrize("line", ["a", "a,b,c", 'a,b,"c, d"'])
def test_a_csv_row_of_another_length_is_faulty(line: str):
    table = codecs.read(Format.CSV, f"title,note\nx,y\n{line}\n".encode())

    assert [bool(row.fault) for row in table.rows] == [False, True]


def test_numbers_dates_and_flags_of_a_workbook_are_read_as_they_look():
    workbook = openpyxl.Workbook()
    cells: list[Any] = ["text", 2370, 0.5, True, __import__("datetime").date(2026, 11, 21), None, "=1+1"]
    workbook.active.append([f"c{n}" for n in range(len(cells))])
    workbook.active.append(cells)
    target = io.BytesIO()
    workbook.save(target)

    [row] = codecs.read(Format.XLSX, target.getvalue()).rows

    assert list(row.cells.values()) == ["text", "2370", "0.5", "true", "2026-11-21", "", ""]
