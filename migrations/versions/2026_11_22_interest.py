"""Interest of delegations, consent of organizations to be named, and saved searches."""

import sqlalchemy as sa
from alembic import op

import app.core.model

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('naming_consent',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('need_id', sa.Uuid(), nullable=False),
    sa.Column('organization_id', sa.Uuid(), nullable=False),
    sa.Column('agreed_on', sa.Date(), nullable=False),
    sa.Column('reference', sa.String(length=300), nullable=False),
    sa.Column('recorded_at', app.core.model.UtcDateTime(timezone=True), nullable=False),
    sa.Column('recorded_by_id', sa.Uuid(), nullable=True),
    sa.Column('withdrawn_at', app.core.model.UtcDateTime(timezone=True), nullable=True),
    sa.CheckConstraint('length(trim(reference)) > 0', name=op.f('ck_naming_consent_has_reference')),
    sa.ForeignKeyConstraint(['need_id'], ['need.id'], name=op.f('fk_naming_consent_need_id')),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_naming_consent_organization_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_naming_consent'))
    )
    with op.batch_alter_table('naming_consent', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_naming_consent_organization_id'), ['organization_id'], unique=False)
        batch_op.create_index('uq_naming_consent_in_force', ['need_id', 'organization_id'], unique=True, sqlite_where=sa.text('withdrawn_at IS NULL'), postgresql_where=sa.text('withdrawn_at IS NULL'))

    op.create_table('saved_search',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('wanted', sa.JSON(), nullable=False),
    sa.Column('organization_id', sa.Uuid(), nullable=False),
    sa.Column('role', sa.Enum('admin', 'officer', 'partner', 'donor', name='role', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=True),
    sa.Column('key_id', sa.Uuid(), nullable=True),
    sa.Column('created_at', app.core.model.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['key_id'], ['api_key.id'], name=op.f('fk_saved_search_key_id')),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_saved_search_organization_id')),
    sa.ForeignKeyConstraint(['user_id'], ['account.id'], name=op.f('fk_saved_search_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_saved_search'))
    )
    with op.batch_alter_table('saved_search', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_saved_search_key_id'), ['key_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_saved_search_organization_id_saved_search_role'), ['organization_id', 'role'], unique=False)
        batch_op.create_index(batch_op.f('ix_saved_search_user_id'), ['user_id'], unique=False)

    op.create_table('interest',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('need_id', sa.Uuid(), nullable=False),
    sa.Column('organization_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.Enum('information', 'co_funding', 'full_funding', name='interestkind', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('amount', sa.Numeric(precision=16, scale=2), nullable=True),
    sa.Column('currency', sa.String(length=3), nullable=True),
    sa.Column('note', sa.String(), nullable=False),
    sa.Column('status', sa.Enum('open', 'acknowledged', 'withdrawn', 'fulfilled', name='intereststatus', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('line_id', sa.Uuid(), nullable=True),
    sa.Column('expressed_at', app.core.model.UtcDateTime(timezone=True), nullable=False),
    sa.Column('expressed_by_id', sa.Uuid(), nullable=True),
    sa.Column('answered_at', app.core.model.UtcDateTime(timezone=True), nullable=True),
    sa.Column('ended_at', app.core.model.UtcDateTime(timezone=True), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("(status IN ('withdrawn', 'fulfilled')) = (ended_at IS NOT NULL)", name=op.f('ck_interest_end_is_dated')),
    sa.CheckConstraint("kind <> 'information' OR amount IS NULL", name=op.f('ck_interest_information_costs_nothing')),
    sa.CheckConstraint("status <> 'fulfilled' OR line_id IS NOT NULL", name=op.f('ck_interest_fulfilled_names_referral')),
    sa.CheckConstraint("status <> 'open' OR answered_at IS NULL", name=op.f('ck_interest_open_is_unanswered')),
    sa.CheckConstraint("status NOT IN ('acknowledged', 'fulfilled') OR answered_at IS NOT NULL", name=op.f('ck_interest_answer_is_dated')),
    sa.CheckConstraint('(amount IS NULL) = (currency IS NULL)', name=op.f('ck_interest_amount_has_currency')),
    sa.ForeignKeyConstraint(['line_id'], ['referral_line.id'], name=op.f('fk_interest_line_id')),
    sa.ForeignKeyConstraint(['need_id'], ['need.id'], name=op.f('fk_interest_need_id')),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_interest_organization_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_interest'))
    )
    with op.batch_alter_table('interest', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_interest_line_id'), ['line_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_interest_organization_id_interest_expressed_at'), ['organization_id', 'expressed_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_interest_status_interest_expressed_at'), ['status', 'expressed_at'], unique=False)
        batch_op.create_index('uq_interest_live', ['need_id', 'organization_id'], unique=True, sqlite_where=sa.text("status IN ('open', 'acknowledged')"), postgresql_where=sa.text("status IN ('open', 'acknowledged')"))


def downgrade() -> None:
    pass
