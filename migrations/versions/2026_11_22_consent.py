"""Consent: how a release was extended and ended, agreements to the silence procedure, acts held for clearance.

Columns are added one by one, because a table of SQLite that is made anew loses its CHECKs.
"""

import sqlalchemy as sa
from alembic import op

import app.core.model

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

APPEND_ONLY = ("organization_kind_change",)
MOMENT = app.core.model.UtcDateTime(timezone=True)


def upgrade() -> None:
    _create_tables()
    _extend_group_member()
    _extend_release()
    for table in APPEND_ONLY:
        for statement in _refused(table):
            op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("take a backup instead: this would lose how permissions ended")


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


def _extend_group_member() -> None:
    zone = "+00" if op.get_bind().dialect.name == "postgresql" else ""
    op.add_column(
        "group_member",
        sa.Column("added_at", MOMENT, nullable=False, server_default=f"1970-01-01 00:00:00.000000{zone}"),
    )
    op.add_column("group_member", sa.Column("ended_at", MOMENT, nullable=True))
    op.drop_index(
        op.f("ix_group_member_group_id_group_member_organization_id_group_member_from_on"), table_name="group_member"
    )
    op.create_index(
        "uq_group_member_once", "group_member", ["group_id", "organization_id", "from_on", "added_at"], unique=True
    )


def _extend_release() -> None:
    endings = "'withdrawn', 'objection', 'referral', 'merger'"
    op.execute(
        "ALTER TABLE release ADD COLUMN ending VARCHAR(32) "
        f"CONSTRAINT ck_release_ending CHECK (ending IN ({endings}))"
    )
    extends = sa.ForeignKey("release.id", name=op.f("fk_release_extends_id"))
    op.add_column("release", sa.Column("extends_id", sa.Uuid(), extends, nullable=True), inline_references=True)
    for column in (
        sa.Column("document_url", sa.String(length=500), nullable=True),
        sa.Column("ending_reference", sa.String(length=300), nullable=False, server_default=""),
        sa.Column("ending_url", sa.String(length=500), nullable=True),
        sa.Column("ending_note", sa.String(), nullable=False, server_default=""),
        sa.Column("ending_country", sa.String(length=2), nullable=True),
        sa.Column("superseded_at", MOMENT, nullable=True),
        sa.Column("same_since_at", MOMENT, nullable=True),
        sa.Column("withdrawn_by_id", sa.Uuid(), nullable=True),
        sa.Column("cleared_by_id", sa.Uuid(), nullable=True),
    ):
        op.add_column("release", column)
    op.create_index(
        "uq_release_extends_id",
        "release",
        ["extends_id"],
        unique=True,
        sqlite_where=sa.text("extends_id IS NOT NULL AND withdrawn_at IS NULL"),
        postgresql_where=sa.text("extends_id IS NOT NULL AND withdrawn_at IS NULL"),
    )
    op.add_column("release_consent", sa.Column("document_url", sa.String(length=500), nullable=True))


def _create_tables() -> None:
    op.create_table('organization_kind_change',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('organization_id', sa.Uuid(), nullable=False),
    sa.Column('was', sa.Enum('implementer', 'donor', 'both', name='organizationkind', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('at', app.core.model.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_organization_kind_change_organization_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_organization_kind_change'))
    )
    with op.batch_alter_table('organization_kind_change', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_organization_kind_change_organization_id'), ['organization_id'], unique=False)

    op.create_table('silence_agreement',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('code', sa.String(length=2), nullable=False),
    sa.Column('reference', sa.String(length=300), nullable=False),
    sa.Column('document_url', sa.String(length=500), nullable=True),
    sa.Column('agreed_on', sa.Date(), nullable=False),
    sa.Column('recorded_at', app.core.model.UtcDateTime(timezone=True), nullable=False),
    sa.Column('recorded_by_id', sa.Uuid(), nullable=True),
    sa.Column('ended_at', app.core.model.UtcDateTime(timezone=True), nullable=True),
    sa.Column('ending_reference', sa.String(length=300), nullable=False),
    sa.Column('ended_by_id', sa.Uuid(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint('length(trim(reference)) > 0', name=op.f('ck_silence_agreement_has_reference')),
    sa.ForeignKeyConstraint(['kind', 'code'], ['term.kind', 'term.code'], name=op.f('fk_silence_agreement_kind_code')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_silence_agreement'))
    )
    with op.batch_alter_table('silence_agreement', schema=None) as batch_op:
        batch_op.create_index('uq_silence_agreement_running', ['code'], unique=True, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))

    op.create_table('clearance',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('act', sa.Enum('release', 'extension', 'assessment_releases', 'referral', name='act', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('about', sa.String(length=60), nullable=False),
    sa.Column('body', sa.JSON(), nullable=False),
    sa.Column('asked_by_id', sa.Uuid(), nullable=True),
    sa.Column('asked_by_key_id', sa.Uuid(), nullable=True),
    sa.Column('asked_at', app.core.model.UtcDateTime(timezone=True), nullable=False),
    sa.Column('decided_by_id', sa.Uuid(), nullable=True),
    sa.Column('decided_at', app.core.model.UtcDateTime(timezone=True), nullable=True),
    sa.Column('cleared', sa.Boolean(), nullable=True),
    sa.Column('note', sa.String(), nullable=False),
    sa.Column('made', sa.JSON(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint('(decided_at IS NULL) = (cleared IS NULL)', name=op.f('ck_clearance_decision_is_dated')),
    sa.CheckConstraint('NOT cleared OR decided_by_id <> asked_by_id', name=op.f('ck_clearance_by_another')),
    sa.ForeignKeyConstraint(['asked_by_id'], ['account.id'], name=op.f('fk_clearance_asked_by_id')),
    sa.ForeignKeyConstraint(['asked_by_key_id'], ['api_key.id'], name=op.f('fk_clearance_asked_by_key_id')),
    sa.ForeignKeyConstraint(['decided_by_id'], ['account.id'], name=op.f('fk_clearance_decided_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_clearance'))
    )
    with op.batch_alter_table('clearance', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_clearance_decided_at_clearance_asked_at'), ['decided_at', 'asked_at'], unique=False)
