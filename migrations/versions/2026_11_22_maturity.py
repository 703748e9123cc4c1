"""Self-assessments of States against clauses of guidelines, and the needs that their gaps became."""

import sqlalchemy as sa
from alembic import op

import app.core.model

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('self_assessment',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('ref', sa.String(length=20), nullable=False),
    sa.Column('country_kind', sa.String(length=20), nullable=False),
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('reference', sa.String(length=300), nullable=False),
    sa.Column('received_on', sa.Date(), nullable=False),
    sa.Column('imported_at', app.core.model.UtcDateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['country_kind', 'country'], ['term.kind', 'term.code'], name=op.f('fk_self_assessment_country_kind_country')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_self_assessment_practice_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_self_assessment')),
    sa.UniqueConstraint('country', 'practice_id', name=op.f('uq_self_assessment_country_practice_id')),
    sa.UniqueConstraint('ref', name=op.f('uq_self_assessment_ref'))
    )
    op.create_table('maturity_level',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('self_assessment_id', sa.Uuid(), nullable=False),
    sa.Column('clause_id', sa.Uuid(), nullable=False),
    sa.Column('now', sa.Integer(), nullable=False),
    sa.Column('wanted', sa.Integer(), nullable=False),
    sa.Column('evidence', sa.String(), nullable=False),
    sa.Column('need_id', sa.Uuid(), nullable=True),
    sa.Column('drafted', sa.String(), nullable=False),
    sa.CheckConstraint('now BETWEEN 1 AND 5', name=op.f('ck_maturity_level_now_in_range')),
    sa.CheckConstraint('wanted BETWEEN 1 AND 5', name=op.f('ck_maturity_level_wanted_in_range')),
    sa.ForeignKeyConstraint(['clause_id'], ['practice_clause.id'], name=op.f('fk_maturity_level_clause_id')),
    sa.ForeignKeyConstraint(['need_id'], ['need.id'], name=op.f('fk_maturity_level_need_id')),
    sa.ForeignKeyConstraint(['self_assessment_id'], ['self_assessment.id'], name=op.f('fk_maturity_level_self_assessment_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_maturity_level')),
    sa.UniqueConstraint('self_assessment_id', 'clause_id', name=op.f('uq_maturity_level_self_assessment_id_clause_id'))
    )


def downgrade() -> None:
    pass
