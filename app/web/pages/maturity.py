"""Self-assessments of States, for officers: a sheet is taken in, and each State is read by itself."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.errors import Invalid
from app.exchange import codecs
from app.exchange.models import Format
from app.exchange.sheets import CommentSheetOut, comments_of, levels_of
from app.maturity import queries
from app.maturity.schemas import SheetIn, SheetOut
from app.practices import queries as practices
from app.web.forms import Form, FormDep, attempt_once, filled
from app.web.lists import first_path, next_path, paging_of
from app.web.names import code_of
from app.web.render import Page, PageDep

router = APIRouter(include_in_schema=False)
Reader = Annotated[Actor, Depends(Requires(Permission.MATURITY_READ))]
Writer = Annotated[Actor, Depends(Requires(Permission.MATURITY_WRITE))]
Officer = Annotated[Actor, Depends(Requires(Permission.PRACTICE_WRITE))]


@router.get("/maturity")
def self_assessments_page(page: PageDep, actor: Reader) -> Response:
    return _list_page(page, actor, Form(), None)


@router.post("/maturity")
def take_in_sheet(page: PageDep, form: FormDep, actor: Writer) -> Response:
    """Take the sheet in, or only try it, and say what became of each row."""
    results: list[SheetOut] = []

    def do() -> str:
        names = ("practice", "reference", "received_on")
        said = filled(**{name: form.text(name).strip() for name in names})
        country = code_of(form.text("country"), "country", page.labels)
        values = SheetIn.model_validate({**said, "country": country, "dry_run": form.text("step") == "try"})
        results.append(levels_of(page.session, actor, values, _table(page)))
        return results[0].ref

    attempt_once(page.session, actor, form, do)
    if form.text("step") == "try":
        form.key = ""  # to try is not to do: the same form may be sent for good
    return _list_page(page, actor, form, results[0] if results else None)


@router.get("/maturity/{ref}")
def self_assessment_page(page: PageDep, actor: Reader, ref: str) -> Response:
    found = queries.shown(page.session, queries.get(page.session, actor, ref))
    return page.show("maturity/sheet.html", sheet=found)


@router.get("/practices/{ref}/sheet")
def comment_sheet_page(page: PageDep, actor: Officer, ref: str) -> Response:
    return _comments_page(page, actor, ref, Form(), None)


@router.post("/practices/{ref}/sheet")
def take_in_comments(page: PageDep, form: FormDep, actor: Officer, ref: str) -> Response:
    results: list[CommentSheetOut] = []

    def do() -> str:
        results.append(comments_of(page.session, actor, ref, _table(page)))
        return ref

    attempt_once(page.session, actor, form, do)
    return _comments_page(page, actor, ref, form, results[0] if results else None)


def _table(page: Page) -> codecs.Table:
    """The uploaded sheet. Raises Invalid where there is none, or its name does not say what it is."""
    file = page.request.state.entered.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise Invalid.field("/file", "Choose a file: .xlsx, .csv or .jsonl")
    ending = file.filename.lower().rpartition(".")[2]
    if ending not in set(Format):
        raise Invalid.field("/file", "The file's name ends in .xlsx, .csv or .jsonl")
    return codecs.read(Format(ending), file.file.read())


def _list_page(page: Page, actor: Actor, form: Form, result: SheetOut | None) -> Response:
    items, found = queries.page(page.session, actor, paging_of(page.request))
    documents = [(one.ref, one.title) for one in practices.listed(page.session, actor) if one.current]
    return page.show(
        "maturity/list.html",
        form.status,
        sheets=items,
        form=form,
        result=result,
        documents=documents,
        tried=form.text("step") == "try",
        first=first_path(page.request),
        next=next_path(page.request, found),
    )


def _comments_page(page: Page, actor: Actor, ref: str, form: Form, result: CommentSheetOut | None) -> Response:
    practice = practices.get(page.session, actor, ref)
    return page.show("practices/sheet.html", form.status, practice=practice, form=form, result=result)
