"""Consultations: versions taken in from Markdown, comments on their clauses, and how each is treated."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.errors import Invalid, NotFound
from app.core.paging import Paging
from app.practices import comments, differences, queries, service, shown
from app.practices.models import ClauseComment, Disposition, PracticeVersion
from app.practices.schemas import CommentFilter, CommentIn, DispositionIn, Plan, VersionIn
from app.web.forms import Form, FormDep, attempt, attempt_once, filled, new_form, same_version, whole_number
from app.web.lists import asked, first_path, next_path, paging_of
from app.web.names import code_of
from app.web.render import Page, PageDep, go
from app.web.words import spoken

router = APIRouter(prefix="/practices", include_in_schema=False)
Reader = Annotated[Actor, Depends(Requires(Permission.PRACTICE_READ))]
Speaker = Annotated[Actor, Depends(Requires(Permission.COMMENT_WRITE))]
Officer = Annotated[Actor, Depends(Requires(Permission.PRACTICE_WRITE))]
DISPOSITIONS = [(one.value, spoken(one)) for one in Disposition]
_OF_CLAUSE = Paging(limit=200)


@router.get("/{ref}/consultation")
def consultation_page(page: PageDep, actor: Reader, ref: str) -> Response:
    practice = queries.get(page.session, actor, ref)
    try:
        found = queries.consultation(page.session, actor, ref)
    except NotFound:
        return page.show("practices/consultation.html", practice=practice, version=None)
    version = queries.version_view(found)
    before = queries.before(page.session, actor, found)
    diff = differences.between(queries.version_view(before), version).clauses if before else []
    made, _ = queries.comments(page.session, actor, ref, CommentFilter(version=version.number), _OF_CLAUSE)
    return page.show(
        "practices/consultation.html",
        practice=practice,
        version=version,
        changes={one.id: one.change for one in diff},
        dropped=[one for one in diff if one.change == "removed"],
        counts={one.anchor: sum(each.clause == one.anchor for each in made) for one in version.texts},
        waiting=queries.waiting(page.session, actor, found) if actor.is_cted else 0,
    )


@router.get("/{ref}/consultation/{anchor}")
def clause_page(page: PageDep, actor: Reader, ref: str, anchor: str) -> Response:
    found = queries.consultation(page.session, actor, ref)
    queries.text_of(found, anchor)  # 404 before a form is made for it
    form = new_form(page.request, {})
    return _clause_page(page, actor, found, anchor, form) if isinstance(form, Form) else form


@router.post("/{ref}/consultation/{anchor}")
def comment_on_clause(page: PageDep, form: FormDep, actor: Speaker, ref: str, anchor: str) -> Response:
    found = queries.consultation(page.session, actor, ref)
    queries.text_of(found, anchor)

    def do() -> str:
        names = ("text", "workshop", "source", "said_on")
        said: dict[str, Any] = {name: form.text(name).strip() for name in names}
        said["country"] = code_of(form.text("country"), "country", page.labels)
        values = CommentIn.model_validate(filled(clause=anchor, **said))
        return str(comments.make(page.session, actor, found, values).id)

    if attempt_once(page.session, actor, form, do) is None:
        return _clause_page(page, actor, found, anchor, form)
    return go(f"/practices/{ref}/consultation/{anchor}", "comment-made")


@router.get("/{ref}/comments")
def comments_page(page: PageDep, actor: Reader, ref: str) -> Response:
    practice = queries.get(page.session, actor, ref)
    wanted = asked(page.request, CommentFilter)
    items, found = queries.comments(page.session, actor, ref, wanted, paging_of(page.request))
    return page.show(
        "practices/comments.html",
        practice=practice,
        comments=items,
        total=found.total,
        wanted=wanted,
        first=first_path(page.request),
        next=next_path(page.request, found),
    )


@router.get("/{ref}/comments/{comment_id}")
def comment_page(page: PageDep, actor: Reader, ref: str, comment_id: UUID) -> Response:
    comment = queries.comment(page.session, actor, ref, comment_id)
    kept = {"disposition": comment.disposition or "", "reason": comment.reason, "asked": comment.asked}
    form = Form({name: [value] for name, value in kept.items()} if actor.is_cted else {})
    return _comment_page(page, actor, comment, form)


@router.post("/{ref}/comments/{comment_id}")
def dispose_of_comment(page: PageDep, form: FormDep, actor: Officer, ref: str, comment_id: UUID) -> Response:
    comment = queries.comment(page.session, actor, ref, comment_id)

    def do() -> str:
        same_version(form, shown.comment(actor, comment).etag)
        names = ("disposition", "reason", "asked")
        values = DispositionIn.model_validate(filled(**{name: form.text(name).strip() for name in names}))
        return str(comments.dispose(page.session, actor, comment, values).id)

    if attempt_once(page.session, actor, form, do) is None:
        return _comment_page(page, actor, comment, form)
    return go(f"/practices/{ref}/comments?open=true", "comment-treated")


@router.get("/{ref}/import")
def import_page(page: PageDep, actor: Officer, ref: str) -> Response:
    queries.load(page.session, actor, ref)
    form = new_form(page.request, {})
    return _import_page(page, actor, ref, form, None) if isinstance(form, Form) else form


@router.post("/{ref}/import")
def import_version(page: PageDep, form: FormDep, actor: Officer, ref: str) -> Response:
    practice = queries.load(page.session, actor, ref)
    checks = form.text("step") != "take"
    found = attempt(page.session, form, lambda: _with_file(page, form))
    if found is None:
        return _import_page(page, actor, ref, form, None)
    if checks:
        plan = attempt(page.session, found, lambda: _planned(page, actor, ref, found))
        return _import_page(page, actor, ref, found, plan)

    def do() -> str:
        said = {"markdown": found.text("markdown"), "note": found.text("note").strip()}
        values = VersionIn.model_validate(
            {**said, "compared_with": whole_number(found.text("compared_with") or "0")}
        )
        return str(service.open_version(page.session, actor, practice, values).number)

    if attempt_once(page.session, actor, found, do) is None:
        return _import_page(page, actor, ref, found, None)
    return go(f"/practices/{ref}/consultation", "version-opened")


def _planned(page: Page, actor: Actor, ref: str, form: Form) -> Plan:
    values = VersionIn.model_validate({"markdown": form.text("markdown"), "note": form.text("note").strip()})
    return service.plan(page.session, actor, queries.load(page.session, actor, ref), values.markdown)


def _with_file(page: Page, form: Form) -> Form:
    """The form with an uploaded file's text in the place of what was typed. Raises Invalid for other files."""
    file = page.request.state.entered.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return form
    try:
        text = file.file.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid.field("/file", "The file is not text in UTF-8; save it as Markdown (.md) in UTF-8") from None
    changed = Form({**dict(form.items()), "markdown": [text]})
    changed.key, changed.sent_to = form.key, form.sent_to
    return changed


def _import_page(page: Page, actor: Actor, ref: str, form: Form, plan: Plan | None) -> Response:
    practice = queries.get(page.session, actor, ref)
    return page.show("practices/import.html", form.status, practice=practice, form=form, plan=plan)


def _clause_page(page: Page, actor: Actor, found: PracticeVersion, anchor: str, form: Form) -> Response:
    before = queries.before(page.session, actor, found)
    version = queries.version_view(found)
    diff = differences.between(queries.version_view(before), version).clauses if before else []
    wanted = CommentFilter(clause=anchor, version=version.number)
    made, _ = queries.comments(page.session, actor, version.practice, wanted, _OF_CLAUSE)
    return page.show(
        "practices/clause.html",
        form.status,
        version=version,
        clause=next(one for one in version.texts if one.anchor == anchor),
        diff=next((one for one in diff if one.id.endswith(f"#{anchor}")), None),
        comments=made,
        form=form,
    )


def _comment_page(page: Page, actor: Actor, comment: ClauseComment, form: Form) -> Response:
    of = queries.version(page.session, actor, comment.of.practice.ref, comment.of.number)
    said: Mapping[str, Any] = {
        "comment": shown.comment(actor, comment),
        "version": shown.head(of, len(of.clauses)),
        "clause": shown.clause(of, queries.text_of(of, comment.clause.anchor)),
    }
    return page.show("practices/comment.html", form.status, form=form, dispositions=DISPOSITIONS, **said)
