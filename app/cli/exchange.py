"""`counterpart seed`, `import` and `export`: files in and out."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from app.audit import service as audit
from app.audit.notes import Print
from app.cli.failures import Failure
from app.cli.session import answer, open_settings, operator, say, transaction
from app.core.documents import NOT_ENDORSED
from app.exchange import codecs
from app.exchange.exporting import EXPORTED, everything, export_file, exported
from app.exchange.importing import Report, import_file
from app.exchange.models import ExportKind, Format, ImportKind
from app.exchange.seeding import seed as seed_folder
from app.programmes.service import Rules

SEED = Path(__file__).parents[2] / "seed_data"
_SHOWN = 20
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for a program to read.")]


def seed(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the files.")] = SEED,
    as_json: AsJson = False,
) -> int:
    """Load organizations with their member States, programmes and needs from DIR.

    What is there already is kept as it is, so it is safe to run twice. Programmes are assured from today.
    """
    with transaction() as session:
        reports = dict(seed_folder(session, operator(session), folder, _rules()))
    if as_json:
        answer(json.dumps({name: _counts(report) for name, report in reports.items()}))
    for name, report in reports.items():
        if not as_json:
            answer(f"{name}: {_said(report)}")
        _show_errors(report)
    return int(any(report.wrong for report in reports.values()))


def import_rows(
    kind: Annotated[ImportKind, typer.Argument(help="What the rows are.")],
    file: Annotated[Path, typer.Argument(help="The file: .csv, .jsonl or .xlsx.", dir_okay=False)],
    form: Annotated[Format | None, typer.Option("--format", help="If the name does not say it.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only try; keep nothing.")] = False,
    errors: Annotated[Path | None, typer.Option(help="Where to write the rows that were refused.")] = None,
    as_json: AsJson = False,
) -> int:
    """Import the rows of FILE. The good ones are kept; the exit status is 1 when a row was refused.

    The refused rows, each with what is wrong, can be written to a file, mended there and imported again.
    """
    if errors is not None and errors.resolve() == file.resolve():
        raise Failure("--errors names the file that is imported; its good rows would be gone: name another file")
    wanted = form or _format_of(file)
    table = codecs.read(wanted, file.read_bytes())
    with transaction() as session:
        report = import_file(session, operator(session), kind, table, dry_run, _rules())
    refused = report.refused_rows(wanted)
    if errors is not None and refused is not None:
        errors.write_bytes(refused)
    if as_json:
        answer(json.dumps(_counts(report) | {"errors": [error.model_dump() for error in report.errors]}))
    else:
        answer(_said(report) + ("; nothing was kept, this was a try" if dry_run else ""))
        _show_errors(report)
    return int(refused is not None)


def export(
    kind: Annotated[ExportKind, typer.Argument(help="What to export.")],
    form: Annotated[Format, typer.Option("--format", help="How to write it.")] = Format.CSV,
    output: Annotated[Path | None, typer.Option(help="A file; stdout if unsaid.", dir_okay=False)] = None,
) -> None:
    """Write all records of a kind, as an administrator sees them."""
    wanted = everything(kind)
    with transaction(writes=False) as session:
        actor = operator(session)
        content, marking = export_file(session, actor, wanted, form)
    with transaction() as session:
        audit.record(session, actor, EXPORTED, Print(kind), after=exported(wanted, form, marking))
    say(f"{marking.marking} · For {marking.recipient} · {marking.made_on} · {NOT_ENDORSED}")
    if output is not None:
        output.write_bytes(content)
    else:
        sys.stdout.buffer.write(content)


def _rules() -> Rules:
    settings = open_settings()
    return Rules(settings.assurance_days, settings.review_first_programmes, imported=True)


def _format_of(file: Path) -> Format:
    ending = file.suffix.lower().removeprefix(".")
    if ending not in set(Format):
        raise Failure(f"the name of {file} does not say its format: use --format csv, jsonl or xlsx")
    return Format(ending)


def _counts(report: Report) -> dict[str, int]:
    counted = {outcome: report.count(outcome) for outcome in ("created", "updated", "unchanged")}
    return counted | {"refused": len(report.wrong)}


def _said(report: Report) -> str:
    return ", ".join(f"{count} {name}" for name, count in _counts(report).items())


def _show_errors(report: Report) -> None:
    for error in report.errors[:_SHOWN]:
        place = f"row {error.row}" + (f", {error.column}" if error.column else "")
        found = f" (it says {error.value!r})" if error.value else ""
        say(f"{place}: {error.reason}{found}")
    if len(report.errors) > _SHOWN:
        say(f"… and {len(report.errors) - _SHOWN} more; --errors FILE writes all of them")
