"""Provisions as people write them in the six languages."""

import pytest

from app.core.provisions import found_in_query, found_in_text, parse, tokens_of


@pytest.mark.parametrize(
    "text",
    [
        "OP 6 of 2370", "OP6 of resolution 2370 (2017)", "para. 6 of resolution 2370 (2017)",
        "S/RES/2370 (2017), OP 6",
        "operative paragraph 6 of Security Council resolution 2370", "paragraphe 6 de la résolution 2370 (2017)",
        "párrafo 6 de la resolución 2370", "пункт 6 резолюции 2370", "الفقرة 6 من القرار 2370",
        "第2370号决议第6段",
        "resolution 2370 (2017), para. 6",
    ],
)  # fmt: skip
def test_a_paragraph_of_a_resolution_is_found_in_a_text(text: str):
    assert [provision.token for provision in found_in_text(f"… {text} …")] == ["p_2370_6"]


@pytest.mark.parametrize("text", ["1373, 2 (a)", "1373 2(a)", "1373 OP 2 a", "1373:2(a)", "para 2 (a) of 1373"])
def test_a_query_may_leave_out_what_a_text_needs(text: str):
    assert [provision.token for provision in found_in_query(text)] == ["p_1373_2_a"]


@pytest.mark.parametrize(
    "text", ["14,000 rifles in 2023", "an order of 2023 on 12 posts", "2026-11-21", "1373 2370"]
)
def test_other_numbers_are_no_provisions(text: str):
    assert found_in_text(text) == []
    assert [provision.paragraph for provision in found_in_query(text) if provision.paragraph not in {"12"}] == []


def test_a_subparagraph_is_found_under_its_paragraph_and_under_the_whole():
    assert tokens_of("1373", "2 (a)") == {"p_1373", "p_1373_2", "p_1373_2_a"}


@pytest.mark.parametrize(
    ("text", "token"), [("ATT:6", "p_att_6"), ("FIREARMS-PROTOCOL", "p_firearms_protocol"), ("2370", "p_2370")]
)
def test_a_filter_names_an_instrument_by_its_code(text: str, token: str):
    provision = parse(text)

    assert provision is not None
    assert provision.token == token


@pytest.mark.parametrize("text", ["", "??", "two words", "\u202e"])
def test_what_names_no_provision_is_none(text: str):
    assert parse(text) is None
