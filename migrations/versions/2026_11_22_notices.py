"""Notices: what waits for whom, letters, choices, links; jobs that return are known by a key."""

import sqlalchemy as sa
from alembic import op

import app.core.model

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('notice_cursor',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('looked_on', sa.Date(), nullable=True),
    sa.CheckConstraint('id = 1', name=op.f('ck_notice_cursor_one_row')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notice_cursor'))
    )
    op.create_table('assurance_link',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('programme_id', sa.Uuid(), nullable=False),
    sa.Column('secret_hash', sa.String(length=64), nullable=False),
    sa.Column('made_at', app.core.model.UtcDateTime(timezone=True), nullable=False),
    sa.Column('expires_at', app.core.model.UtcDateTime(timezone=True), nullable=False),
    sa.Column('used_at', app.core.model.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['programme_id'], ['programme.id'], name=op.f('fk_assurance_link_programme_id')),
    sa.ForeignKeyConstraint(['user_id'], ['account.id'], name=op.f('fk_assurance_link_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_assurance_link'))
    )
    with op.batch_alter_table('assurance_link', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_assurance_link_programme_id'), ['programme_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_assurance_link_user_id'), ['user_id'], unique=False)

    op.create_table('notice_choice',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.Enum('referral', 'answer', 'offer', 'interest', 'consent', 'clearance', 'clock', 'freshness', name='noticekind', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('delivery', sa.Enum('at_once', 'daily', 'none', name='delivery', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['account.id'], name=op.f('fk_notice_choice_user_id')),
    sa.PrimaryKeyConstraint('user_id', 'kind', name=op.f('pk_notice_choice'))
    )
    op.create_table('notice_letter',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('status', sa.Enum('queued', 'sent', 'dropped', 'unclear', 'failed', name='letterstatus', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('is_digest', sa.Boolean(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('message', sa.String(), nullable=False),
    sa.Column('made_at', app.core.model.UtcDateTime(timezone=True), nullable=False),
    sa.Column('ended_at', app.core.model.UtcDateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(status = 'queued') = (ended_at IS NULL)", name=op.f('ck_notice_letter_end_is_dated')),
    sa.ForeignKeyConstraint(['user_id'], ['account.id'], name=op.f('fk_notice_letter_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notice_letter'))
    )
    with op.batch_alter_table('notice_letter', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_notice_letter_status_notice_letter_made_at'), ['status', 'made_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_notice_letter_user_id'), ['user_id'], unique=False)

    op.create_table('notice',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.Enum('referral', 'answer', 'offer', 'interest', 'consent', 'clearance', 'clock', 'freshness', name='noticekind', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('what', sa.String(length=60), nullable=False),
    sa.Column('subject_id', sa.Uuid(), nullable=False),
    sa.Column('occasion', sa.String(length=100), nullable=False),
    sa.Column('mail', sa.Enum('at_once', 'daily', 'none', name='delivery', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('letter_id', sa.Uuid(), nullable=True),
    sa.Column('made_at', app.core.model.UtcDateTime(timezone=True), nullable=False),
    sa.Column('seen_at', app.core.model.UtcDateTime(timezone=True), nullable=True),
    sa.CheckConstraint("mail <> 'none' OR letter_id IS NULL", name=op.f('ck_notice_told_as_chosen')),
    sa.ForeignKeyConstraint(['letter_id'], ['notice_letter.id'], name=op.f('fk_notice_letter_id')),
    sa.ForeignKeyConstraint(['user_id'], ['account.id'], name=op.f('fk_notice_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notice')),
    sa.UniqueConstraint('user_id', 'what', 'subject_id', 'occasion', name=op.f('uq_notice_user_id_what_subject_id_occasion'))
    )
    with op.batch_alter_table('notice', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_notice_letter_id'), ['letter_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_notice_user_id_notice_made_at'), ['user_id', 'made_at'], unique=False)

    with op.batch_alter_table('job', schema=None) as batch_op:
        batch_op.add_column(sa.Column('key', sa.String(length=200), nullable=True))
        batch_op.create_index('uq_job_key', ['key'], unique=True)

    # Notices begin with what happens from now on.
    op.execute("INSERT INTO notice_cursor (id, number) SELECT 1, coalesce(max(number), 0) FROM audit_event")


def downgrade() -> None:
    pass
