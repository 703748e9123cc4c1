"""Many programmes at once, each row by itself: what the bulk path and the importer share."""

from collections.abc import Hashable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import FieldError, Invalid
from app.core.rows import Refused, Written, write_each
from app.programmes import known as lookup
from app.programmes import service
from app.programmes.known import Known
from app.programmes.schemas import BulkOut, ProgrammeIn, ProgrammeRow, RowError, RowResult
from app.programmes.service import Rules

_STATUS = {"created": 201, "updated": 200, "unchanged": 200}


class ProgrammeWriter:
    """Registers rows; with `only_new` a record that exists is left as it is."""

    schema: type[ProgrammeIn]
    known: Known

    def __init__(
        self,
        session: Session,
        actor: Actor,
        rules: Rules,
        schema: type[ProgrammeIn] = ProgrammeRow,
        only_new: bool = False,
    ) -> None:
        self.session, self.actor, self.rules, self.schema, self.only_new = session, actor, rules, schema, only_new

    def prepare(self, batch: Sequence[ProgrammeIn]) -> None:
        self.known = lookup.read(self.session, self.actor, batch)

    def key(self, values: ProgrammeIn) -> Hashable | None:
        ref = values.ref if isinstance(values, ProgrammeRow) else None
        if ref in self.known.by_ref:
            return ref
        return (values.organization, values.external_id) if values.external_id else None

    def key_field(self, values: ProgrammeIn) -> str:
        ref = values.ref if isinstance(values, ProgrammeRow) else None
        return "ref" if ref in self.known.by_ref else "external_id"

    def write(self, values: ProgrammeIn) -> Written:
        organization = self.known.organizations.get(values.organization or "")
        if self.only_new and organization and (kept := self.known.find(organization, values)):
            return Written(kept.ref, "unchanged")
        version = 0

        def note(existing: Any) -> None:
            nonlocal version
            version = existing.version if existing else 0

        programme, created = service.register(self.session, self.actor, values, self.rules, self.known, guard=note)
        changed = "unchanged" if programme.version == version else "updated"
        return Written(programme.ref, "created" if created else changed)


def register_many(
    session: Session, actor: Actor, rows: Sequence[dict[str, Any]], rules: Rules, atomic: bool = False
) -> BulkOut:
    """Register every row; the wrong ones are reported. With `atomic`, raises Invalid if any is wrong."""
    writer = ProgrammeWriter(session, actor, rules, ProgrammeIn)
    results = [_result(n, outcome) for n, outcome in enumerate(write_each(session, writer, rows))]
    refused = [result for result in results if result.ref is None]
    if atomic and refused:
        raise _nothing_saved(refused)
    return BulkOut.of(results)


def _result(number: int, outcome: Written | Refused) -> RowResult:
    if isinstance(outcome, Written):
        return RowResult(row=number, status=_STATUS[outcome.outcome], ref=outcome.ref)
    errors = [RowError(pointer=error.pointer, message=error.message) for error in outcome.errors]
    return RowResult(row=number, status=outcome.status, detail=outcome.detail, errors=errors)


def _nothing_saved(refused: Sequence[RowResult]) -> Invalid:
    errors = [
        FieldError(f"/items/{result.row}{error.pointer}", error.message)
        for result in refused
        for error in result.errors or [RowError(pointer="", message=result.detail or "")]
    ]
    return Invalid(f"Nothing was saved: {len(refused)} of the rows are wrong", errors)
