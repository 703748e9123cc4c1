"""One page on one need for whoever may see it: the released fields alone, and who agreed to be named."""

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.db import utc_now
from app.core.documents import Document, Facts, Heading, Paragraph, Part, Table
from app.core.errors import NotPermitted
from app.core.marking import CTED_ALONE, RECIPIENT_ALONE
from app.interest import naming_queries
from app.needs import previews
from app.needs import queries as needs
from app.needs.schemas import NeedFull, NeedSummary
from app.organizations.models import Organization
from app.vocabularies import queries as vocabularies

LONGEST, LONGEST_EFFORTS = 2_000, 600
SHORTENED = "(shortened to fit one page)"
_CODED = (
    ("Themes", "theme", "themes"),
    ("Dimensions", "dimension", "dimensions"),
    ("Functions", "function", "functions"),
    ("Weapons", "weapon", "weapons"),
    ("Assistance", "assistance_type", "assistance_types"),
)
Label = Callable[[str, str], str]


def refuse_foreign(actor: Actor, audience: str | None) -> None:
    """Raise NotPermitted where somebody outside CTED would read as another."""
    if audience and not actor.is_cted:
        raise NotPermitted("Only officers choose the audience of a brief")


def brief_for(session: Session, actor: Actor, ref: str, audience: str | None = None) -> Document:
    """The page as the actor, or as the `audience` that an officer names, may read it.

    `audience` is organization:REF or group:REF. Raises NotFound where that one sees nothing of the need, Invalid
    for an audience that does not exist, NotPermitted as `refuse_foreign`.
    """
    refuse_foreign(actor, audience)
    shown, need_id = _shown(session, actor, ref, audience), needs.id_of(session, actor, ref)
    marking = CTED_ALONE if actor.is_cted and not audience else RECIPIENT_ALONE
    recipient = _recipient(session, actor, audience)
    return Document(
        f"{shown.ref}: {shown.title}", marking, recipient, utc_now().date(), _parts(session, shown, need_id)
    )


def _recipient(session: Session, actor: Actor, audience: str | None) -> str:
    if audience:
        return audience.partition(":")[2]
    return session.get_one(Organization, actor.organization_id).name


def _shown(session: Session, actor: Actor, ref: str, audience: str | None) -> NeedSummary:
    if not audience:
        return needs.get(session, actor, ref)
    preview = previews.as_seen_by(session, needs.load(session, actor, ref), audience)
    kind = NeedFull if preview.shown["fields"] == "full" else NeedSummary
    return kind.model_validate(preview.shown)


def _parts(session: Session, shown: NeedSummary, need_id: UUID) -> list[Part]:
    labels = vocabularies.labels(session, "en")

    def label(kind: str, code: str) -> str:
        return labels.get((kind, code), code)

    said = shown.model_dump(mode="json")
    parts: list[Part] = [Facts(list(_facts(said, label)))]
    if said["fields"] != "full":
        return [*parts, Paragraph("The State released a summary: the description is not part of it.", quiet=True)]
    parts += [Heading("What is needed"), *_text(said["description"], LONGEST)]
    if said["existing_efforts"]:
        parts += [Heading("What is being done already"), *_text(said["existing_efforts"], LONGEST_EFFORTS)]
    return [*parts, Heading("Organizations that agreed to be named"), _named(session, need_id)]


def _facts(said: dict[str, Any], label: Label) -> Iterable[tuple[str, str]]:
    yield "Where", _place(said, label)
    for name, kind, field in _CODED:
        if said.get(field):
            yield name, ", ".join(label(kind, code) for code in said[field])
    for name, field, spoken in _PLAIN:
        if said.get(field):
            yield name, spoken(said[field])
    if said["priority"]:
        yield "Priority", label("priority", said["priority"])
    if said["illustrative"]:
        yield "Note", "Illustrative: not a State's own statement"


def _place(said: dict[str, Any], label: Label) -> str:
    recipient = said.get("recipient")
    if recipient is None:
        return ", ".join(label("region", code) for code in said["regions"])
    if recipient.get("countries"):
        return ", ".join(label("country", code) for code in recipient["countries"])
    region = recipient.get("region")
    return label("region", region) if region else f"members of {recipient['members_of']}"


def _provisions(said: list[dict[str, Any]]) -> str:
    cited = [(each["instrument"], each.get("paragraph")) for each in said]
    return ", ".join(f"{name}, paragraph {paragraph}" if paragraph else name for name, paragraph in cited)


def _cost(said: dict[str, Any]) -> str:
    ends = [f"{said[end]:,.0f}" for end in ("low", "high") if said.get(end) is not None]
    by = f" (estimated by {said['estimated_by']})" if said.get("estimated_by") else ""
    return f"{said['currency']} {' to '.join(ends)}{by}"


_PLAIN: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("Institution", "institution", str),
    ("Provisions", "provisions", _provisions),
    ("Indicative cost", "indicative_cost", _cost),
    ("Wanted by", "wanted_by", str),
)


def _text(text: str, longest: int) -> list[Part]:
    if len(text) <= longest:
        return [Paragraph(text)]
    return [Paragraph(text[:longest].rstrip() + "…"), Paragraph(SHORTENED, quiet=True)]


def _named(session: Session, need_id: UUID) -> Table:
    rows = [(one.ref, one.name) for one in naming_queries.may_be_named(session, need_id)]
    return Table(("Organization", "Name"), rows, "No organization has agreed to be named.")
