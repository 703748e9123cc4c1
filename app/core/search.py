"""Whether an indexed column answers a query, said in the words of each database."""

from typing import Any

from sqlalchemy import ColumnElement, String, bindparam, false, inspect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Boolean

from app.core.text import Query


def matches(column: InstrumentedAttribute[str], query: Query) -> ColumnElement[bool]:
    """Whether the row's tokens in `column` hold one of every group of `query`. The mapped class has an `id`."""
    if not query.groups:
        return false()
    identity = inspect(column.class_).primary_key[0]
    every = [sorted(group) for group in query.groups]
    for_sqlite = " AND ".join("(" + " OR ".join(f'"{token}"' for token in group) + ")" for group in every)
    for_postgresql = " & ".join("(" + " | ".join(f"'{token}'" for token in group) + ")" for group in every)
    return _Matches(
        identity,
        column,
        bindparam(None, f"{{{column.key}}} : ({for_sqlite})", String),
        bindparam(None, for_postgresql, String),
    )


class _Matches(FunctionElement[bool]):
    """Holds the row's id, its column, and the query as either database wants it."""

    type = Boolean()
    inherit_cache = True
    _is_implicitly_boolean = True  # else SQLite is asked `… IN (…) = 1`, and then looks through every row


@compiles(_Matches, "sqlite")
def _in_full_text_table(element: _Matches, compiler: SQLCompiler, **options: Any) -> str:
    identity, column, wanted, _ = element.clauses
    index = f"search_{column.table.name}"
    row = compiler.process(identity, **options)
    return f"{row} IN (SELECT rowid FROM {index} WHERE {index} MATCH {compiler.process(wanted, **options)})"


@compiles(_Matches, "postgresql")
def _in_text_vector(element: _Matches, compiler: SQLCompiler, **options: Any) -> str:
    """Asked once, of the index, and held against each row: never computed row by row."""
    identity, column, _, wanted = element.clauses
    vector, query = f"search_vector(found.{column.name})", compiler.process(wanted, **options)
    hits = f"SELECT found.{identity.name} FROM {column.table.name} AS found"
    found = f"{hits} WHERE {vector} @@ CAST({query} AS tsquery)"
    return f"({compiler.process(identity, **options)} = ANY (ARRAY({found})))"
