"""Secret addresses of feeds."""

import sqlalchemy as sa
from alembic import op

import app.core.model

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('secret_address',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('purpose', sa.Enum('needs', 'searches', 'clocks', name='purpose', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('about', sa.String(length=40), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('created_at', app.core.model.UtcDateTime(timezone=True), nullable=False),
    sa.Column('revoked_at', app.core.model.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['user_id'], ['account.id'], name=op.f('fk_secret_address_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_secret_address')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_secret_address_token_hash'))
    )
    with op.batch_alter_table('secret_address', schema=None) as batch_op:
        batch_op.create_index('uq_secret_address_in_force', ['user_id', 'purpose', 'about'], unique=True, sqlite_where=sa.text('revoked_at IS NULL'), postgresql_where=sa.text('revoked_at IS NULL'))


def downgrade() -> None:
    pass
