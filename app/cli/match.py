"""Run the matcher, ask it for suggestions, and look at its model and glossary."""

import json
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from sqlalchemy.orm import Session

from app.cli.session import answer, console, open_engine, open_settings, operator, transaction
from app.core.db import session_factory
from app.needs import queries as needs
from app.pairings import runs, suggesting
from app.pairings.ranking import Ranking
from app.pairings.schemas import MatchRunOut, SuggestionFilter, SuggestionOut, Suggestions

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for a program to read.")]
match = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
model = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
glossary = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@match.callback()
def _match() -> None:
    """Run the matcher, or ask it for suggestions."""


@model.callback()
def _model() -> None:
    """Look at the model that scores depend on."""


@glossary.callback()
def _glossary() -> None:
    """Check the glossary and the matcher's other files."""


@match.command("run")
def match_run(
    full: Annotated[bool, typer.Option("--full", help="Refit the statistics and rank every open need.")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring the proposals of all open needs up to date: what changed since the last run, or with --full all.

    Decided pairs keep their state. Interrupted, what is done is kept and the next run does the rest.
    """
    with open_engine() as engine, _bar() as bar:
        open_session = session_factory(engine)
        with open_session(False) as session:
            actor = operator(session)
        task = bar.add_task("open needs", total=None)
        found = runs.run(open_session, _ranking(), actor, full, lambda state: _drawn(bar, task, state))
    if as_json:
        answer(found.model_dump_json())
    else:
        counts = f"{found.new} new, {found.kept} kept, {found.superseded} superseded"
        answer(f"{counts}; {found.needs_done} open needs, model {found.model}")


@match.command("suggest")
def suggest(
    ref: Annotated[str, typer.Argument(help="The need, such as N-2026-K7QXM.")],
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="How many programmes at most.")] = 10,
    why: Annotated[str, typer.Option("--why", help="Explain this programme alone, whatever its rank.")] = "",
    as_json: AsJson = False,
) -> None:
    """Rank programmes for a need, or with --why tell why one is, or is not, proposed."""
    with transaction(writes=False) as session:
        found = _suggested(session, ref, SuggestionFilter(k=k, programme=why))
    if as_json:
        answer(found.model_dump_json())
        return
    for one in found.items:
        answer(_told(one) if why else _line(one))
    for one in found.ways_to_pay:
        answer(f"pay  {_line(one)}")


@model.command("list")
def model_list(as_json: AsJson = False) -> None:
    """Show the model in force: its name, fingerprint, weights and floors."""
    shown = suggesting.model_in_force(_ranking())
    if as_json:
        answer(shown.model_dump_json())
        return
    answer(f"{shown.name}  in force  {shown.fingerprint}")
    for each in shown.weights:
        answer(f"  {each.weight:.3f}  {each.group:10}  {each.meaning}")
    answer(f"  {shown.floors}")


@glossary.command("check")
def glossary_check(as_json: AsJson = False) -> None:
    """Read the matcher's files, the package's and those of the data folder; name the first line that is wrong."""
    shown = suggesting.model_in_force(_ranking())
    if as_json:
        answer(json.dumps({"concepts": shown.concepts, "themes": shown.themes, "model": shown.name}))
    else:
        answer(f"{shown.concepts} concepts and {shown.themes} themes can be read; model {shown.name}")


def _ranking() -> Ranking:
    return Ranking(open_settings().data_dir)


def _suggested(session: Session, ref: str, wanted: SuggestionFilter) -> Suggestions:
    actor = operator(session)
    return suggesting.for_need(session, actor, _ranking(), needs.load(session, actor, ref), wanted)


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console())


def _drawn(bar: Progress, task: TaskID, state: MatchRunOut) -> None:
    bar.update(task, completed=state.needs_done, total=state.needs_total)


def _line(one: SuggestionOut) -> str:
    place = f"{one.rank:3}." if one.rank else "   -"
    mark = "proposed" if one.proposed else "        "
    return (
        f"{place} {one.score:.3f} {mark} {one.programme.ref} {one.programme.organization}: {one.programme.title}"
    )


def _told(one: SuggestionOut) -> str:
    """A suggestion in full: each contribution, each gate, and what keeps it from being proposed."""
    lines = [_line(one)]
    lines += [f"     {part.weight:.4f}  {part.kind:10}  {part.sentence}" for part in one.contributions or ()]
    lines += [f"     {'pass' if gate.passed else 'FAIL'}    {gate.gate:10}  {gate.detail}" for gate in one.gates]
    return "\n".join([*lines, *(f"     not proposed: {reason}" for reason in one.why_not)])
