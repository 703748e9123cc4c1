"""What a revision is found by: one set of tokens for what a summary shows, one for all that it says."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, tuple_
from sqlalchemy.orm import Session, selectinload

from app.core import text
from app.core.actor import Actor
from app.core.provisions import tokens_of
from app.core.search import matches
from app.needs.content import content_of
from app.needs.models import Need, NeedRevision, ReleaseFields
from app.vocabularies.models import Term

# Labels of the fields that most needs share ("operational", "prevent") would find nearly everything.
_IN_SUMMARY = ("themes", "weapons", "regions")
_IN_FULL = ("countries", "assistance_types")


def index(session: Session, ref: str, revision: NeedRevision) -> None:
    """Write the search columns, and `coded`, of a revision whose text and codes are set."""
    said = content_of(revision)
    labels = _labels(session, revision)
    summary = text.tokens(ref, "en") | _titles(said)
    summary |= _label_tokens(revision, labels, _IN_SUMMARY)
    full = summary | _texts(said) | _label_tokens(revision, labels, _IN_FULL) | _provisions(said)
    if body := revision.members_of:
        full |= text.tokens(body.ref, "en") | text.tokens(body.name, "en")
    revision.coded = " ".join(sorted(f"{code.field}={code.code}" for code in revision.codes))
    revision.summary_tokens, revision.full_tokens = text.joined(summary), text.joined(full)


def reindex(session: Session, after: int, most: int) -> Sequence[int]:
    """Write the search columns of the next revisions after the id `after` anew; return the ids of all these.

    What a revision says never changes, so nobody else writes these columns meanwhile.
    """
    wanted = select(NeedRevision, Need.ref).join(Need, Need.id == NeedRevision.need_id)
    both = selectinload(NeedRevision.codes), selectinload(NeedRevision.members_of)
    rows = session.execute(
        wanted.options(*both).where(NeedRevision.id > after).order_by(NeedRevision.id).limit(most)
    )
    done = []
    for revision, ref in rows.all():
        index(session, ref, revision)
        done.append(revision.id)
    return done


def answers(actor: Actor, query: text.Query, fields: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether what the actor is shown answers `query`; `fields` says which field set that is."""
    in_full = matches(NeedRevision.full_tokens, query)
    if actor.is_cted:
        return in_full
    return or_(matches(NeedRevision.summary_tokens, query), and_(fields == ReleaseFields.FULL.value, in_full))


def in_title(query: text.Query) -> ColumnElement[bool]:
    """Whether the title answers `query`: everybody who sees a need sees its title."""
    return matches(NeedRevision.summary_tokens, query.in_title())


def _titles(said: Mapping[str, Any]) -> set[str]:
    found = text.title_tokens(said["title"], said["language"])
    for language, translated in said["translations"].items():
        found |= text.title_tokens(translated["title"], language)
    return found


def _texts(said: Mapping[str, Any]) -> set[str]:
    language, context = said["language"], said["recipient"].get("context", "")
    own = (said["description"], said["institution"], said["existing_efforts"], context)
    found = {token for part in own if part for token in text.tokens(part, language)}
    for code, translated in said["translations"].items():
        found |= text.tokens(translated["description"], code)
    return found


def _provisions(said: Mapping[str, Any]) -> set[str]:
    cited = said["provisions"]
    return {token for one in cited for token in tokens_of(one["instrument"], one.get("paragraph"))}


def _labels(session: Session, revision: NeedRevision) -> dict[tuple[str, str], Mapping[str, str]]:
    wanted = [(code.kind, code.code) for code in revision.codes]
    rows = session.execute(
        select(Term.kind, Term.code, Term.labels).where(tuple_(Term.kind, Term.code).in_(wanted))
    )
    return {(row.kind, row.code): row.labels for row in rows}


def _label_tokens(
    revision: NeedRevision, labels: Mapping[tuple[str, str], Mapping[str, str]], fields: Iterable[str]
) -> set[str]:
    found: set[str] = set()
    known = text.knowledge()
    for code in revision.codes:
        if code.field in fields:
            found |= _of_label(code.code, "en", known)
            for language, label in labels[code.kind, code.code].items():
                found |= _of_label(label, language, known)
    return found


@lru_cache(maxsize=8_000)
def _of_label(label: str, language: str, _knowledge: str) -> frozenset[str]:
    """Remembered for one glossary."""
    return frozenset(text.tokens(label, language))
