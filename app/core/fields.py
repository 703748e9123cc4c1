"""Types of what comes in: clean text within a limit, and dates, choices and sums that a strict body can take.

Use them as `title: Annotated[str, Line(300, 1)]`, `note: Annotated[str, Paragraph(4000)] | None = None`,
`weapons: Annotated[Codes, Clearable()]` (null clears), `wanted_by: Day | None`, `status: Choice[NeedStatus]`,
`programme_id: Identifier`, `themes: Codes`.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeAlias, TypeVar
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

E = TypeVar("E")

_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")  # letters that are drawn as nothing
_BREAKS = re.compile("\r\n?|[\u0085\u2028\u2029]")
FIRST_YEAR, LAST_YEAR = 1900, 9990
LAST_DAYS_YEAR = 2200
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text: NFC, trimmed, at most `longest` characters, with nothing invisible that deceives."""

    longest: int
    shortest: int = 0

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        limited = core_schema.str_schema(min_length=self.shortest, max_length=self.longest, strict=True)
        return core_schema.no_info_before_validator_function(_clean_line, limited)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Text of several lines: as Line, with newlines and tabs allowed and every line break written as \\n."""

    longest: int
    shortest: int = 0

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        limited = core_schema.str_schema(min_length=self.shortest, max_length=self.longest, strict=True)
        return core_schema.no_info_before_validator_function(_clean_paragraph, limited)


@dataclass(frozen=True, slots=True)
class Clearable:
    """Lets null stand for `empty` (no text, no items), so that a change can clear the field."""

    empty: str | tuple[()] = ()

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        empty = self.empty if isinstance(self.empty, str) else list(self.empty)
        schema = handler(source)
        return core_schema.no_info_before_validator_function(lambda v: empty if v is None else v, schema)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [handler(schema), {"type": "null"}]}


def clean(text: str, allowed: str = "") -> str:
    """Return `text` in NFC and trimmed. Raises ValueError naming the first character that is refused."""
    for place, character in enumerate(text, start=1):
        if character not in allowed and (reason := _refusal(character)):
            raise ValueError(f"Character {place} (U+{ord(character):04X}) is {reason}; remove it")
    return unicodedata.normalize("NFC", text).strip().strip("\ufeff").strip() if is_seen(text) else ""


def is_seen(text: str) -> bool:
    """Whether anything of `text` can be seen: spaces, marks without width and blank letters cannot."""
    return any(unicodedata.category(each) not in _UNSEEN and each not in _BLANK for each in text)


def is_storable(text: str) -> bool:
    """Whether any database can be asked for `text`: no NUL, no half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def as_number(value: Decimal) -> int | float:
    """A sum as JSON writes it."""
    return int(value) if value == value.to_integral_value() else float(value)


def _clean_line(value: Any) -> Any:
    return clean(value) if isinstance(value, str) else value


def _clean_paragraph(value: Any) -> Any:
    return clean(_BREAKS.sub("\n", value), "\n\t") if isinstance(value, str) else value


def _refusal(character: str) -> str | None:
    """Why a character is refused, or None for one that is fine."""
    code = ord(character)
    if code < 0x20 or 0x7F <= code <= 0x9F:
        return "a line break, where one line is wanted" if character in "\n\r\x85" else "a control character"
    if 0xD800 <= code <= 0xDFFF:
        return "half of a surrogate pair"
    if character in _BIDI:
        return "a mark that turns the direction of the text around"
    if character in "\u2028\u2029":
        return "a line break, where one line is wanted"
    if 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE:
        return "not a character of Unicode"
    return None


def _day(value: Any) -> Any:
    if isinstance(value, str) and not _DAY.fullmatch(value.strip()):
        raise ValueError("A day is written as 2027-12-31")
    return _no_number(value)


def _near(day: date) -> date:
    if not FIRST_YEAR <= day.year <= LAST_DAYS_YEAR:
        raise ValueError(f"A day lies in the years {FIRST_YEAR} to {LAST_DAYS_YEAR}")
    return day


def _no_number(value: Any) -> Any:
    if isinstance(value, (int, float)):
        raise ValueError("This is written as text, not as a number")
    return value


def in_calendar(moment: datetime) -> datetime:
    """Return `moment`. Raises ValueError for one that UTC, or a sum with a few years, could not write."""
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"A time lies in the years {FIRST_YEAR} to {LAST_YEAR}")
    return moment


def _no_flag(value: Any) -> Any:
    if isinstance(value, bool) or (isinstance(value, str) and not is_storable(value)):
        raise ValueError("A sum is a number such as 450000 or 450000.50")
    return value


def _currency(value: str) -> str:
    if not re.fullmatch("[A-Z]{3}", value):
        raise ValueError("A currency is three capital letters of ISO 4217, such as USD")
    return value


def _web_address(value: str) -> str:
    if value and not re.fullmatch(r"https?://[^\s/?#@\\]+\.[^\s@\\]+", value):
        raise ValueError("A web address begins with https:// or http:// and holds no spaces")
    return value


def _once_each(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


# A strict body refuses text where a date or a choice is meant, and JSON can send nothing else: these take it.
Choice: TypeAlias = Annotated[E, Field(strict=False)]
Day: TypeAlias = Annotated[date, Field(strict=False), BeforeValidator(_day), AfterValidator(_near)]
Moment: TypeAlias = Annotated[
    AwareDatetime, Field(strict=False), BeforeValidator(_no_number), AfterValidator(in_calendar)
]
Identifier: TypeAlias = Annotated[UUID, Field(strict=False), BeforeValidator(_no_number)]
# Fifteen digits are what a JSON number carries without loss.
Money: TypeAlias = Annotated[
    Decimal,
    Field(strict=False, ge=0, max_digits=15, decimal_places=2),
    BeforeValidator(_no_flag),
    PlainSerializer(as_number, when_used="json"),
]
# What every database can hold in an integer column.
Count: TypeAlias = Annotated[int, Field(ge=1, le=1_000_000_000)]
Currency: TypeAlias = Annotated[str, Line(3), AfterValidator(_currency)]
WebAddress: TypeAlias = Annotated[str, Line(500), AfterValidator(_web_address)]
# Whether a code exists is the database's to say (check_codes), which also names the nearest ones.
Code: TypeAlias = Annotated[str, Line(60, 1)]
Codes: TypeAlias = Annotated[list[Code], Field(max_length=200), AfterValidator(_once_each)]
