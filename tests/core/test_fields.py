"""Incoming text, dates, choices and sums: what is taken, what is made of it, and how a refusal is said."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from app.core.fields import Choice, Codes, Currency, Day, Identifier, Line, Moment, Money, Paragraph, WebAddress
from app.core.http import Body
from app.needs.models import Priority


class Form(Body):
    line: Annotated[str, Line(5, 1)] = "x"
    text: Annotated[str, Paragraph(50)] | None = None
    day: Day | None = None
    moment: Moment | None = None
    identity: Identifier | None = None
    sum: Money | None = None
    currency: Currency | None = None
    priority: Choice[Priority] | None = None
    codes: Codes = []
    page: WebAddress = ""


def refusal(**values: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        Form.model_validate(values)
    return str(caught.value.errors()[0]["msg"])


def test_text_is_trimmed_and_composed():
    assert Form(line="  e\u0301\u00a0").line == "\u00e9"


def test_line_breaks_of_any_system_become_newlines():
    assert Form(text="a\r\nb\u2028c\td").text == "a\nb\nc\td"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a\nb", "Character 2 (U+000A) is a line break"),
        ("\x00", "(U+0000) is a control character"),
        ("a\u202eb", "a mark that turns the direction of the text around"),
        ("\u2066", "a mark that turns the direction of the text around"),
        ("\ud800", "half of a surrogate pair"),
        ("\ufffe", "not a character of Unicode"),
        ("   ", "at least 1 character"),
        ("123456", "at most 5 characters"),
    ],
)
def test_what_deceives_or_exceeds_is_refused_with_its_place_and_reason(line: str, said: str):
    assert said in refusal(line=line)


def test_arabic_and_emoji_with_joiners_are_plain_text():
    assert Form(text="م\u200cن \U0001f468\u200d\U0001f469").text == "م\u200cن \U0001f468\u200d\U0001f469"


def test_json_values_are_taken_by_a_strict_body():
    form = Form.model_validate({"day": "2027-12-31", "priority": "high", "sum": 1.5, "currency": "USD"})

    assert (form.day, form.priority, form.sum) == (date(2027, 12, 31), Priority.HIGH, Decimal("1.5"))


@pytest.mark.parametrize(
    "values",
    [
        {"day": 20271231}, {"day": "20271231"}, {"day": "2027-02-30"}, {"day": "2027-12-31T00:00:00"},
        {"moment": "2027-12-31T00:00:00"}, {"moment": 5}, {"identity": 5}, {"identity": "x"},
        {"sum": True}, {"sum": float("nan")}, {"sum": float("inf")}, {"sum": -1}, {"sum": 10**400},
        {"sum": "1e999999"},
        {"currency": "usd"}, {"currency": "EURO"}, {"priority": "urgent"}, {"priority": 1},
        {"codes": ["a" * 61]}, {"codes": "a"}, {"page": "javascript:alert(1)"}, {"page": "https://a b.org"},
        {"unknown": 1},
    ],
)  # fmt: skip
def test_wrong_values_are_refused(values: dict[str, Any]):
    assert refusal(**values)


def test_codes_are_kept_once_each_in_their_order():
    assert Form(codes=["b", "a", "b"]).codes == ["b", "a"]


@settings(deadline=None, database=None)
@given(st.text(st.characters()))
def test_any_text_is_either_taken_clean_or_refused(text: str):
    try:
        taken = Form(text=text[:50]).text
    except ValidationError:
        return
    assert taken is not None
    assert taken.encode() is not None
    assert not any(ord(character) < 32 and character not in "\n\t" for character in taken)
    assert Form(text=taken).text == taken


@pytest.mark.parametrize("text", ["\u200b", "\u200f\u200e", "\u3164", "\u2800 \u00a0", "\u115f\u1160\uffa0"])
def test_a_text_of_which_nothing_can_be_seen_is_no_text(text: str):
    with pytest.raises(ValidationError, match="at least 1 character"):
        TypeAdapter(Annotated[str, Line(300, 1)]).validate_python(text)


@pytest.mark.parametrize("day", ["1899-12-31", "2201-01-01"])
def test_a_day_lies_within_a_few_lifetimes(day: str):
    with pytest.raises(ValidationError, match="1900 to 2200"):
        TypeAdapter(Day).validate_python(day)
