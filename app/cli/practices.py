"""`counterpart practices`: guidelines from Markdown files."""

import json
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from app.cli.failures import Failure
from app.cli.session import answer, operator, say, transaction
from app.core.actor import Actor
from app.core.errors import NotFound
from app.practices import queries, service
from app.practices.markdown import parse
from app.practices.models import Practice, VersionStatus
from app.practices.schemas import Plan, PracticeIn, VersionIn, VersionMove

practices = typer.Typer(no_args_is_help=True)
Title = Annotated[str, typer.Option(help="Title of a new document; else the file's first heading.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show what it would become; keep nothing.")]


@practices.callback()
def _group() -> None:
    """Guidelines as living documents."""


@practices.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="A Markdown file in UTF-8.", dir_okay=False)],
    ref: Annotated[str, typer.Option(help="Reference of the document, such as GUIDE-2370.")],
    title: Title = "",
    note: Annotated[str, typer.Option(help="What is new in this version.")] = "",
    publish: Annotated[bool, typer.Option("--publish", help="Put it in force at once.")] = False,
    dry_run: DryRun = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for a program to read.")] = False,
) -> None:
    """Take FILE in as a version that is open for consultation; a document that is not there yet is begun.

    Shows which clause each heading is taken for, and how that was found.
    """
    markdown = _read(file)
    with transaction() as session:
        actor = operator(session)
        savepoint = session.begin_nested()
        practice = _practice(session, actor, ref, title or parse(markdown).title)
        plan = service.plan(session, actor, practice, markdown)
        _take(session, actor, practice, VersionIn(markdown=markdown, note=note), publish)
        if dry_run:
            savepoint.rollback()
        else:
            savepoint.commit()
    answer(json.dumps(plan.model_dump(mode="json")) if as_json else _said(plan))
    if dry_run:
        say("nothing was kept, this was a try")


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise Failure(f"{file} is not text in UTF-8") from None


def _practice(session: Session, actor: Actor, ref: str, title: str) -> Practice:
    try:
        return queries.load(session, actor, ref)
    except NotFound:
        return service.create(session, actor, PracticeIn(ref=ref, title=title or ref))


def _take(session: Session, actor: Actor, practice: Practice, values: VersionIn, publish: bool) -> None:
    version = service.open_version(session, actor, practice, values)
    if publish:
        service.move(session, actor, version, VersionMove(status=VersionStatus.CURRENT))


def _said(plan: Plan) -> str:
    rows = [f"{one.number}\t{one.title}\t#{one.anchor}\t{one.how}\t{one.change}" for one in plan.rows]
    return "\n".join([*rows, *(f"{one.number}\t{one.title}\t#{one.anchor}\t\tremoved" for one in plan.dropped)])
