"""A good practice or guideline as a living document: versions that never change, clauses that keep their id."""

import enum
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import utc_now
from app.core.model import Base
from app.organizations.models import Organization


class VersionStatus(enum.StrEnum):
    CONSULTATION = "consultation"
    CURRENT = "current"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


PUBLISHED = (VersionStatus.CURRENT, VersionStatus.SUPERSEDED)


class Stage(enum.StrEnum):
    """Before an arm is in the wrong hands, or after."""

    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"


class Disposition(enum.StrEnum):
    ACCEPTED = "accepted"
    PARTLY_ACCEPTED = "partly_accepted"
    NOTED = "noted"
    DECLINED = "declined"


def _one(status: str) -> Index:
    """At most one version of a document has this status."""
    condition = text(f"status = '{status}'")
    return Index(
        f"uq_practice_version_{status}",
        "practice_id",
        unique=True,
        sqlite_where=condition,
        postgresql_where=condition,
    )


class Practice(Base):
    """A document. What it says is in its versions."""

    __tablename__ = "practice"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    ref: Mapped[str] = mapped_column(String(40), unique=True)
    title: Mapped[str] = mapped_column(String(300))
    about: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(String(2))
    illustrative: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class PracticeVersion(Base):
    """One wording of a document. Its text is kept as it was opened for consultation; only its status moves."""

    __tablename__ = "practice_version"
    __table_args__ = (
        UniqueConstraint("practice_id", "number"),
        CheckConstraint(
            "(status IN ('current', 'superseded')) = (published_at IS NOT NULL)", name="published_is_dated"
        ),
        CheckConstraint("(status = 'withdrawn') = (withdrawn_at IS NOT NULL)", name="withdrawn_is_dated"),
        _one("consultation"),
        _one("current"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"))
    number: Mapped[int]
    status: Mapped[VersionStatus] = mapped_column(default=VersionStatus.CONSULTATION)
    preamble: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    opened_at: Mapped[datetime] = mapped_column(default=utc_now)
    published_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    opened_by_id: Mapped[UUID | None]
    version: Mapped[int] = mapped_column(default=1)

    practice: Mapped[Practice] = relationship()
    clauses: Mapped[list["ClauseText"]] = relationship(
        order_by="ClauseText.position", cascade="all, delete-orphan", back_populates="of"
    )

    __mapper_args__ = {"version_id_col": version}

    @property
    def ref(self) -> str:
        """By which the audit trail names it."""
        return f"{self.practice.ref} version {self.number}"


class Clause(Base):
    """What stays of a clause through all versions: the name by which it is cited."""

    __tablename__ = "practice_clause"
    __table_args__ = (UniqueConstraint("practice_id", "anchor"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"))
    anchor: Mapped[str] = mapped_column(String(60))

    practice: Mapped[Practice] = relationship()


class ClauseText(Base):
    """What a clause says in one version. `content_hash` is of heading and text: codes and numbers may differ."""

    __tablename__ = "practice_clause_text"
    __table_args__ = (
        UniqueConstraint("version_id", "clause_id"),
        UniqueConstraint("version_id", "position"),
        Index(None, "clause_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    version_id: Mapped[UUID] = mapped_column(ForeignKey("practice_version.id"))
    clause_id: Mapped[UUID] = mapped_column(ForeignKey("practice_clause.id"))
    position: Mapped[int]
    level: Mapped[int]
    number: Mapped[str] = mapped_column(String(40), default="")
    title: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(default="")
    content_hash: Mapped[str] = mapped_column(String(64))
    stage: Mapped[Stage | None]
    provisions: Mapped[list[dict[str, Any]]] = mapped_column(default=list)

    of: Mapped[PracticeVersion] = relationship(back_populates="clauses")
    clause: Mapped[Clause] = relationship(lazy="joined")
    codes: Mapped[list["ClauseCode"]] = relationship(
        order_by="ClauseCode.position", cascade="all, delete-orphan", lazy="selectin"
    )


class ClauseCode(Base):
    """One code in one field of a clause's text: themes, weapons."""

    __tablename__ = "practice_clause_code"
    __table_args__ = (
        ForeignKeyConstraint(["kind", "code"], ["term.kind", "term.code"]),
        Index("ix_practice_clause_code_by_code", "field", "code", "clause_text_id"),
    )

    clause_text_id: Mapped[UUID] = mapped_column(ForeignKey("practice_clause_text.id"), primary_key=True)
    field: Mapped[str] = mapped_column(String(20), primary_key=True)
    code: Mapped[str] = mapped_column(String(60), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    position: Mapped[int]


class ClauseComment(Base):
    """What somebody said of a clause of a consultation version, and how it was treated.

    A partner or a delegation speaks for itself; what a State or a workshop said an officer records, with its
    source and day. Who spoke is never published.
    """

    __tablename__ = "clause_comment"
    __table_args__ = (
        ForeignKeyConstraint(
            ["version_id", "clause_id"], ["practice_clause_text.version_id", "practice_clause_text.clause_id"]
        ),
        ForeignKeyConstraint(["country_kind", "country"], ["term.kind", "term.code"]),
        CheckConstraint("country IS NULL OR workshop = ''", name="one_speaker"),
        CheckConstraint(
            "(country IS NOT NULL OR workshop <> '') = (said_on IS NOT NULL AND source <> '')",
            name="on_behalf_has_source",
        ),
        CheckConstraint(
            "(disposition IS NULL) = (disposed_at IS NULL) AND (disposition IS NULL) = (reason = '')",
            name="disposition_has_reason",
        ),
        Index(None, "version_id", "clause_id"),
        Index(None, "organization_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    version_id: Mapped[UUID] = mapped_column(ForeignKey("practice_version.id"))
    clause_id: Mapped[UUID] = mapped_column(ForeignKey("practice_clause.id"))
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organization.id"))
    user_id: Mapped[UUID | None]
    text: Mapped[str]
    country_kind: Mapped[str] = mapped_column(String(20), default="country")
    country: Mapped[str | None] = mapped_column(String(2))
    workshop: Mapped[str] = mapped_column(String(300), default="")
    source: Mapped[str] = mapped_column(String(500), default="")
    said_on: Mapped[date | None]
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    disposition: Mapped[Disposition | None]
    reason: Mapped[str] = mapped_column(default="")
    asked: Mapped[str] = mapped_column(default="")
    disposed_at: Mapped[datetime | None]
    disposed_by_id: Mapped[UUID | None]
    version: Mapped[int] = mapped_column(default=1)

    of: Mapped[PracticeVersion] = relationship()
    clause: Mapped[Clause] = relationship(lazy="joined")
    organization: Mapped[Organization] = relationship(lazy="joined")

    __mapper_args__ = {"version_id_col": version}
