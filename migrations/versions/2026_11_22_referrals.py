"""Referrals: letters, their lines, and what each side said of them; what was said is never changed."""

import sqlalchemy as sa
from alembic import op

import app.core.model

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


APPEND_ONLY = ("line_answer", "line_outcome")


def upgrade() -> None:
    _create_tables()
    for table in APPEND_ONLY:
        for statement in _refused(table):
            op.execute(statement)


def _refused(table: str) -> list[str]:
    if op.get_bind().dialect.name == "postgresql":
        return [
            f"CREATE TRIGGER {table}_refused BEFORE UPDATE OR DELETE ON {table} EXECUTE FUNCTION refuse_change()"
        ]
    return [
        f"CREATE TRIGGER {table}_{verb.lower()}_refused BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for verb in ("UPDATE", "DELETE")
    ]


def _create_tables() -> None:
    op.create_table(
        "advisory",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("country_kind", sa.String(length=20), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("source", sa.String(length=500), nullable=False),
        sa.Column("dated_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("recorded_at", app.core.model.UtcDateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["country_kind", "country"], ["term.kind", "term.code"], name=op.f("fk_advisory_country_kind_country")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_advisory")),
    )
    with op.batch_alter_table("advisory", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_advisory_country"), ["country"], unique=False)

    op.create_table(
        "referral",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("conveyed_at", app.core.model.UtcDateTime(timezone=True), nullable=False),
        sa.Column("conveyed_by_id", sa.Uuid(), nullable=True),
        sa.Column("cleared_by_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_referral_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral")),
    )
    with op.batch_alter_table("referral", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_referral_conveyed_at"), ["conveyed_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_referral_organization_id"), ["organization_id"], unique=False)

    op.create_table(
        "advisory_acknowledgement",
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("advisory_id", sa.Uuid(), nullable=False),
        sa.Column("at", app.core.model.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["advisory_id"], ["advisory.id"], name=op.f("fk_advisory_acknowledgement_advisory_id")
        ),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_advisory_acknowledgement_referral_id")
        ),
        sa.PrimaryKeyConstraint("referral_id", "advisory_id", name=op.f("pk_advisory_acknowledgement")),
    )
    op.create_table(
        "referral_co_implementer",
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_referral_co_implementer_organization_id")
        ),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_referral_co_implementer_referral_id")
        ),
        sa.PrimaryKeyConstraint("referral_id", "organization_id", name=op.f("pk_referral_co_implementer")),
    )
    op.create_table(
        "referral_fund",
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("programme_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_referral_fund_programme_id")),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"], name=op.f("fk_referral_fund_referral_id")),
        sa.PrimaryKeyConstraint("referral_id", "programme_id", name=op.f("pk_referral_fund")),
    )
    op.create_table(
        "referral_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("pairing_id", sa.Uuid(), nullable=False),
        sa.Column("need_id", sa.Uuid(), nullable=False),
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "conveyed",
                "taken_up",
                "in_delivery",
                "completed",
                "declined",
                "retracted",
                name="linestatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("conveyed_at", app.core.model.UtcDateTime(timezone=True), nullable=False),
        sa.Column("answered_at", app.core.model.UtcDateTime(timezone=True), nullable=True),
        sa.Column("question_at", app.core.model.UtcDateTime(timezone=True), nullable=True),
        sa.Column(
            "part",
            sa.Enum("whole", "part", name="part", native_enum=False, create_constraint=True, length=32),
            nullable=True,
        ),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("if_funded", sa.Boolean(), nullable=False),
        sa.Column("accepted_on", sa.Date(), nullable=True),
        sa.Column("acceptance_reference", sa.String(length=300), nullable=True),
        sa.Column(
            "diligence",
            sa.Enum(
                "not_applicable",
                "done",
                "done_with_mitigation",
                "refused",
                name="diligence",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("diligence_on", sa.Date(), nullable=True),
        sa.Column("diligence_reference", sa.String(length=300), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column(
            "decline_reason",
            sa.Enum(
                "no_funds",
                "no_capacity",
                "outside_mandate",
                "access_or_security",
                "due_diligence",
                "already_covered",
                "other",
                name="declinereason",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("inquired_on", sa.Date(), nullable=True),
        sa.Column("confirmed", sa.Boolean(), nullable=True),
        sa.Column("ended_at", app.core.model.UtcDateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(status = 'completed') = (confirmed IS NOT NULL)",
            name=op.f("ck_referral_line_completed_says_if_confirmed"),
        ),
        sa.CheckConstraint(
            "(status = 'declined') = (decline_reason IS NOT NULL)",
            name=op.f("ck_referral_line_declined_has_reason"),
        ),
        sa.CheckConstraint(
            "(status IN ('completed', 'declined', 'retracted')) = (ended_at IS NOT NULL)",
            name=op.f("ck_referral_line_end_is_dated"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('in_delivery', 'completed') OR (started_on IS NOT NULL AND accepted_on IS NOT NULL)",
            name=op.f("ck_referral_line_started_after_acceptance"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('taken_up', 'in_delivery', 'completed') OR part IS NOT NULL",
            name=op.f("ck_referral_line_taken_up_says_how"),
        ),
        sa.CheckConstraint(
            "(accepted_on IS NULL) = (acceptance_reference IS NULL)",
            name=op.f("ck_referral_line_acceptance_is_whole"),
        ),
        sa.CheckConstraint(
            "(diligence IS NULL) = (diligence_on IS NULL)", name=op.f("ck_referral_line_diligence_is_dated")
        ),
        sa.ForeignKeyConstraint(["need_id"], ["need.id"], name=op.f("fk_referral_line_need_id")),
        sa.ForeignKeyConstraint(["pairing_id"], ["pairing.id"], name=op.f("fk_referral_line_pairing_id")),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"], name=op.f("fk_referral_line_referral_id")),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_referral_line_release_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_line")),
        sa.UniqueConstraint("referral_id", "n", name=op.f("uq_referral_line_referral_id_n")),
        sa.UniqueConstraint("referral_id", "pairing_id", name=op.f("uq_referral_line_referral_id_pairing_id")),
    )
    with op.batch_alter_table("referral_line", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_referral_line_need_id_referral_line_status"), ["need_id", "status"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_referral_line_pairing_id"), ["pairing_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_referral_line_release_id"), ["release_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_referral_line_status_referral_line_conveyed_at"),
            ["status", "conveyed_at"],
            unique=False,
        )
        batch_op.create_index(
            "uq_referral_line_live_pairing",
            ["pairing_id"],
            unique=True,
            sqlite_where=sa.text("status IN ('conveyed', 'taken_up', 'in_delivery')"),
            postgresql_where=sa.text("status IN ('conveyed', 'taken_up', 'in_delivery')"),
        )

    op.create_table(
        "line_answer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "move",
            sa.Enum(
                "take_up",
                "decline",
                "ask",
                "answer",
                "start",
                "report",
                "inquire",
                "complete",
                "retract",
                name="move",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("by_officer", sa.Boolean(), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "no_funds",
                "no_capacity",
                "outside_mandate",
                "access_or_security",
                "due_diligence",
                "already_covered",
                "other",
                name="declinereason",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("at", app.core.model.UtcDateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["line_id"], ["referral_line.id"], name=op.f("fk_line_answer_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_answer")),
        sa.UniqueConstraint("line_id", "number", name=op.f("uq_line_answer_line_id_number")),
    )
    op.create_table(
        "line_outcome",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "side",
            sa.Enum("organization", "state", name="side", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("by_officer", sa.Boolean(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "delivered",
                "partly_delivered",
                "not_delivered",
                name="delivered",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("at", app.core.model.UtcDateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["line_id"], ["referral_line.id"], name=op.f("fk_line_outcome_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_outcome")),
        sa.UniqueConstraint("line_id", "number", name=op.f("uq_line_outcome_line_id_number")),
    )


def downgrade() -> None:
    pass
