"""Tables as people have them: pasted, in Word, in Excel; merged, repeated, continued, and broken."""

import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import date

import pytest
from docx import Document
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from xlsxwriter import Workbook

from app.core.errors import Invalid
from app.exchange import codecs
from app.exchange.models import Format
from app.exchange.tables import columns, files, kept, pasted
from app.exchange.tables.drafting import day_of, title_of
from app.exchange.tables.grid import Grid
from app.exchange.tables.rows import Recommendation, Skipped, recommendations

HEADER = ("No.", "Recommendation", "Responsible authority")
LONG_CLAUSE = (
    "The ministry should adopt rules on storage of arms in all its depots, fences, locks and registers of them, "
    "before the end of the coming year"
)
Read = tuple[list[Recommendation], list[Skipped]]


def rows_of(grids: Sequence[Grid]) -> Read:
    found: list[Recommendation] = []
    skipped: list[Skipped] = []
    layout = None
    for number, grid in enumerate(grids, start=1):
        layout = columns.guess(grid, layout)
        if layout.is_known:
            more, left = recommendations(grid, number, layout)
            found, skipped = [*found, *more], [*skipped, *left]
    return found, skipped


def texts(read: Read) -> list[tuple[str, str]]:
    return [(row.number, row.text("description")) for row in read[0]]


def word(*tables: Sequence[Sequence[str]], change: Callable[..., None] = lambda document: None) -> bytes:
    document = Document()
    for rows in tables:
        table = document.add_table(len(rows), len(rows[0]))
        for at, row in enumerate(rows):
            for place, text in enumerate(row):
                table.cell(at, place).text = text
        document.add_paragraph("Between the tables.")
    change(document)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def excel(*sheets: Sequence[Sequence[object]], merge: Sequence[tuple[int, int, int, int, str]] = ()) -> bytes:
    target = io.BytesIO()
    book = Workbook(target, {"in_memory": True})
    for rows in sheets:
        sheet = book.add_worksheet()
        for at, row in enumerate(rows):
            sheet.write_row(at, 0, row)
        for one in merge:
            sheet.merge_range(*one)
    book.close()
    return target.getvalue()


def packed(**parts: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml").replace("_bin", ".bin"), content)
    return target.getvalue()


@pytest.mark.parametrize(
    ("headings", "fields"),
    [
        ("No.\tRecommendation\tLegal provision\tPriority", ["source_ref", "description", "provision", "priority"]),
        ("Rec. no\tGap identified\tLead agency\tState's remarks\tDeadline",
         ["source_ref", "description", "institution", "existing_efforts", "wanted_by"]),
        ("N°\tRecommandation\tAutorité responsable\tPriorité\tObservations de l’État\tÉchéance",
         ["source_ref", "description", "institution", "priority", "existing_efforts", "wanted_by"]),
        ("Núm.\tRecomendación\tOrganismo responsable\tPrioridad\tMedidas adoptadas\tPlazo",
         ["source_ref", "description", "institution", "priority", "existing_efforts", "wanted_by"]),
        ("№ п/п\tРекомендация\tОтветственный орган\tПриоритет\tПринятые меры\tСрок исполнения",
         ["source_ref", "description", "institution", "priority", "existing_efforts", "wanted_by"]),
        ("رقم التوصية\tالتوصية\tالجهة المسؤولة\tالأولوية\tملاحظات الدولة\tالمهلة",
         ["source_ref", "description", "institution", "priority", "existing_efforts", "wanted_by"]),
        ("序号\t建议\t负责机构\t优先级\t国家意见\t完成期限",
         ["source_ref", "description", "institution", "priority", "existing_efforts", "wanted_by"]),
        ("Recommendation number\tText of the recommendation", ["source_ref", "description"]),
        ("Subject\tRecommendation\tPhone", ["title", "description", None]),
    ],
)  # fmt: skip
def test_columns_are_known_by_their_headings_in_six_languages(headings: str, fields: list[str | None]):
    [grid] = pasted.read(f"{headings}\n1\tText of it")

    assert list(columns.guess(grid).fields) == fields


@pytest.mark.parametrize(
    "text",
    [
        "No.\tRecommendation\n1\tAdopt a law\n2\tTrain the police",
        "No.,Recommendation\n1,Adopt a law\n2,Train the police",
        "No.;Recommendation\n1;Adopt a law\n2;Train the police",
        "| No. | Recommendation |\n|---|---|\n| 1 | Adopt a law |\n| 2 | Train the police |",
        "No. | Recommendation | \n1 | Adopt a law | \n2 | Train the police | ",
        "<table><tr><th>No.</th><th>Recommendation</th></tr><tr><td>1<td>Adopt a law<tr><td>2<td>Train the police"
        "</table>",
        "1. Adopt a law\n2. Train the police",
        "\ufeffNo.\tRecommendation\r\n1\tAdopt a law\r\n\r\n2\tTrain the police\r\n",
    ],
)
def test_a_table_is_read_however_it_was_copied(text: str):
    lines = text.removeprefix("\ufeff")

    if lines.startswith("1."):
        [grid] = pasted.read(lines)
        assert [line.texts for line in grid.lines] == [["1. Adopt a law"], ["2. Train the police"]]
    else:
        assert texts(rows_of(pasted.read(lines))) == [("1", "Adopt a law"), ("2", "Train the police")]


def test_a_numbered_list_without_a_table_gives_a_row_for_each_item():
    text = "1. The State should adopt a law on firearms.\n2 (a) The State should train its border police."

    assert texts(rows_of(pasted.read(text))) == [
        ("1", "The State should adopt a law on firearms."),
        ("2 (a)", "The State should train its border police."),
    ]


def test_a_cell_of_several_lines_from_word_stays_one_row():
    text = "No.\tRecommendation\tPriority\n1\tAdopt a law\non firearms\thigh\n2\tTrain the police\tlow"

    assert texts(rows_of(pasted.read(text))) == [("1", "Adopt a law\non firearms"), ("2", "Train the police")]


def test_a_quoted_cell_of_several_lines_from_excel_stays_one_row():
    text = 'No.\tRecommendation\n1\t"Adopt a law\non firearms"\n2\tTrain the police'

    assert texts(rows_of(pasted.read(text))) == [("1", "Adopt a law\non firearms"), ("2", "Train the police")]


def test_repeated_headers_blank_rows_and_headings_are_left_out_and_named():
    lines = [
        "Table 3\t\t",
        "\t".join(HEADER),
        "A. Law\t\t",
        "1\tAdopt a law\tParliament",
        "\t\t",
        "\t".join(HEADER),
    ]
    read = rows_of(pasted.read("\n".join([*lines, "2\tTrain the police\tPolice"])))

    assert texts(read) == [("1", "Adopt a law"), ("2", "Train the police")]
    assert [(one.text, one.reason) for one in read[1]] == [
        ("A. Law", "a heading"),
        ("No. Recommendation Responsible authority", "the header again"),
    ]


def test_a_row_without_a_number_goes_on_from_the_one_above():
    text = "No.\tRecommendation\tRemarks\n1\tAdopt a law\tUnder way\n\ton firearms\tin parliament"
    [row] = rows_of(pasted.read(text))[0]

    assert row.text("description") == "Adopt a law\non firearms"
    assert row.text("existing_efforts") == "Under way\nin parliament"


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        (("12 (a)", "12(b)", "12 c)"), ["12 (a)", "12 (b)", "12 c"]),
        (("Rec. 4", "Recommendation 5.", "No. 6"), ["4", "5", "6"]),
        (("1.1", "1.10", "IV"), ["1.1", "1.10", "IV"]),
        (("١", "2.", "3)"), ["١", "2", "3"]),
    ],
)
def test_numbers_are_written_as_they_are_cited(numbers: Sequence[str], expected: list[str]):
    lines = [f"{number}\tA text of it" for number in numbers]

    read = rows_of(pasted.read("\n".join(["No.\tRecommendation", *lines])))

    assert [row.number for row in read[0]] == expected


def test_letters_in_the_text_go_below_the_number_above():
    text = "No.\tRecommendation\n7\t(a) Adopt a law\n\t(b) Train the police\n8\tBuild a store"

    assert texts(rows_of(pasted.read(text))) == [
        ("7 (a)", "Adopt a law"), ("7 (b)", "Train the police"), ("8", "Build a store"),
    ]  # fmt: skip


def test_a_word_document_may_hold_several_tables():
    participants = [("Name of the service", "Phone"), ("Police", "1")]
    content = word(participants, [HEADER, ("1", "Adopt a law", "Parliament")], [HEADER, ("2", "Train", "Police")])

    assert texts(rows_of(files.read(content))) == [("1", "Adopt a law"), ("2", "Train")]


def test_a_table_that_goes_on_after_a_page_needs_no_headings():
    content = word([HEADER, ("1", "Adopt a law", "Parliament")], [("2", "Train the police", "Police")])

    assert texts(rows_of(files.read(content))) == [("1", "Adopt a law"), ("2", "Train the police")]


def test_cells_merged_across_are_headings_and_merged_down_are_shared():
    def merge(document: object) -> None:
        table = document.tables[0]  # type: ignore[attr-defined]
        table.cell(1, 0).merge(table.cell(1, 2)).text = "A. Law"
        table.cell(2, 0).merge(table.cell(3, 0)).text = "5"
        table.cell(2, 2).merge(table.cell(3, 2)).text = "Police"

    rows = [HEADER, ("", "", ""), ("", "Adopt a law", ""), ("", "Train the police", "")]
    read = rows_of(files.read(word(rows, change=merge)))

    assert texts(read) == [("5", "Adopt a law"), ("5 [2]", "Train the police")]
    assert [row.text("institution") for row in read[0]] == ["Police", "Police"]
    assert [one.reason for one in read[1]] == ["a heading"]


def test_a_text_merged_over_two_rows_is_one_recommendation():
    def merge(document: object) -> None:
        table = document.tables[0]  # type: ignore[attr-defined]
        for place, text in ((0, "5"), (1, "Adopt a law")):
            table.cell(1, place).merge(table.cell(2, place)).text = text

    [row] = rows_of(files.read(word([HEADER, ("", "", "Police"), ("", "", "Customs")], change=merge)))[0]

    assert (row.number, row.text("description"), row.text("institution")) == (
        "5",
        "Adopt a law",
        "Police\nCustoms",
    )


def test_numbers_that_word_counts_itself_are_counted():
    def count(document: object) -> None:
        for row in document.tables[0].rows[1:]:  # type: ignore[attr-defined]
            properties = row.cells[0].paragraphs[0]._p.get_or_add_pPr()
            properties.append(
                parse_xml(f'<w:numPr {nsdecls("w")}><w:ilvl w:val="0"/><w:numId w:val="7"/></w:numPr>')
            )

    content = word([HEADER, ("", "Adopt a law", "P"), ("", "Train the police", "P")], change=count)

    assert texts(rows_of(files.read(content))) == [("1", "Adopt a law"), ("2", "Train the police")]


def test_what_was_deleted_is_not_read_and_what_was_inserted_is():
    def track(document: object) -> None:
        paragraph = document.tables[0].cell(1, 1).paragraphs[0]._p  # type: ignore[attr-defined]
        for name, tag, text in (("w:del", "w:delText", " never"), ("w:ins", "w:t", " soon")):
            change, run, words = OxmlElement(name), OxmlElement("w:r"), OxmlElement(tag)
            words.text = text
            words.set(qn("xml:space"), "preserve")
            run.append(words)
            change.append(run)
            paragraph.append(change)

    content = word([HEADER, ("1", "Adopt a law", "Parliament")], change=track)

    assert texts(rows_of(files.read(content))) == [("1", "Adopt a law soon")]


def test_a_workbook_gives_a_table_for_each_sheet():
    content = excel([["Notes"], ["none"]], [HEADER, (12, "Adopt a law", "Parliament"), (13, "Train", "Police")])

    assert texts(rows_of(files.read(content))) == [("12", "Adopt a law"), ("13", "Train")]


def test_merged_cells_of_a_workbook_are_filled_in():
    rows = [HEADER, ("", "Adopt a law", "Parliament"), ("", "Train the police", "Police")]
    content = excel(rows, merge=[(1, 0, 2, 0, "5")])

    assert texts(rows_of(files.read(content))) == [("5", "Adopt a law"), ("5 [2]", "Train the police")]


def test_a_csv_file_is_read_by_its_content():
    assert texts(rows_of(files.read("No.;Recommendation\n1;Adopt ‘a law’\n".encode("utf-8-sig")))) == [
        ("1", "Adopt ‘a law’")
    ]
    assert texts(rows_of(files.read("No.\tRecommendation\n1\tAdopt\n".encode("utf-16")))) == [("1", "Adopt")]


@pytest.mark.parametrize(
    ("name", "made", "said"),
    [
        ("nothing", lambda: b"", "empty"),
        ("blank", lambda: b"  \n ", "empty"),
        ("a broken archive", lambda: b"PK\x03\x04nonsense", "damaged"),
        ("an empty archive", lambda: b"PK\x05\x06" + b"\0" * 18, "neither a Word document"),
        ("a PDF", lambda: b"%PDF-1.7 x", "PDF"),
        ("an old document", lambda: b"\xd0\xcf\x11\xe0 old", "old kind"),
        ("odd bytes", lambda: b"\xff\xfe", "no table"),
        ("a wrong byte", lambda: b"No.;Recommendation\n1;\xe9", "Line 2"),
        ("another archive", lambda: packed(a_xml=b"x"), "neither a Word document"),
        ("macros", lambda: packed(word__document_xml=b"<x", word__vbaProject_bin=b"x"), "macros"),
        ("a broken document", lambda: packed(word__document_xml=b"<x"), "not a Word document that can be read"),
        ("a broken workbook", lambda: packed(xl__workbook_xml=b"<x"), "not an Excel workbook that can be read"),
        ("too large", lambda: packed(word__document_xml=b" " * 70_000_000), "too large when it is unpacked"),
        ("cut off", lambda: word([("a",)])[:-200], "damaged"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_file_is_refused_with_what_to_do(name: str, made: Callable[[], bytes], said: str):
    with pytest.raises(Invalid, match=said):
        files.read(made())


def test_a_document_without_a_table_is_refused():
    with pytest.raises(Invalid, match="no table"):
        files.read(word())


def test_a_cell_in_the_last_corner_of_a_sheet_is_refused_and_not_laid_out_in_memory():
    target = io.BytesIO()
    book = Workbook(target, {"in_memory": True})
    book.add_worksheet().write(1_048_575, 16_383, "far away")
    book.close()

    with pytest.raises(Invalid, match="reaches to row 1048576"):
        files.read(target.getvalue())
    with pytest.raises(Invalid, match="reaches to row 1048576"):
        codecs.read(Format.XLSX, target.getvalue())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no table"),
        ("x" * 2_500_001, "more than 2500000 characters"),
        ("No.\tRecommendation\n" + "1\tx\n" * 2_001, "more than 2000 rows"),
        ("No.\tRecommendation" + "\tx" * 60 + "\n1", "more than 60 columns"),
        ("<table></table>", "no table"),
    ],
    ids=["nothing", "characters", "rows", "columns", "an empty table"],
)
def test_a_text_that_is_too_much_or_nothing_is_refused(text: str, said: str):
    with pytest.raises(Invalid, match=said):
        pasted.read(text)


@pytest.mark.parametrize("span", ["0", "-3", "x", "99999999", "²"])
def test_odd_spans_do_no_harm(span: str):
    table = (
        f"<table><tr><th>No.<th>Recommendation</tr><tr><td>1<td colspan='{span}' rowspan='{span}'>Adopt</table>"
    )

    [grid] = pasted.read(table) if span != "99999999" else [Grid("", [])]

    assert grid.width <= 60


def test_a_table_is_written_and_read_back_whole():
    grids = files.read(excel([HEADER, ("", "Adopt a law", ""), ("", "x", "")], merge=[(1, 0, 2, 0, "5")]))

    assert kept.read(kept.write(grids)) == grids


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Adopt the bill. It is late.", "Adopt the bill"),
        ("Adopt the bill; train the police.", "Adopt the bill"),
        ("通过法案。已经晚了。", "通过法案"),
        ("اعتماد القانون؛ وتدريب الشرطة", "اعتماد القانون"),
        (f"{LONG_CLAUSE}, as the last visit has asked for already.", LONG_CLAUSE),
        ("word " * 100, "word " * 32 + "…"),
        ("字" * 400, "字" * 160 + " …"),
    ],
)  # fmt: skip
def test_a_title_is_the_first_clause(text: str, title: str):
    assert title_of(text) == title


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2027-12-31", date(2027, 12, 31)),
        ("2027-12-31T00:00:00", date(2027, 12, 31)),
        ("31/12/2027", date(2027, 12, 31)),
        ("1.2.2027", date(2027, 2, 1)),
        ("06/2027", date(2027, 6, 30)),
        ("Q3 2027", date(2027, 9, 30)),
        ("2027", date(2027, 12, 31)),
        ("end of 2027", date(2027, 12, 31)),
        ("2027年底", date(2027, 12, 31)),
        ("31/02/2027", None),
        ("13/2027", None),
        ("1850", None),
        ("soon", None),
        ("within 12 months", None),
        ("", None),
    ],
)
def test_a_day_is_read_as_people_write_it(written: str, day: date | None):
    assert day_of(written) == day
