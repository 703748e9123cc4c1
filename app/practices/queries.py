"""Every SELECT on practices. What was published everybody sees, a consultation those who are signed in."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.core.actor import Actor
from app.core.errors import Invalid, NotFound
from app.core.fields import is_storable
from app.core.paging import Found, Key, Paging, paginate
from app.practices import differences, shown
from app.practices.models import (
    PUBLISHED,
    Clause,
    ClauseCode,
    ClauseComment,
    ClauseText,
    Practice,
    PracticeVersion,
    VersionStatus,
)
from app.practices.schemas import (
    ClauseFilter,
    ClauseOut,
    CommentFilter,
    CommentOut,
    Diff,
    PracticeOut,
    Treatment,
    VersionHead,
    VersionOut,
)
from app.vocabularies.queries import check_codes

Reader = Actor | None
_COMMENTS = (Key(ClauseComment.made_at), Key(ClauseComment.id))


def visible(actor: Reader) -> Select[PracticeVersion]:
    """CTED sees every version; who is signed in the published ones and the consultation; all others the former."""
    statement = select(PracticeVersion)
    if actor is not None and actor.is_cted:
        return statement
    signed_in = () if actor is None else (VersionStatus.CONSULTATION,)
    return statement.where(PracticeVersion.status.in_([*PUBLISHED, *signed_in]))


def visible_comments(actor: Actor) -> Select[ClauseComment]:
    """CTED sees every comment, anybody else those of its own organization."""
    statement = select(ClauseComment)
    return statement if actor.is_cted else statement.where(ClauseComment.organization_id == actor.organization_id)


def listed(session: Session, actor: Reader) -> list[PracticeOut]:
    """The documents that have a version which the actor sees; officers see those without any as well."""
    versions = _heads(session, actor)
    statement = select(Practice).order_by(Practice.title, Practice.ref)
    if actor is None or not actor.is_cted:
        statement = statement.where(Practice.id.in_(versions))
    return [_practice(one, versions.get(one.id, [])) for one in session.scalars(statement)]


def get(session: Session, actor: Reader, ref: str) -> PracticeOut:
    """One document. Raises NotFound for one that is unknown or has nothing that the actor sees."""
    practice = load(session, actor, ref)
    return _practice(practice, _heads(session, actor, practice.id).get(practice.id, []))


def load(session: Session, actor: Reader, ref: str) -> Practice:
    """The record of a document that the actor sees. Raises NotFound."""
    statement = select(Practice).where(Practice.ref == (ref if is_storable(ref) else ""))
    if actor is None or not actor.is_cted:
        seen = visible(actor).with_only_columns(PracticeVersion.practice_id)
        statement = statement.where(Practice.id.in_(seen))
    if found := session.scalar(statement):
        return found
    raise NotFound("There is no such document")


def version(session: Session, actor: Reader, ref: str, number: int | None = None) -> PracticeVersion:
    """One version with its clauses, the current one if no number is given. Raises NotFound."""
    practice = load(session, actor, ref)
    wanted = PracticeVersion.number == number if number else PracticeVersion.status == VersionStatus.CURRENT
    statement = visible(actor).where(PracticeVersion.practice_id == practice.id, wanted)
    if found := session.scalar(statement.options(*_WHOLE)):
        return found
    raise NotFound("There is no such version" if number else "No version of this document is in force")


def consultation(session: Session, actor: Actor, ref: str) -> PracticeVersion:
    """The version that is open for consultation. Raises NotFound where none is."""
    practice = load(session, actor, ref)
    open_ = PracticeVersion.status == VersionStatus.CONSULTATION
    statement = visible(actor).where(PracticeVersion.practice_id == practice.id, open_)
    if found := session.scalar(statement.options(*_WHOLE)):
        return found
    raise NotFound("No version of this document is open for consultation")


def before(session: Session, actor: Reader, later: PracticeVersion) -> PracticeVersion | None:
    """The published version that came before one, if there is any."""
    statement = visible(actor).where(
        PracticeVersion.practice_id == later.practice_id,
        PracticeVersion.number < later.number,
        PracticeVersion.status.in_(PUBLISHED),
    )
    return session.scalar(statement.order_by(PracticeVersion.number.desc()).limit(1).options(*_WHOLE))


def difference(session: Session, actor: Reader, ref: str, before_: int | None, after: int | None) -> Diff:
    """What changed from one version to another; raises NotFound where nothing was published before."""
    later = version(session, actor, ref, after)
    earlier = version(session, actor, ref, before_) if before_ else before(session, actor, later)
    if earlier is None:
        raise NotFound("Nothing was published before this version")
    return differences.between(shown.version(earlier), shown.version(later))


def version_view(found: PracticeVersion) -> VersionOut:
    return shown.version(found)


def clauses(session: Session, actor: Reader, ref: str, wanted: ClauseFilter) -> list[ClauseOut]:
    """The clauses of a version, in its order. Raises NotFound, Invalid for codes that do not exist."""
    found = version(session, actor, ref, wanted.version)
    check_codes(session, "theme", wanted.theme, "theme")
    check_codes(session, "weapon", wanted.weapon, "weapon")
    statement = select(ClauseText).where(ClauseText.version_id == found.id)
    for field, codes in (("themes", wanted.theme), ("weapons", wanted.weapon)):
        if codes:
            holding = select(ClauseCode.clause_text_id).where(
                ClauseCode.field == field, ClauseCode.code.in_(codes)
            )
            statement = statement.where(ClauseText.id.in_(holding))
    if wanted.stage:
        statement = statement.where(ClauseText.stage.in_(wanted.stage))
    texts = session.scalars(statement.order_by(ClauseText.position))
    return [shown.clause(found, one) for one in texts]


def clause(session: Session, actor: Reader, ref: str, anchor: str, number: int | None = None) -> ClauseOut:
    """One clause as a version has it. Raises NotFound."""
    found = version(session, actor, ref, number)
    return shown.clause(found, text_of(found, anchor))


def text_of(found: PracticeVersion, anchor: str) -> ClauseText:
    """What a version says in a clause. Raises NotFound."""
    if text := next((one for one in found.clauses if one.clause.anchor == anchor), None):
        return text
    raise NotFound("This version has no such clause")


def comments(
    session: Session, actor: Actor, ref: str, wanted: CommentFilter, paging: Paging
) -> tuple[list[CommentOut], Found]:
    """One page of the comments on a document that the actor sees, the oldest first."""
    statement = _loaded(visible_comments(actor)).join(ClauseComment.of).join(PracticeVersion.practice)
    statement = statement.where(Practice.ref == load(session, actor, ref).ref)
    if wanted.clause:
        statement = statement.join(ClauseComment.clause).where(Clause.anchor == wanted.clause)
    if wanted.version:
        statement = statement.where(PracticeVersion.number == wanted.version)
    if wanted.disposition or wanted.open:
        _refuse_outside(actor)
        either = [ClauseComment.disposition.in_(wanted.disposition)] if wanted.disposition else []
        open_ = [ClauseComment.disposition.is_(None)] if wanted.open else []
        statement = statement.where(or_(*either, *open_))
    found = paginate(session, statement, _COMMENTS, paging)
    return [shown.comment(actor, row.ClauseComment) for row in found.rows], found


def comment(session: Session, actor: Actor, ref: str, comment_id: UUID) -> ClauseComment:
    """One comment that the actor sees. Raises NotFound."""
    statement = _loaded(visible_comments(actor)).join(ClauseComment.of).join(PracticeVersion.practice)
    if found := session.scalar(statement.where(Practice.ref == ref, ClauseComment.id == comment_id)):
        return found
    raise NotFound("There is no such comment")


def waiting(session: Session, actor: Actor, of: PracticeVersion) -> int:
    """How many comments on a version, among those that the actor sees, have no disposition."""
    open_ = visible_comments(actor).where(ClauseComment.version_id == of.id, ClauseComment.disposition.is_(None))
    return session.scalar(select(func.count()).select_from(open_.subquery())) or 0


def treatment(session: Session, actor: Reader, ref: str, number: int | None = None) -> Treatment:
    """The published record of how each comment on a version was treated. Raises NotFound for what is not out."""
    found = version(session, actor, ref, number)
    if found.status not in PUBLISHED:
        raise NotFound("The record of how comments were treated is published with the version")
    made = session.scalars(select(ClauseComment).where(ClauseComment.version_id == found.id))
    return shown.treatment(found, list(made))


def _heads(session: Session, actor: Reader, practice_id: UUID | None = None) -> dict[UUID, list[VersionHead]]:
    counted = select(func.count(ClauseText.id)).where(ClauseText.version_id == PracticeVersion.id)
    statement = visible(actor).add_columns(counted.scalar_subquery()).order_by(PracticeVersion.number.desc())
    if practice_id:
        statement = statement.where(PracticeVersion.practice_id == practice_id)
    found: dict[UUID, list[VersionHead]] = {}
    for one, number in session.execute(statement).all():
        found.setdefault(one.practice_id, []).append(shown.head(one, number))
    return found


def _practice(practice: Practice, versions: list[VersionHead]) -> PracticeOut:
    by_status = {one.status: one.number for one in versions}
    return PracticeOut(
        ref=practice.ref,
        title=practice.title,
        about=practice.about,
        language=practice.language,
        illustrative=practice.illustrative,
        current=by_status.get(VersionStatus.CURRENT),
        consultation=by_status.get(VersionStatus.CONSULTATION),
        versions=versions,
    )


def _refuse_outside(actor: Actor) -> None:
    """How a comment is treated is published with the version; until then nobody outside CTED can ask by it."""
    if not actor.is_cted:
        raise Invalid.field("disposition", "Only officers filter by how comments are treated")


def _loaded(statement: Select[ClauseComment]) -> Select[ClauseComment]:
    return statement.options(
        joinedload(ClauseComment.of).joinedload(PracticeVersion.practice),
        joinedload(ClauseComment.organization),
        joinedload(ClauseComment.clause),
    )


_WHOLE: Sequence[Any] = (
    joinedload(PracticeVersion.practice),
    selectinload(PracticeVersion.clauses).joinedload(ClauseText.clause),
    selectinload(PracticeVersion.clauses).selectinload(ClauseText.codes),
)
