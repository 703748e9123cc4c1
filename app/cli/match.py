"""Run the matcher, ask it for suggestions, and look at its model and glossary."""

import json
from contextlib import AbstractContextManager
from typing import Annotated

import typer
from rich.progress import Progress, TaskID
from sqlalchemy.orm import Session

from app.cli.engines import EngineName, engine_named
from app.cli.session import answer, open_engine, open_settings, operator, progress, say, transaction
from app.core.db import session_factory
from app.core.paging import Paging
from app.needs import queries as needs
from app.pairings import model_queries, model_service, runs, suggesting
from app.pairings.model_schemas import CandidateFigures, CandidateIn, CandidateOut, Disagreements
from app.pairings.ranking import Engine, Ranking
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
    """Train, compare and activate the model that scores depend on."""


@glossary.callback()
def _glossary() -> None:
    """Check the glossary and the matcher's other files."""


@match.command("run")
def match_run(
    full: Annotated[bool, typer.Option("--full", help="Refit the statistics and rank every open need.")] = False,
    engine: Annotated[
        EngineName, typer.Option(help="What ranks: this process, or dask workers.")
    ] = EngineName.LOCAL,
    scheduler: Annotated[str | None, typer.Option(help="dask: a running scheduler, tcp://HOST:8786.")] = None,
    processes: Annotated[int, typer.Option(min=1, max=256, help="dask: workers to start without one.")] = 2,
    as_json: AsJson = False,
) -> None:
    """Bring the proposals of all open needs up to date: what changed since the last run, or with --full all.

    Decided pairs keep their state. Interrupted, what is done is kept and the next run does the rest.
    """
    bar = progress()
    chosen = _chosen(bar, engine, scheduler, processes)
    with open_engine() as database, chosen as ranks, bar:
        open_session = session_factory(database)
        with open_session(False) as session:
            actor = operator(session)
        task = bar.add_task("open needs", total=None)
        found = runs.run(open_session, _ranking(), actor, full, lambda state: _drawn(bar, task, state), ranks)
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
    """Show the model in force, and the candidates that were learnt, the newest first."""
    with transaction(writes=False) as session:
        ranking, actor = _ranking(), operator(session)
        shown = suggesting.model_in_force(session, ranking)
        found = model_queries.page(session, actor, Paging(limit=200)).rows
        learnt = model_service.shown(session, ranking, [row.ModelCandidate for row in found])
    if as_json:
        candidates = [one.model_dump(mode="json") for one in learnt]
        answer(json.dumps({"in_force": shown.model_dump(mode="json"), "candidates": candidates}))
        return
    answer(f"{shown.name}  in force  {shown.fingerprint}")
    for each in shown.weights:
        answer(f"  {each.weight:.3f}  {each.group:10}  {each.meaning}")
    answer(f"  {shown.floors}")
    for one in learnt:
        answer(_candidate_line(one))


@model.command("train")
def model_train(
    note: Annotated[str, typer.Option("--note", help="What to remember of this training.")] = "",
    as_json: AsJson = False,
) -> None:
    """Learn a candidate from officers' decisions. It stands beside the model in force and changes nothing."""
    with transaction() as session:
        ranking, actor = _ranking(), operator(session)
        trained = model_service.train(session, actor, ranking, CandidateIn(note=note))
        [shown] = model_service.shown(session, ranking, [trained])
    answer(shown.model_dump_json() if as_json else _compared(shown))


@model.command("compare")
def model_compare(
    name: Annotated[str, typer.Argument(help="The candidate, as `model list` names it.")], as_json: AsJson = False
) -> None:
    """Show a candidate's figures, drift and officers, and what it would propose otherwise as records are now."""
    with transaction(writes=False) as session:
        ranking, actor = _ranking(), operator(session)
        candidate = model_queries.get(session, actor, name)
        [shown] = model_service.shown(session, ranking, [candidate])
        shown.disagreements = model_service.disagreements(session, actor, ranking, candidate)
    answer(shown.model_dump_json() if as_json else _compared(shown))


@model.command("activate")
def model_activate(
    name: Annotated[str, typer.Argument(help="A candidate, or `installed` to go back to this version's own.")],
    as_json: AsJson = False,
) -> None:
    """Put a model in force in every running process. Stored proposals keep their scores until a full run."""
    with transaction() as session:
        ranking, actor = _ranking(), operator(session)
        if name == "installed":
            done = model_service.go_back(session, actor, ranking)
        else:
            candidate = model_queries.get(session, actor, name)
            done = model_service.activate(session, actor, ranking, candidate)
    answer(done.model_dump_json() if as_json else f"{done.name} is in force; before it was {done.before}")
    say("Stored proposals keep their scores until `counterpart match run --full`")


@glossary.command("check")
def glossary_check(as_json: AsJson = False) -> None:
    """Read the matcher's files, the package's and those of the data folder; name the first line that is wrong."""
    read = _ranking().installed
    concepts, themes = len(read.glossary), len(read.taxonomy.themes)
    if as_json:
        answer(json.dumps({"concepts": concepts, "themes": themes, "model": read.name}))
    else:
        answer(f"{concepts} concepts and {themes} themes can be read; model {read.name}")


def _ranking() -> Ranking:
    return Ranking(open_settings().data_dir)


def _suggested(session: Session, ref: str, wanted: SuggestionFilter) -> Suggestions:
    actor = operator(session)
    return suggesting.for_need(session, actor, _ranking(), needs.load(session, actor, ref), wanted)


def _chosen(
    bar: Progress, engine: EngineName, scheduler: str | None, processes: int
) -> AbstractContextManager[Engine | None]:
    """The engine asked for; dask's progress has a bar of its own, for it is ahead of what is stored."""
    if engine is EngineName.LOCAL:
        return engine_named(engine, scheduler, processes, lambda ranked: None)
    task = bar.add_task("needs ranked", total=None)
    return engine_named(engine, scheduler, processes, lambda ranked: bar.update(task, completed=ranked))


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


def _candidate_line(one: CandidateOut) -> str:
    mark = "in force" if one.in_force else "outdated" if one.outdated else "        "
    figures = f"AUC {one.figures.present.auc:.3f} to {one.figures.candidate.auc:.3f}"
    return (
        f"{one.name}  {mark}  {one.trained_at:%Y-%m-%d}  {one.figures.decisions} decisions  {figures}  {one.note}"
    )


def _compared(one: CandidateOut) -> str:
    """A candidate beside the model that was in force when it was learnt."""
    figures, before, after = one.figures, one.figures.present, one.figures.candidate
    left = ", ".join(f"{count} {why}" for why, count in figures.left_out.items()) or "none"
    lines = [
        f"{one.name} beside {one.compared_with}: {figures.decisions} decisions, {figures.accepted} accepted",
        f"  left out: {left}",
        f"  on held-out decisions: AUC {before.auc:.3f} to {after.auc:.3f}, log loss {before.log_loss:.3f} to "
        f"{after.log_loss:.3f} (better by {figures.gain:.3f}, standard error {figures.gain_error:.3f}), "
        f"accepted in the better half {before.precision:.2f} to {after.precision:.2f}",
        f"  a weight may move by about {figures.spread:g}; floor {one.floor:g}",
    ]
    lines += [
        f"  {each.group:10}  {each.present:.3f} to {each.candidate:.3f}  {each.change:+.3f}"
        for each in figures.drift
    ]
    return "\n".join([*lines, *_officers_told(figures), *_disagreements_told(one.disagreements)])


def _officers_told(figures: CandidateFigures) -> list[str]:
    return [
        f"  {each.officer}: {each.accepted} of {each.decisions} accepted, {each.expected:.1f} expected from the "
        f"others; leaning {each.leaning:+.1f}, surprise {each.surprise:+.1f}" + " STANDS OUT" * each.stands_out
        for each in figures.officers
    ]


def _disagreements_told(found: Disagreements) -> list[str]:
    told = (
        f"  over {found.needs} open needs, of {found.proposed} proposals {found.lost} lost, {found.gained} gained"
    )
    items = [
        f"    {each.change:6}  {each.need}  {each.programme}  {each.present:.3f} to {each.candidate:.3f}"
        + (f"  {each.status}" if each.status else "")
        for each in found.items
    ]
    return [told, *items]
