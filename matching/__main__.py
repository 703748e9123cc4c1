"""The matcher on files: rank, explain and evaluate, without database or server."""

import argparse
import gc
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any, TextIO

from matching import evaluation
from matching.files import LineError, read_judgements, read_needs, read_programmes
from matching.knowledge import KnowledgeError
from matching.matcher import Matcher, Ranked
from matching.model import Model, load_model
from matching.readers import Readers
from matching.types import Contribution, Gate, Need, Span, Suggestion

STOPPED = 130


def main(arguments: list[str] | None = None, out: TextIO | None = None) -> int:
    """Run one command; returns 0, or 2 for input that cannot be used."""
    chosen = _parser().parse_args(arguments)
    stream = out or sys.stdout
    if stream is None:
        return _ended("standard output is closed; the command writes to it", 2)
    try:
        status = int(chosen.run(chosen, stream))
        stream.flush()
    except (LineError, KnowledgeError) as error:
        return _ended(str(error), 2)
    except BrokenPipeError:
        return 0
    except OSError as error:
        return _ended(f"the result cannot be written: {error.strerror}", 2)
    except KeyboardInterrupt:
        return _ended("stopped; nothing is kept", STOPPED)
    return status


def _ended(message: str, status: int) -> int:
    print(f"error: {message}", file=sys.stderr)  # noqa: T201
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m matching", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="{rank,explain,evaluate}")
    for name, run, summary in (
        ("rank", _rank, "programmes for every need, as TREC run lines"),
        ("explain", _explain, "the score of one programme for one need"),
        ("evaluate", _evaluate, "figures against graded judgements"),
    ):
        command = commands.add_parser(name, help=summary)
        command.set_defaults(run=run)
        command.add_argument("--needs", type=Path, required=True, metavar="N.jsonl")
        command.add_argument("--programmes", type=Path, required=True, metavar="P.jsonl")
        command.add_argument("--as-of", type=_date, metavar="DATE", help="apply date gates as on this day")
        command.add_argument("--extra", type=_folder, metavar="FOLDER", help="an installed system's own knowledge")
        _options(name, command)
    return parser


def _options(name: str, command: argparse.ArgumentParser) -> None:
    if name == "rank":
        command.add_argument("--limit", type=_positive, default=100)
        command.add_argument("--proposals", action="store_true", help="only what the matcher would propose")
        command.add_argument(
            "--processes", type=_positive, default=os.cpu_count() or 1, help="how many work at once (all cores)"
        )
        return
    command.add_argument("--json", action="store_true")
    if name == "explain":
        command.add_argument("--need", required=True, metavar="ID")
        command.add_argument("--programme", required=True, metavar="ID")
    else:
        command.add_argument("--qrels", type=Path, required=True, metavar="Q.tsv")
        command.add_argument("--without-codes", action="store_true", help="leave the needs' codes aside")


def _date(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{value!r} is not a date such as 2026-05-31") from error


def _folder(value: str) -> Path:
    if not Path(value).is_dir():
        raise argparse.ArgumentTypeError(f"{value!r} is not a folder")
    return Path(value)


def _positive(value: str) -> int:
    if not value.isdecimal() or int(value) < 1:
        raise argparse.ArgumentTypeError(f"{value!r} is not a whole number above 0")
    return int(value)


def _matcher(chosen: argparse.Namespace) -> Matcher:
    return Matcher(read_programmes(chosen.programmes), _model(chosen))


def _model(chosen: argparse.Namespace) -> Model:
    return load_model(chosen.extra)


def _rank(chosen: argparse.Namespace, out: TextIO) -> int:
    needs, model = read_needs(chosen.needs), _model(chosen)
    with Readers(model, chosen.processes) as readers:
        matcher = Matcher(read_programmes(chosen.programmes), model, readers=readers)
        for need_id, ranked in _ranked(matcher, needs, chosen, readers):
            out.writelines(
                f"{need_id} Q0 {programme_id} {place} {score:.9f} {model.name}\n"
                for place, (programme_id, score) in enumerate(ranked, start=1)
            )
    return 0


def _ranked(
    matcher: Matcher, needs: list[Need], chosen: argparse.Namespace, readers: Readers
) -> Iterator[tuple[str, Ranked]]:
    limit, as_of, cores = chosen.limit, chosen.as_of, chosen.processes
    for need, ranked in matcher.rank_all(needs, limit, as_of, cores, readers):
        if chosen.proposals:
            ranked = [(one.programme_id, one.score) for one in matcher.propose(need, limit, as_of, ranked)]
        yield need.id, ranked


def _explain(chosen: argparse.Namespace, out: TextIO) -> int:
    need = next((need for need in read_needs(chosen.needs) if need.id == chosen.need), None)
    if need is None:
        raise LineError(f"{chosen.needs.name}: no need has the id {chosen.need!r}")
    try:
        found = _matcher(chosen).explain(need, chosen.programme, chosen.as_of)
    except KeyError as error:
        raise LineError(f"{chosen.programmes.name}: no programme has the id {chosen.programme!r}") from error
    out.write(json.dumps(_plain(found), ensure_ascii=False, indent=1) + "\n" if chosen.json else _told(found))
    return 0


def _plain(value: Any) -> Any:
    """Values by the names of their fields."""
    if isinstance(value, Suggestion):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Contribution | Gate | Span):
        return {name: _plain(part) for name, part in value._asdict().items()}
    return [_plain(part) for part in value] if isinstance(value, tuple) else value


def _told(found: Suggestion) -> str:
    lines = [f"{found.programme_id}: {found.score:.4f}, {'proposed' if found.proposed else 'not proposed'}"]
    lines += [f"  {part.weight:.4f}  {part.kind:11} {part.sentence}" for part in found.contributions]
    lines += [f"  {'pass' if gate.passed else 'FAIL'}    {gate.gate:11} {gate.detail}" for gate in found.gates]
    return "\n".join([*lines, f"  model {found.model}", ""])


def _evaluate(chosen: argparse.Namespace, out: TextIO) -> int:
    needs, grades = read_needs(chosen.needs), read_judgements(chosen.qrels)
    if chosen.without_codes:
        needs = [evaluation.without_codes(need) for need in needs]
    figures = evaluation.report(evaluation.rankings(_matcher(chosen), needs), grades)
    out.write(json.dumps(figures, indent=1) + "\n" if chosen.json else _table(figures))
    return 0


def _table(figures: dict[str, Any]) -> str:
    measures = ("needs", "ndcg@10", "ndcg@10 linear", "precision@5", "recall@5", "map", "mrr")
    lines = ["".join(f"{name:>15}" for name in ("", *measures))]
    for group, values in figures["quality"].items():
        lines.append(f"{group:>15}" + "".join(f"{values[measure]:>15}" for measure in measures))
    lines += [f"{name}: {json.dumps(figures[name])}" for name in ("abstention", "proposed", "calibration")]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    gc.disable()  # nothing here has cycles, and looking for them among a large model's parts takes long
    ended = main()
    if ended == STOPPED:
        os._exit(ended)  # readers end with this process; a pool that was about to start would be waited for
    sys.exit(ended)
