"""A vocabulary as programs read it: codes with labels in the six official languages."""

from typing import Any

from pydantic import BaseModel


class TermOut(BaseModel):
    code: str
    parent: str | None
    labels: dict[str, str]
    facts: dict[str, Any]


class VocabularyOut(BaseModel):
    """`name` is what errors call the vocabulary. A label that is missing is not translated yet."""

    name: str
    terms: list[TermOut]


class VocabularyNames(BaseModel):
    items: list[str]
