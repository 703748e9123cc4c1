"""Take the rows of a table in as needs of an assessment: new ones as drafts, known ones by what changed since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.assessments.models import Assessment
from app.core.actor import Actor
from app.core.errors import Conflict, FieldError
from app.core.http import etag_of, honour_match
from app.core.rows import Refused, read, write
from app.exchange.tables.drafting import Draft, codes_for, draft
from app.exchange.tables.models import TakenRow
from app.exchange.tables.rows import Recommendation
from app.exchange.tables.schemas import CellFault, Difference, Keep, RowChoice, RowOut
from app.needs import service as needs
from app.needs import specificity
from app.needs.content import CODED, content_in, content_of
from app.needs.models import Need, NeedStatus
from app.needs.schemas import NeedIn, NeedPatch, SpecificityIn
from app.pairings.coding import Coder

_LONGEST_VALUE = 200
COMPARED = ("title", "description", "institution", "existing_efforts", "priority", "wanted_by")


@dataclass(frozen=True, slots=True)
class _Compared:
    """What a table brings to a need: fields to write, those that ask, and what the table says by now."""

    changes: Mapping[str, Any]
    asks: Sequence[str]
    differences: Sequence[Difference]


class Taker:
    """Takes rows of one table in. Each row stands by itself: one that is wrong leaves the others as they are."""

    def __init__(
        self,
        session: Session,
        actor: Actor,
        assessment: Assessment,
        coder: Coder,
        table_id: UUID,
        choices: Sequence[RowChoice],
        threshold: float,
    ) -> None:
        self._session, self._actor, self._assessment, self._coder = session, actor, assessment, coder
        self._table_id, self._threshold = table_id, threshold
        self._choices = {choice.source_ref: choice for choice in choices}
        self._numbers: dict[str, Recommendation] = {}

    def take(self, row: Recommendation) -> RowOut:
        """Draft the row's need, or bring it up to date; say what became of it."""
        made = draft(row, self._assessment)
        shown = RowOut(
            table=row.place.table,
            row=row.place.row,
            source_ref=row.number,
            outcome="refused",
            title=made.values["title"][:300],
            text=made.values["description"],
            notes=made.notes,
        )
        if faults := self._faults(row):
            return shown.model_copy(update={"errors": faults})
        values = read(NeedIn, {name: value for name, value in made.values.items() if value not in (None, "")})
        if isinstance(values, Refused):
            return shown.model_copy(update={"errors": _cell_faults(values, row)})
        outcome = write(self._session, partial(self._write, row, made, values, shown))
        if isinstance(outcome, Refused):
            return shown.model_copy(update={"errors": _cell_faults(outcome, row)})
        return outcome

    def _faults(self, row: Recommendation) -> list[CellFault]:
        heading = row.heading("source_ref") or "number"
        if not row.text("description"):
            column = row.heading("description") or "recommendation"
            return [CellFault(column=column, value="", reason="is empty; a need has a text")]
        if not row.number:
            return [CellFault(column=heading, value="", reason="is empty; give the recommendation's number")]
        first = self._numbers.setdefault(row.number, row)
        if first is not row:
            at = f"row {first.place.row}" + (f" of {first.place.name}" if first.place.name else "")
            reason = f"is the number of {at} too; which of the two is right is for their author to say"
            return [CellFault(column=heading, value=row.number, reason=reason)]
        return []

    def _write(self, row: Recommendation, made: Draft, values: NeedIn, shown: RowOut) -> RowOut:
        said = _plain(values, made.said)
        need = self._session.scalar(
            select(Need).where(Need.assessment_id == self._assessment.id, Need.source_ref == row.number)
        )
        if need is None:
            return self._create(row, values, said, shown)
        return self._bring_up_to_date(need, row, said, made.title_is_derived, shown)

    def _create(self, row: Recommendation, values: NeedIn, said: dict[str, Any], shown: RowOut) -> RowOut:
        codes = codes_for(self._coder, values.description, row.text("provision"), values.language)
        coded = NeedIn.model_validate({**values.model_dump(exclude_unset=True), **codes})
        need = needs.create(self._session, self._actor, coded)
        self._keep(need, None, said)
        return self._shown(shown, need, "created")

    def _bring_up_to_date(
        self, need: Need, row: Recommendation, said: dict[str, Any], derived: bool, shown: RowOut
    ) -> RowOut:
        kept = self._session.scalar(select(TakenRow).where(TakenRow.need_id == need.id))
        now = _plain_content(needs.newest(self._session, need))
        compared = _compare(said, kept.said if kept else {}, now, derived)
        choice = self._choices.get(row.number)
        if choice and compared.asks:
            honour_match(choice.etag, etag_of(need.version))
        if compared.asks and choice is None:
            return self._shown(shown, need, "asks", compared.differences)
        changes = dict(compared.changes)
        if choice and choice.keep is Keep.TABLE:
            changes |= {name: said[name] for name in compared.asks}
        if changes:
            self._change(need, row, changes, now)
        self._keep(need, kept, said)
        return self._shown(shown, need, "updated" if changes else "unchanged", compared.differences)

    def _change(self, need: Need, row: Recommendation, changes: Mapping[str, Any], now: Mapping[str, Any]) -> None:
        """Write what changed. Codes that the new text speaks of and the old one did not are suggested beside."""
        if need.status is NeedStatus.CLOSED:
            raise Conflict(f"{need.ref} is closed; reopen it first, or leave the row out")
        patch = dict(changes)
        if "description" in changes:
            patch |= self._further_codes(now, str(changes["description"]), row.text("provision"))
        needs.update(self._session, self._actor, need, NeedPatch.model_validate(patch))

    def _further_codes(self, now: Mapping[str, Any], text: str, cited: str) -> dict[str, Any]:
        before = codes_for(self._coder, str(now["description"]), "").get("unconfirmed", [])
        found = codes_for(self._coder, text, cited)
        fields: dict[str, Any] = {}
        marks = list(now["unconfirmed"])
        for name in (*CODED, "provisions"):
            held = list(now[name])
            for one in found.get(name, []):
                mark = _mark(name, one)
                if one not in held and mark not in before:
                    fields[name] = [*fields.get(name, held), one]
                    marks.append(mark)
        return {**fields, "unconfirmed": marks} if fields else {}

    def _keep(self, need: Need, kept: TakenRow | None, said: dict[str, Any]) -> None:
        """Remember what the table says by now: the next one is compared with it."""
        if kept is None:
            self._session.add(TakenRow(need_id=need.id, table_id=self._table_id, said=said))
        elif kept.said != said:
            kept.said, kept.table_id = {**kept.said, **said}, self._table_id
        self._session.flush()

    def _shown(self, shown: RowOut, need: Need, outcome: str, differences: Sequence[Difference] = ()) -> RowOut:
        content = content_of(needs.newest(self._session, need))
        known = {name: content[name] for name in SpecificityIn.model_fields}
        return shown.model_copy(
            update={
                "outcome": outcome,
                "need": need.ref,
                "etag": etag_of(need.version),
                "title": content["title"],
                "suggested": content["unconfirmed"],
                "specificity": specificity.check(SpecificityIn.model_validate(known), self._threshold),
                "differences": list(differences),
            }
        )


def _compare(
    said: Mapping[str, Any], before: Mapping[str, Any], now: Mapping[str, Any], derived: bool
) -> _Compared:
    """Field by field: what the table changed is written where nobody else changed it, else it asks."""
    changes: dict[str, Any] = {}
    asks: list[str] = []
    differences: list[Difference] = []
    for name in COMPARED:
        if name not in said or said[name] == now[name] or (name in before and said[name] == before[name]):
            continue
        is_untouched = name in before and before[name] == now[name]
        if name == "title" and derived and not is_untouched:
            continue  # the title is a person's: the table has none of its own
        if is_untouched:
            changes[name] = said[name]
        else:
            asks.append(name)
        differences.append(Difference(field=name, table=said[name], need=now[name]))
    return _Compared(changes, asks, differences)


def _plain(values: NeedIn, said: Mapping[str, Any]) -> dict[str, Any]:
    """What the table says, as a need would say it, by field."""
    written = content_in(values, whole=True)
    return {name: _storable(written[name]) for name in COMPARED if name in said}


def _plain_content(revision: Any) -> dict[str, Any]:
    content = content_of(revision)
    return {**content, **{name: _storable(content[name]) for name in COMPARED}}


def _storable(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _mark(name: str, one: Any) -> str:
    if isinstance(one, Mapping):
        return ":".join(filter(None, (name, one["instrument"], one.get("paragraph"))))
    return f"{name}:{one}"


def _cell_faults(refused: Refused, row: Recommendation) -> list[CellFault]:
    """What is wrong at the heading of its column, with what stands there."""
    errors = refused.errors or [FieldError("", refused.detail)]
    return [_cell_fault(error, row) for error in errors]


def _cell_fault(error: FieldError, row: Recommendation) -> CellFault:
    name = error.pointer.strip("/").partition("/")[0]
    column = row.heading(name) or name
    return CellFault(column=column, value=row.text(name)[:_LONGEST_VALUE], reason=error.message)
