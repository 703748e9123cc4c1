"""Forms: checked for their token, read into strict bodies, done once, and shown again when refused."""

import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError
from starlette.datastructures import FormData

from app.access.authentication import sha256
from app.access.guard import refuse_cross_site
from app.access.once import UNDER_WAY, claim
from app.access.service import check_csrf
from app.core.actor import Actor
from app.core.errors import Conflict, DomainError, Invalid, Stale
from app.web.render import form_key, new_key

T = TypeVar("T")
_MOST_DIGITS = 12
_MOST_FIELDS, _LARGEST_FIELD = 5_000, 12_000_000  # a table of recommendations comes in one field
MEANWHILE = (
    "Somebody else changed this record meanwhile. What you entered is kept below; read the record and try again"
)
ANOTHER = (
    "This form was sent before, and what it said then is saved. What you entered now is something else, and is "
    "kept below: send it again if you want that as well"
)


class Form:
    """The values of a form by field name, and what is wrong with them."""

    def __init__(self, values: Mapping[str, Sequence[str]] | None = None) -> None:
        self._values = {name: list(given) for name, given in (values or {}).items()}
        self.errors: dict[str, list[str]] = {}
        self.refusal = ""
        self.status = 200
        self.headers: dict[str, str] = {}
        self.key = ""  # one form that was shown; empty where it has none yet
        self.sent_to = ""

    def text(self, name: str, otherwise: str = "") -> str:
        """The last value of a field, or `otherwise` when the form has none."""
        return self._values.get(name, [otherwise])[-1]

    def many(self, name: str) -> list[str]:
        """Every value of a field that was filled in."""
        return [value for value in self._values.get(name, []) if value.strip()]

    def listed(self, name: str) -> list[str]:
        """The codes of a text field, divided by spaces, commas or semicolons."""
        return self.text(name).replace(",", " ").replace(";", " ").split()

    def lines(self, name: str) -> list[str]:
        """The lines of a text field that say something."""
        return [line.strip() for line in self.text(name).splitlines() if line.strip()]

    def items(self) -> Iterable[tuple[str, list[str]]]:
        return self._values.items()

    @property
    def fingerprint(self) -> str:
        """What was sent, and where: two that are the same ask for the same."""
        return sha256(json.dumps([self.sent_to, sorted(self._values.items())]))

    def refuse(self, error: DomainError | ValidationError, fields: Mapping[str, str]) -> None:
        """Keep what is wrong, each message at the field that its pointer names (`fields`: pointer → field)."""
        if isinstance(error, ValidationError):
            self.status, self.refusal = 422, "Some of what you entered cannot be accepted"
            found = [("/" + "/".join(map(str, item["loc"])), _plain(item)) for item in error.errors()]
        else:
            self.status, self.refusal, self.headers = error.status, str(error), error.headers
            found = [(one.pointer, one.message) for one in error.errors]
        for pointer, message in found:
            self.errors.setdefault(_field(pointer, fields), []).append(message)


def attempt(
    session: Session, form: Form, do: Callable[[], T], fields: Mapping[str, str] | None = None
) -> T | None:
    """Return what `do` returns; when it refuses, undo what it began, keep the refusal in `form`, return None."""
    try:
        with session.begin_nested():
            return do()
    except (DomainError, ValidationError) as error:
        form.refuse(error, fields or {})
    except StaleDataError:
        form.refuse(Stale(MEANWHILE), {})
    except IntegrityError:
        form.refuse(Invalid("This contradicts a record that exists already"), {})
    return None


def attempt_once(
    session: Session, actor: Actor, form: Form, do: Callable[[], str], fields: Mapping[str, str] | None = None
) -> str | None:
    """Return the name that `do` gives to what it made: once for each form shown, however often it is sent.

    A refused form was not done, and may be sent again. None where it is refused, as `attempt` says.
    """
    if not form.key:
        return attempt(session, form, do, fields)

    def done() -> str:
        record = claim(session, actor.principal, f"form:{sha256(form.key)}", form.fingerprint)
        if record.request_hash != form.fingerprint:
            form.key = ""
            raise Conflict(ANOTHER)
        if record.status == UNDER_WAY:
            record.status, record.subject = 303, [do()]
        return record.subject[0]

    return attempt(session, form, done, fields)


def new_form(request: Request, values: Mapping[str, Sequence[str]]) -> Form | RedirectResponse:
    """An empty form, known by the key in its address: who comes back to it sends the same one again."""
    key = request.query_params.get("form", "")
    if not key:
        asked = [*request.query_params.multi_items(), ("form", new_key())]
        return RedirectResponse(f"{request.url.path}?{urlencode(asked)}", 303)
    form = Form(values)
    form.key = key
    return form


def whole_number(text: str) -> int | str | None:
    """The number that `text` writes in digits, nothing for blank, or the text itself for its reader to refuse."""
    written = text.strip()
    is_number = written.isascii() and written.isdigit() and len(written) <= _MOST_DIGITS
    return int(written) if is_number else written or None


def same_version(form: Form, shown: object) -> None:
    """Raise Stale unless the record is still the one that the form was made from."""
    if form.text("version") != str(shown):
        raise Stale(MEANWHILE)


def version_read(form: Form, newest: str) -> str:
    """The version that a form shown again is against: the one that was read, so that nobody's save is taken over
    unseen; the newest where there is none, or once the form was told that the record changed."""
    return newest if form.status == Stale.status else form.text("version") or newest


def filled(**values: Any) -> dict[str, Any]:
    """The values that say something: no empty text, no empty list, nothing that is None."""
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}


async def _read(request: Request) -> AsyncIterator[FormData]:
    async with request.form(max_fields=_MOST_FIELDS, max_part_size=_LARGEST_FIELD) as form:
        request.state.entered = form  # for the error page: nothing entered is lost
        yield form


def _checked(request: Request, sent: Annotated[FormData, Depends(_read)]) -> Form:
    refuse_cross_site(request)
    values: dict[str, list[str]] = {}
    for name, value in sent.multi_items():
        if isinstance(value, str):
            values.setdefault(name, []).append(value)
    check_csrf(request.app.state.settings.secret, form_key(request), values.pop("token", [""])[-1])
    key = values.pop("form", [""])[-1]
    form = Form(values)
    form.key, form.sent_to = key, request.url.path
    return form


FormDep = Annotated[Form, Depends(_checked)]


def _field(pointer: str, fields: Mapping[str, str]) -> str:
    """The form's field for a pointer: the longest beginning that `fields` names, else the pointer's first part."""
    parts = pointer.strip("/").split("/")
    for length in range(len(parts), 0, -1):
        if (name := fields.get("/".join(parts[:length]))) is not None:
            return name
    return parts[0]


def _plain(item: Mapping[str, Any]) -> str:
    message = str(item["msg"]).removeprefix("Value error, ")
    return "This is needed" if item["type"] == "missing" else message
