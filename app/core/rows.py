"""One row among many: validated and written by itself, so that a wrong one is refused and the others stay."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app.core.errors import DomainError, FieldError

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a row was not taken: as a single request would be answered."""

    status: int
    detail: str
    errors: Sequence[FieldError] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a row that was taken: created, updated, or as it was (unchanged)."""

    ref: str
    outcome: str


class Writer(Protocol[M]):
    """Writes rows of one kind. `prepare` looks up once what all of them name."""

    schema: type[M]

    def prepare(self, batch: Sequence[M]) -> None: ...

    def key(self, values: M) -> Hashable | None:
        """What makes two rows the same record; None where nothing does."""

    def key_field(self, values: M) -> str:
        """The field that says so."""

    def write(self, values: M) -> Written: ...


def write_each(session: Session, writer: Writer[M], rows: Sequence[Any]) -> Iterator[Written | Refused]:
    """Validate and write every row by itself; yield what became of each, in order.

    The second row about one record is refused: which of the two is right is for their author to say.
    """
    batch = [row if isinstance(row, Refused) else read(writer.schema, row) for row in rows]
    writer.prepare([values for values in batch if not isinstance(values, Refused)])
    first: dict[Hashable, int] = {}
    for number, values in enumerate(batch):
        if isinstance(values, Refused):
            yield values
            continue
        key = writer.key(values)
        if key is not None and first.setdefault(key, number) != number:
            said = f"The row that is {number - first[key]} above is about the same record"
            yield Refused(409, said, [FieldError(f"/{writer.key_field(values)}", said)])
            continue
        yield write(session, partial(writer.write, values))


def read(schema: type[M], row: Any) -> M | Refused:
    """Validate one row against `schema`."""
    try:
        return schema.model_validate(row)
    except ValidationError as error:
        errors = [FieldError(_pointer(item["loc"]), _plain(item["msg"])) for item in error.errors()]
        return Refused(422, "Some of what was sent cannot be accepted", errors)


def write(session: Session, do: Callable[[], T]) -> T | Refused:
    """Do something in a savepoint: what fails in it is undone alone, and comes back as its refusal."""
    try:
        with session.begin_nested():
            return do()
    except DomainError as error:
        return Refused(error.status, str(error), error.errors)
    except (IntegrityError, DataError):
        return Refused(409, "This contradicts a record that exists already; read it again and retry")
    except StaleDataError:
        return Refused(412, "Somebody else changed this record meanwhile; read it again and retry")


def _pointer(location: Sequence[str | int]) -> str:
    return "/" + "/".join(str(part) for part in location)


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ")
