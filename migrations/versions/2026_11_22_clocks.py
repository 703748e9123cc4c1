"""Clocks: when the State answered a report, who answers for an assessment, and the briefings that were given."""

import sqlalchemy as sa
from alembic import op

import app.core.model

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None



def upgrade() -> None:
    _extend_assessment()
    op.create_table(
        "briefing",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("recorded_at", app.core.model.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("given_on >= until_on", name=op.f("ck_briefing_given_after_period")),
        sa.CheckConstraint("until_on >= from_on", name=op.f("ck_briefing_in_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_briefing")),
    )
    with op.batch_alter_table("briefing", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_briefing_given_on"), ["given_on"], unique=False)
    for statement in _refused("briefing"):
        op.execute(statement)


def _extend_assessment() -> None:
    """Columns are added one by one: SQLite would otherwise drop the table, which needs refer to."""
    uuid = "UUID" if op.get_bind().dialect.name == "postgresql" else "CHAR(32)"
    for name, check in (("observations_received_on", "observations"), ("steps_reported_on", "steps")):
        rule = f"CHECK ({name} IS NULL OR report_received_on IS NOT NULL)"
        op.execute(
            f"ALTER TABLE assessment ADD COLUMN {name} DATE "
            f"CONSTRAINT ck_assessment_{check}_follow_report {rule}"
        )
    for name in ("responsible_id", "deputy_id"):
        reference = f"CONSTRAINT fk_assessment_{name} REFERENCES account (id)"
        op.execute(f"ALTER TABLE assessment ADD COLUMN {name} {uuid} {reference}")


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


def downgrade() -> None:
    pass
