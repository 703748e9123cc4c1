import enum
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import utc_now
from app.core.model import Base


class Level(enum.StrEnum):
    INTERNATIONAL = "international"
    REGIONAL = "regional"
    SUBREGIONAL = "subregional"
    NATIONAL = "national"
    NON_GOVERNMENTAL = "non_governmental"


class OrganizationKind(enum.StrEnum):
    IMPLEMENTER = "implementer"
    DONOR = "donor"
    BOTH = "both"


class Organization(Base):
    """A body that runs programmes, funds them (a delegation), or both. `ref` is its acronym."""

    __tablename__ = "organization"
    __table_args__ = (
        CheckConstraint("parent_id <> id", name="not_its_own_parent"),
        CheckConstraint("length(trim(ref)) > 0 AND length(trim(name)) > 0", name="named"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    ref: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(300))
    level: Mapped[Level]
    kind: Mapped[OrganizationKind] = mapped_column(default=OrganizationKind.IMPLEMENTER)
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("organization.id"))
    mandate: Mapped[str] = mapped_column(default="")
    state_coverage: Mapped[str] = mapped_column(default="")
    web_domain: Mapped[str] = mapped_column(default="")
    mailboxes: Mapped[list[str]] = mapped_column(default=list)
    correspondence_language: Mapped[str] = mapped_column(String(2), default="en")
    source_note: Mapped[str] = mapped_column(default="")
    invented: Mapped[bool] = mapped_column(default=False)
    merged_into_id: Mapped[UUID | None] = mapped_column(ForeignKey("organization.id"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    version: Mapped[int] = mapped_column(default=1)

    parent: Mapped["Organization | None"] = relationship(
        remote_side="Organization.id", foreign_keys="Organization.parent_id"
    )
    merged_into: Mapped["Organization | None"] = relationship(
        remote_side="Organization.id", foreign_keys="Organization.merged_into_id"
    )
    members: Mapped[list["Membership"]] = relationship(
        order_by="Membership.country_code, Membership.from_on", cascade="all, delete-orphan"
    )

    __mapper_args__ = {"version_id_col": version}


class OrganizationKindChange(Base):
    """That an organization was of another kind until `at`: the built-in groups of a past day are read from it."""

    __tablename__ = "organization_kind_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organization.id"), index=True)
    was: Mapped[OrganizationKind]
    at: Mapped[datetime] = mapped_column(default=utc_now)


class Membership(Base):
    """A State's membership of a body, with the dates and the source it rests on."""

    __tablename__ = "membership"
    __table_args__ = (
        CheckConstraint("until_on IS NULL OR from_on IS NULL OR until_on >= from_on", name="in_order"),
        Index(None, "organization_id", "country_code", "from_on", unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organization.id"))
    country_code: Mapped[str] = mapped_column(String(2))
    from_on: Mapped[date | None]
    until_on: Mapped[date | None]
    source: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")


class BuiltIn(enum.StrEnum):
    PARTNERS = "partners"
    DONORS = "donors"


class Group(Base):
    """A named list of organizations; the two built-in ones have no rows: organizations' kinds make them."""

    __tablename__ = "audience_group"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    ref: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    built_in: Mapped[BuiltIn | None] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    version: Mapped[int] = mapped_column(default=1)

    members: Mapped[list["GroupMember"]] = relationship(
        order_by="GroupMember.from_on", cascade="all, delete-orphan"
    )

    __mapper_args__ = {"version_id_col": version}


class GroupMember(Base):
    """One membership, from the later of `from_on` and `added_at` until `until_on`, or `ended_at` on that day."""

    __tablename__ = "group_member"
    __table_args__ = (
        CheckConstraint("until_on IS NULL OR until_on >= from_on", name="in_order"),
        Index("uq_group_member_once", "group_id", "organization_id", "from_on", "added_at", unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    group_id: Mapped[UUID] = mapped_column(ForeignKey("audience_group.id"))
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organization.id"), index=True)
    from_on: Mapped[date]
    until_on: Mapped[date | None]
    added_at: Mapped[datetime] = mapped_column(default=utc_now)
    ended_at: Mapped[datetime | None]

    organization: Mapped[Organization] = relationship()
