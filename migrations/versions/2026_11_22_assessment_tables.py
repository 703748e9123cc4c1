"""Tables of recommendations that were taken in, and what each row said last."""

import sqlalchemy as sa
from alembic import op

import app.core.model

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('taken_table',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('assessment_id', sa.Uuid(), nullable=False),
    sa.Column('file_name', sa.String(length=200), nullable=False),
    sa.Column('result', sa.JSON(), nullable=False),
    sa.Column('at', app.core.model.UtcDateTime(timezone=True), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=True),
    sa.Column('key_id', sa.Uuid(), nullable=True),
    sa.ForeignKeyConstraint(['assessment_id'], ['assessment.id'], name=op.f('fk_taken_table_assessment_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_taken_table'))
    )
    with op.batch_alter_table('taken_table', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_taken_table_assessment_id'), ['assessment_id'], unique=False)

    op.create_table('taken_row',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('need_id', sa.Uuid(), nullable=False),
    sa.Column('table_id', sa.Uuid(), nullable=False),
    sa.Column('said', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['need_id'], ['need.id'], name=op.f('fk_taken_row_need_id')),
    sa.ForeignKeyConstraint(['table_id'], ['taken_table.id'], name=op.f('fk_taken_row_table_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_taken_row')),
    sa.UniqueConstraint('need_id', name=op.f('uq_taken_row_need_id'))
    )


def downgrade() -> None:
    op.drop_table("taken_row")
    op.drop_table("taken_table")
