"""Practices: documents, versions that never change, clauses, comments; triggers that keep them as written."""

import sqlalchemy as sa
from alembic import op

import app.core.model

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

APPEND_ONLY = ("practice_clause", "practice_clause_text", "practice_clause_code")
SAID = {
    "practice_version": ("id", "practice_id", "number", "preamble", "note", "opened_at"),
    "clause_comment": (
        "id", "version_id", "clause_id", "organization_id", "user_id", "text", "country", "workshop", "source",
        "said_on", "made_at",
    ),
}
CITING = ("need_revision", "programme")
# A version's clauses are written, its comments made and treated, only while it is open for consultation.
WHILE_OPEN = {"practice_clause_text": "INSERT", "clause_comment": "INSERT OR UPDATE"}


def upgrade() -> None:
    _create_tables()
    for table in CITING:
        op.add_column(table, sa.Column("clauses", sa.JSON(), nullable=False, server_default="[]"))
    for statement in _triggers(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("take a backup instead: this would remove what protects published texts")


def _triggers(dialect: str) -> list[str]:
    return _sqlite() if dialect == "sqlite" else _postgresql()


def _sqlite() -> list[str]:
    made = [
        f"CREATE TRIGGER {table}_{verb.lower()}_refused BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is never changed'); END"
        for table in APPEND_ONLY
        for verb in ("UPDATE", "DELETE")
    ]
    for table, columns in SAID.items():
        refused = f"BEGIN SELECT RAISE(ABORT, 'what a {table} says is never changed'); END"
        made.append(
            f"CREATE TRIGGER {table}_refused BEFORE UPDATE OF {', '.join(columns)} ON {table} {refused}"
        )
        made.append(f"CREATE TRIGGER {table}_delete_refused BEFORE DELETE ON {table} {refused}")
    for table, verbs in WHILE_OPEN.items():
        for verb in verbs.split(" OR "):
            made.append(
                f"CREATE TRIGGER {table}_{verb.lower()}_late BEFORE {verb} ON {table} "
                "WHEN (SELECT status FROM practice_version WHERE id = new.version_id) <> 'consultation' "
                "BEGIN SELECT RAISE(ABORT, 'this version is open for consultation no more'); END"
            )
    return made


def _postgresql() -> list[str]:
    late = (
        "CREATE FUNCTION refuse_late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF (SELECT status FROM practice_version WHERE id = NEW.version_id) <> 'consultation' THEN "
        "RAISE EXCEPTION 'this version is open for consultation no more'; END IF; RETURN NEW; END $$"
    )
    made = [late]
    made += [
        f"CREATE TRIGGER {table}_refused BEFORE UPDATE OR DELETE ON {table} EXECUTE FUNCTION refuse_change()"
        for table in APPEND_ONLY
    ]
    for table, columns in SAID.items():
        made.append(
            f"CREATE TRIGGER {table}_refused BEFORE UPDATE OF {', '.join(columns)} ON {table} "
            "EXECUTE FUNCTION refuse_change()"
        )
        made.append(
            f"CREATE TRIGGER {table}_delete_refused BEFORE DELETE ON {table} EXECUTE FUNCTION refuse_change()"
        )
    made += [
        f"CREATE TRIGGER {table}_late BEFORE {verbs} ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_late()"
        for table, verbs in WHILE_OPEN.items()
    ]
    return made


def _create_tables() -> None:
    op.create_table('practice',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('ref', sa.String(length=40), nullable=False),
    sa.Column('title', sa.String(length=300), nullable=False),
    sa.Column('about', sa.String(), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('illustrative', sa.Boolean(), nullable=False),
    sa.Column('created_at', app.core.model.UtcDateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_practice')),
    sa.UniqueConstraint('ref', name=op.f('uq_practice_ref'))
    )
    op.create_table('practice_clause',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('anchor', sa.String(length=60), nullable=False),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_practice_clause_practice_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_practice_clause')),
    sa.UniqueConstraint('practice_id', 'anchor', name=op.f('uq_practice_clause_practice_id_anchor'))
    )
    op.create_table('practice_version',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('status', sa.Enum('consultation', 'current', 'superseded', 'withdrawn', name='versionstatus', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('preamble', sa.String(), nullable=False),
    sa.Column('note', sa.String(), nullable=False),
    sa.Column('opened_at', app.core.model.UtcDateTime(timezone=True), nullable=False),
    sa.Column('published_at', app.core.model.UtcDateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_at', app.core.model.UtcDateTime(timezone=True), nullable=True),
    sa.Column('opened_by_id', sa.Uuid(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("(status = 'withdrawn') = (withdrawn_at IS NOT NULL)", name=op.f('ck_practice_version_withdrawn_is_dated')),
    sa.CheckConstraint("(status IN ('current', 'superseded')) = (published_at IS NOT NULL)", name=op.f('ck_practice_version_published_is_dated')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_practice_version_practice_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_practice_version')),
    sa.UniqueConstraint('practice_id', 'number', name=op.f('uq_practice_version_practice_id_number'))
    )
    with op.batch_alter_table('practice_version', schema=None) as batch_op:
        batch_op.create_index('uq_practice_version_consultation', ['practice_id'], unique=True, sqlite_where=sa.text("status = 'consultation'"), postgresql_where=sa.text("status = 'consultation'"))
        batch_op.create_index('uq_practice_version_current', ['practice_id'], unique=True, sqlite_where=sa.text("status = 'current'"), postgresql_where=sa.text("status = 'current'"))

    op.create_table('practice_clause_text',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('version_id', sa.Uuid(), nullable=False),
    sa.Column('clause_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('level', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(length=40), nullable=False),
    sa.Column('title', sa.String(length=300), nullable=False),
    sa.Column('body', sa.String(), nullable=False),
    sa.Column('content_hash', sa.String(length=64), nullable=False),
    sa.Column('stage', sa.Enum('upstream', 'downstream', name='stage', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('provisions', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['clause_id'], ['practice_clause.id'], name=op.f('fk_practice_clause_text_clause_id')),
    sa.ForeignKeyConstraint(['version_id'], ['practice_version.id'], name=op.f('fk_practice_clause_text_version_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_practice_clause_text')),
    sa.UniqueConstraint('version_id', 'clause_id', name=op.f('uq_practice_clause_text_version_id_clause_id')),
    sa.UniqueConstraint('version_id', 'position', name=op.f('uq_practice_clause_text_version_id_position'))
    )
    with op.batch_alter_table('practice_clause_text', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_practice_clause_text_clause_id'), ['clause_id'], unique=False)

    op.create_table('clause_comment',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('version_id', sa.Uuid(), nullable=False),
    sa.Column('clause_id', sa.Uuid(), nullable=False),
    sa.Column('organization_id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=True),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('country_kind', sa.String(length=20), nullable=False),
    sa.Column('country', sa.String(length=2), nullable=True),
    sa.Column('workshop', sa.String(length=300), nullable=False),
    sa.Column('source', sa.String(length=500), nullable=False),
    sa.Column('said_on', sa.Date(), nullable=True),
    sa.Column('made_at', app.core.model.UtcDateTime(timezone=True), nullable=False),
    sa.Column('disposition', sa.Enum('accepted', 'partly_accepted', 'noted', 'declined', name='disposition', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('asked', sa.String(), nullable=False),
    sa.Column('disposed_at', app.core.model.UtcDateTime(timezone=True), nullable=True),
    sa.Column('disposed_by_id', sa.Uuid(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("(country IS NOT NULL OR workshop <> '') = (said_on IS NOT NULL AND source <> '')", name=op.f('ck_clause_comment_on_behalf_has_source')),
    sa.CheckConstraint("(disposition IS NULL) = (disposed_at IS NULL) AND (disposition IS NULL) = (reason = '')", name=op.f('ck_clause_comment_disposition_has_reason')),
    sa.CheckConstraint("country IS NULL OR workshop = ''", name=op.f('ck_clause_comment_one_speaker')),
    sa.ForeignKeyConstraint(['clause_id'], ['practice_clause.id'], name=op.f('fk_clause_comment_clause_id')),
    sa.ForeignKeyConstraint(['country_kind', 'country'], ['term.kind', 'term.code'], name=op.f('fk_clause_comment_country_kind_country')),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_clause_comment_organization_id')),
    sa.ForeignKeyConstraint(['version_id', 'clause_id'], ['practice_clause_text.version_id', 'practice_clause_text.clause_id'], name=op.f('fk_clause_comment_version_id_clause_id')),
    sa.ForeignKeyConstraint(['version_id'], ['practice_version.id'], name=op.f('fk_clause_comment_version_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_clause_comment'))
    )
    with op.batch_alter_table('clause_comment', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_clause_comment_organization_id'), ['organization_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_clause_comment_version_id_clause_comment_clause_id'), ['version_id', 'clause_id'], unique=False)

    op.create_table('practice_clause_code',
    sa.Column('clause_text_id', sa.Uuid(), nullable=False),
    sa.Column('field', sa.String(length=20), nullable=False),
    sa.Column('code', sa.String(length=60), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['clause_text_id'], ['practice_clause_text.id'], name=op.f('fk_practice_clause_code_clause_text_id')),
    sa.ForeignKeyConstraint(['kind', 'code'], ['term.kind', 'term.code'], name=op.f('fk_practice_clause_code_kind_code')),
    sa.PrimaryKeyConstraint('clause_text_id', 'field', 'code', name=op.f('pk_practice_clause_code'))
    )
    with op.batch_alter_table('practice_clause_code', schema=None) as batch_op:
        batch_op.create_index('ix_practice_clause_code_by_code', ['field', 'code', 'clause_text_id'], unique=False)

