"""A need is a head (status, source, who answers for it) and whole revisions of what it says."""

import enum
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Numeric,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.assessments.models import Assessment
from app.core.db import utc_now
from app.core.model import Base
from app.organizations.models import Group, Organization


class NeedStatus(enum.StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    ON_HOLD = "on_hold"
    CLOSED = "closed"


class Outcome(enum.StrEnum):
    MET = "met"
    PARTLY_MET = "partly_met"
    NOT_MET = "not_met"
    WITHDRAWN = "withdrawn"
    DUPLICATE = "duplicate"


class Source(enum.StrEnum):
    ASSESSMENT = "assessment"
    STATE_REQUEST = "state_request"
    OTHER = "other"


class Priority(enum.StrEnum):
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class BeneficiaryKind(enum.StrEnum):
    LEGISLATURE = "legislature"
    MINISTRY = "ministry"
    JUDICIARY = "judiciary"
    POLICE = "police"
    BORDER_OR_CUSTOMS = "border_or_customs"
    MILITARY = "military"
    INTELLIGENCE = "intelligence"
    PRISON = "prison"
    FINANCIAL_INTELLIGENCE = "financial_intelligence"
    CIVIL_AVIATION = "civil_aviation"
    OTHER = "other"


class RecipientKind(enum.StrEnum):
    COUNTRIES = "countries"
    REGION = "region"
    MEMBERS_OF = "members_of"


class TranslationQuality(enum.StrEnum):
    OFFICIAL = "official"
    UNOFFICIAL = "unofficial"
    MACHINE = "machine"


class Need(Base):
    """One identified capacity gap. What it says is in its revisions; the newest one is `revision`."""

    __tablename__ = "need"
    __table_args__ = (
        CheckConstraint("(status = 'closed') = (outcome IS NOT NULL)", name="closed_has_outcome"),
        CheckConstraint("(outcome = 'duplicate') = (merged_into_id IS NOT NULL)", name="duplicate_is_merged"),
        CheckConstraint("(source = 'assessment') = (assessment_id IS NOT NULL)", name="assessment_is_named"),
        CheckConstraint("residual_of_id <> id AND merged_into_id <> id", name="not_of_itself"),
        UniqueConstraint("assessment_id", "source_ref"),
        Index(
            "uq_need_source_ref_without_assessment",
            "source_ref",
            unique=True,
            sqlite_where=text("assessment_id IS NULL"),
            postgresql_where=text("assessment_id IS NULL"),
        ),
        Index(None, "status", "id"),
        Index(
            "ix_need_merged_into_id",
            "merged_into_id",
            sqlite_where=text("merged_into_id IS NOT NULL"),
            postgresql_where=text("merged_into_id IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    ref: Mapped[str] = mapped_column(String(20), unique=True)
    revision: Mapped[int] = mapped_column(default=1)
    status: Mapped[NeedStatus] = mapped_column(default=NeedStatus.DRAFT)
    outcome: Mapped[Outcome | None]
    source: Mapped[Source]
    assessment_id: Mapped[UUID | None] = mapped_column(ForeignKey("assessment.id"))
    source_ref: Mapped[str | None] = mapped_column(String(100))
    responsible_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    deputy_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    residual_of_id: Mapped[UUID | None] = mapped_column(ForeignKey("need.id"))
    merged_into_id: Mapped[UUID | None] = mapped_column(ForeignKey("need.id"))
    override_reason: Mapped[str | None]
    illustrative: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    changed_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    # When what is shown outside of the head last changed: its status, or that it is illustrative.
    shown_at: Mapped[datetime] = mapped_column(default=utc_now)
    version: Mapped[int] = mapped_column(default=1)

    assessment: Mapped[Assessment | None] = relationship()
    releases: Mapped[list["Release"]] = relationship(back_populates="need", order_by="Release.recorded_at")

    __mapper_args__ = {"version_id_col": version}


class NeedStatusChange(Base):
    """The dated status history, from which sight on a past day is answered."""

    __tablename__ = "need_status_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    need_id: Mapped[UUID] = mapped_column(ForeignKey("need.id"), index=True)
    status: Mapped[NeedStatus]
    outcome: Mapped[Outcome | None]
    reason: Mapped[str | None]
    at: Mapped[datetime] = mapped_column(default=utc_now)


class NeedRevision(Base):
    """What a need said at one time. Never changed once written, because releases show it.

    `coded` says its codes once more in one line, so that counting 100,000 needs reads one short row of each:
    it stands before the long texts, which a database keeps elsewhere.
    """

    __tablename__ = "need_revision"
    __table_args__ = (
        UniqueConstraint("need_id", "number"),
        CheckConstraint("(recipient_kind = 'region') = (region IS NOT NULL)", name="region_is_named"),
        CheckConstraint(
            "(recipient_kind = 'members_of') = (members_of_id IS NOT NULL)", name="members_of_is_named"
        ),
        CheckConstraint("cost_low IS NULL OR cost_high IS NULL OR cost_low <= cost_high", name="cost_in_order"),
        CheckConstraint(
            "(cost_low IS NULL AND cost_high IS NULL) = (cost_currency IS NULL)", name="cost_has_currency"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    need_id: Mapped[UUID] = mapped_column(ForeignKey("need.id"))
    number: Mapped[int]
    coded: Mapped[str] = mapped_column(default="")
    priority: Mapped[Priority | None]
    wanted_by: Mapped[date | None]
    title: Mapped[str] = mapped_column(String(300))
    description: Mapped[str]
    language: Mapped[str] = mapped_column(String(2))
    recipient_kind: Mapped[RecipientKind]
    region: Mapped[str | None] = mapped_column(String(3))
    members_of_id: Mapped[UUID | None] = mapped_column(ForeignKey("organization.id"))
    context: Mapped[str] = mapped_column(String(300), default="")
    beneficiary_kind: Mapped[BeneficiaryKind | None]
    institution: Mapped[str] = mapped_column(String(300), default="")
    existing_efforts: Mapped[str] = mapped_column(default="")
    cost_low: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))
    cost_high: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))
    cost_currency: Mapped[str | None] = mapped_column(String(3))
    cost_estimated_by: Mapped[str] = mapped_column(String(200), default="")
    unconfirmed: Mapped[list[str]] = mapped_column(default=list)
    translations: Mapped[dict[str, Any]] = mapped_column(default=dict)
    provisions: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    clauses: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    summary_tokens: Mapped[str] = mapped_column(default="")
    full_tokens: Mapped[str] = mapped_column(default="")
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    made_by_id: Mapped[UUID | None]

    members_of: Mapped[Organization | None] = relationship()
    codes: Mapped[list["NeedCode"]] = relationship(order_by="NeedCode.position", cascade="all, delete-orphan")


class NeedCode(Base):
    """One code in one field of a revision: themes, dimensions, functions, weapons, assistance_types,
    countries, instruments (`<instrument>` of a provision) and `regions`, which are derived from the recipient."""

    __tablename__ = "need_code"
    __table_args__ = (
        ForeignKeyConstraint(["kind", "code"], ["term.kind", "term.code"]),
        Index(None, "field", "code", "revision_id"),
    )

    revision_id: Mapped[int] = mapped_column(ForeignKey("need_revision.id"), primary_key=True)
    field: Mapped[str] = mapped_column(String(20), primary_key=True)
    code: Mapped[str] = mapped_column(String(60), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    position: Mapped[int]


class ReleaseFields(enum.StrEnum):
    SUMMARY = "summary"
    FULL = "full"


class Basis(enum.StrEnum):
    DOCUMENT = "document"
    NO_OBJECTION = "no_objection"
    SILENCE = "silence"


class Ending(enum.StrEnum):
    """Why a release ended before its time."""

    WITHDRAWN = "withdrawn"
    OBJECTION = "objection"
    REFERRAL = "referral"
    MERGER = "merger"


class Release(Base):
    """A State's permission to show one revision, or its summary, to an audience, for a time.

    In force at T: starts_at, recorded_at and complete_at are not after T; ends_at, superseded_at and withdrawn_at
    are. `complete_at` is empty until the consent of every State of the need is recorded; `superseded_at` is when
    another line, which extends this one to a newer revision, takes its place.
    """

    __tablename__ = "release"
    __table_args__ = (
        ForeignKeyConstraint(["need_id", "revision"], ["need_revision.need_id", "need_revision.number"]),
        CheckConstraint("(group_id IS NULL) <> (organization_id IS NULL)", name="one_audience"),
        CheckConstraint("basis <> 'silence' OR organization_id IS NOT NULL", name="silence_towards_one"),
        CheckConstraint("ends_at IS NULL OR ends_at > starts_at", name="in_order"),
        CheckConstraint("length(trim(reference)) > 0", name="has_reference"),
        Index(None, "organization_id", "need_id"),
        Index(None, "group_id", "need_id"),
        Index(
            "uq_release_extends_id",
            "extends_id",
            unique=True,
            sqlite_where=text("extends_id IS NOT NULL AND withdrawn_at IS NULL"),
            postgresql_where=text("extends_id IS NOT NULL AND withdrawn_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    need_id: Mapped[UUID] = mapped_column(ForeignKey("need.id"), index=True)
    revision: Mapped[int]
    group_id: Mapped[UUID | None] = mapped_column(ForeignKey("audience_group.id"))
    organization_id: Mapped[UUID | None] = mapped_column(ForeignKey("organization.id"))
    fields: Mapped[ReleaseFields]
    basis: Mapped[Basis]
    reference: Mapped[str] = mapped_column(String(300))
    document_url: Mapped[str | None] = mapped_column(String(500))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime] = mapped_column(default=utc_now)
    complete_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    ending: Mapped[Ending | None]
    ending_reference: Mapped[str] = mapped_column(String(300), default="")
    ending_url: Mapped[str | None] = mapped_column(String(500))
    ending_note: Mapped[str] = mapped_column(default="")
    ending_country: Mapped[str | None] = mapped_column(String(2))
    extends_id: Mapped[UUID | None] = mapped_column(ForeignKey("release.id"))
    superseded_at: Mapped[datetime | None]
    same_since_at: Mapped[datetime | None]
    recorded_by_id: Mapped[UUID | None]
    withdrawn_by_id: Mapped[UUID | None]
    cleared_by_id: Mapped[UUID | None]

    need: Mapped[Need] = relationship(back_populates="releases", foreign_keys=[need_id])
    group: Mapped[Group | None] = relationship()
    organization: Mapped[Organization | None] = relationship()
    exceptions: Mapped[list["ReleaseException"]] = relationship(cascade="all, delete-orphan")
    consents: Mapped[list["ReleaseConsent"]] = relationship(cascade="all, delete-orphan")


class ReleaseException(Base):
    """An organization of the group that this release does not reach."""

    __tablename__ = "release_exception"

    release_id: Mapped[UUID] = mapped_column(ForeignKey("release.id"), primary_key=True)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organization.id"), primary_key=True)

    organization: Mapped[Organization] = relationship(lazy="joined")


class ReleaseConsent(Base):
    """One State's recorded consent to a release of a need of several States."""

    __tablename__ = "release_consent"
    __table_args__ = (ForeignKeyConstraint(["kind", "code"], ["term.kind", "term.code"]),)

    release_id: Mapped[UUID] = mapped_column(ForeignKey("release.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), default="country")
    code: Mapped[str] = mapped_column(String(2), primary_key=True)
    reference: Mapped[str] = mapped_column(String(300))
    document_url: Mapped[str | None] = mapped_column(String(500))
    recorded_at: Mapped[datetime] = mapped_column(default=utc_now)
