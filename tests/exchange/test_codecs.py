"""Bytes to rows and back."""

import io
import zipfile
from typing import Any

import openpyxl
import pytest
import xlsxwriter
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
        (b"[" * 100_000, "The line goes 100000 brackets deep and no field goes deeper than 20"),
        (b'{"title": "a" "note": "b"}', "at its character 15 a comma is missing"),
        (b'{"title": "a}', "a text begins that is not closed"),
        (b'{"title": "a"} {"title": "b"}', "write one object a line"),
    ],
)
def test_a_line_that_is_no_document_is_a_faulty_row_and_the_others_are_read(line: bytes, fault: str):
    table = codecs.read(Format.JSONL, b'{"title": "a"}\n\n' + line + b'\n{"title": "b"}\n')

    assert [row.number for row in table.rows] == [1, 3, 4]
    assert fault in table.rows[1].fault
    assert [row.cells["title"] for row in table.rows[::2]] == ["a", "b"]


def test_a_line_that_goes_too_deep_names_its_field_and_the_others_are_read():
    deep = b'{"title": "[[[[", "themes": ["x"], "note": ' + b"[" * 30 + b"]" * 30 + b"}"
    table = codecs.read(Format.JSONL, b'{"title": "a"}\n' + deep + b"\n")

    assert (table.rows[1].column, table.rows[1].number) == ("note", 2)
    assert table.rows[1].fault.startswith("The value goes 31 brackets deep")
    assert table.rows[0].fault == ""


def test_where_a_line_breaks_its_field_is_named():
    [row] = codecs.read(Format.JSONL, b'{"title": "a", "note": {"x": 1}, "themes": [1,, 2]}').rows

    assert row.column == "themes"
    assert "at its character 47 a value is missing" in row.fault


def test_a_number_without_end_is_its_fields_to_refuse():
    [row] = codecs.read(Format.JSONL, b'{"n": ' + b"9" * 5000 + b"}").rows

    assert (row.fault, row.cells["n"]) == ("", "9" * 5000)


@pytest.mark.parametrize("line", ["a", "a,b,c", 'a,b,"c, d"'])
def test_a_csv_row_of_another_length_is_faulty(line: str):
    table = codecs.read(Format.CSV, f"title,note\nx,y\n{line}\n".encode())

    assert [bool(row.fault) for row in table.rows] == [False, True]


def test_numbers_dates_and_flags_of_a_workbook_are_read_as_they_look():
    workbook = openpyxl.Workbook()
    cells: list[Any] = ["text", 2370, 0.5, True, __import__("datetime").date(2026, 11, 21), None]
    workbook.active.append([f"c{n}" for n in range(len(cells))])
    workbook.active.append(cells)
    target = io.BytesIO()
    workbook.save(target)

    [row] = codecs.read(Format.XLSX, target.getvalue()).rows

    assert list(row.cells.values()) == ["text", "2370", "0.5", "true", "2026-11-21", ""]


def test_a_formula_without_a_value_and_an_error_make_their_rows_wrong_and_the_others_are_read():
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as workbook:
        sheet = workbook.add_worksheet()
        for number, cells in enumerate(
            [("title", "note"), ("a", "b"), ("c", ""), ("", ""), ("e", ""), ("f", "g")]
        ):
            sheet.write_row(number, 0, cells)
        sheet.write_formula("B3", "=A2", value="")
        sheet.write_formula("B4", "=A2&A3", value="")
        sheet.write_formula("B5", "=1/0", value="#DIV/0!")
        sheet.write_formula("B6", "=1+1", value=2)

    table = codecs.read(Format.XLSX, target.getvalue())

    assert [(row.number, row.column, row.cells["note"]) for row in table.rows] == [
        (2, "", "b"),
        (3, "note", "=A2"),
        (4, "note", "=A2&A3"),
        (5, "note", "#DIV/0!"),
        (6, "", "2"),
    ]
    assert "The cell B3 holds a formula whose value is not in the file" in table.rows[1].fault
    assert "enter the value itself" in table.rows[3].fault


def test_a_formula_whose_value_is_an_empty_text_is_an_empty_cell():
    target, saved = io.BytesIO(), io.BytesIO()
    with xlsxwriter.Workbook(target) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, ("title", "note"))
        sheet.write_string("A2", "a")
        sheet.write_formula("B2", '=""', value="")
    with zipfile.ZipFile(target) as made, zipfile.ZipFile(saved, "w") as copy:
        for name in made.namelist():  # a spreadsheet program says that the value is a text
            copy.writestr(name, made.read(name).replace(b'<c r="B2">', b'<c r="B2" t="str">'))

    [row] = codecs.read(Format.XLSX, saved.getvalue()).rows

    assert (row.fault, row.cells) == ("", {"title": "a", "note": ""})


def test_a_row_of_nothing_but_such_a_cell_below_the_others_is_not_lost():
    workbook = openpyxl.Workbook()
    workbook.active.append(["title", "note"])
    workbook.active.append(["a", "b"])
    workbook.active["B9"] = "=SUM(A1:A2)"
    target = io.BytesIO()
    workbook.save(target)

    rows = codecs.read(Format.XLSX, target.getvalue()).rows

    assert [(row.number, row.column) for row in rows] == [(2, ""), (9, "note")]
