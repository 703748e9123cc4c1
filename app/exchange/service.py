"""Take a file in and keep what became of it."""

from sqlalchemy.orm import Session

from app.audit import service as audit
from app.core.actor import Actor
from app.core.errors import Invalid
from app.exchange import codecs
from app.exchange.importing import Report, import_file
from app.exchange.models import Format, Import, ImportKind
from app.programmes.service import Rules

MOST_ROWS = 5_000


def take_in(
    session: Session,
    actor: Actor,
    kind: ImportKind,
    form: Format,
    content: bytes,
    file_name: str = "",
    dry_run: bool = False,
    rules: Rules = Rules(imported=True),
) -> Import:
    """Import a file at once and record it. Raises Invalid for a file that cannot be read or is too long."""
    table = codecs.read(form, content)
    if len(table.rows) > MOST_ROWS:
        raise Invalid(f"The file has {len(table.rows)} rows; send at most {MOST_ROWS} at a time")
    report = import_file(session, actor, kind, table, dry_run, rules)
    batch = _batch(actor, kind, form, file_name, dry_run, report)
    session.add(batch)
    session.flush()
    counts = {name: getattr(batch, name) for name in ("rows", "created", "updated", "unchanged", "refused")}
    after = {"kind": kind, "file_name": file_name, "dry_run": dry_run, **counts}
    audit.record(session, actor, "import.done", batch, after=after)
    return batch


def _batch(actor: Actor, kind: ImportKind, form: Format, file_name: str, dry_run: bool, report: Report) -> Import:
    return Import(
        kind=kind,
        format=form,
        file_name=file_name,
        dry_run=dry_run,
        rows=len(report.table.rows),
        created=report.count("created"),
        updated=report.count("updated"),
        unchanged=report.count("unchanged"),
        refused=len(report.wrong),
        errors=[error.model_dump() for error in report.errors],
        refused_rows=report.refused_rows(form),
        organization_id=actor.organization_id,
        user_id=actor.user_id,
        key_id=actor.key_id,
    )
