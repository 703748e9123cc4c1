"""Search structures of each database, and triggers that keep the audit chain, decisions and revisions as written."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APPEND_ONLY = ("audit_event", "decision", "need_status_change")
REVISION_TEXT = ("need_id", "number", "title", "description", "language", "made_at")
SEARCHED = {"need_revision": ("summary_tokens", "full_tokens"), "programme_search": ("tokens",)}


def upgrade() -> None:
    statements = _sqlite() if op.get_bind().dialect.name == "sqlite" else _postgresql()
    for statement in statements:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("take a backup instead: this would remove what protects the audit trail")


def _sqlite() -> list[str]:
    refused = [
        f"CREATE TRIGGER {table}_{verb.lower()}_refused BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for table in APPEND_ONLY
        for verb in ("UPDATE", "DELETE")
    ]
    refused.append(
        f"CREATE TRIGGER need_revision_refused BEFORE UPDATE OF {', '.join(REVISION_TEXT)} ON need_revision "
        "BEGIN SELECT RAISE(ABORT, 'a revision is never changed'); END"
    )
    # What the list sorts and counts by, apart from the long texts; PostgreSQL keeps those elsewhere by itself.
    covering = (
        "CREATE INDEX search_need_revision_coded ON need_revision (need_id, number, priority, wanted_by, coded)"
    )
    return [*refused, covering, *(made for table, columns in SEARCHED.items() for made in _fts(table, columns))]


def _fts(table: str, columns: tuple[str, ...]) -> list[str]:
    names = ", ".join(columns)
    new, old = (", ".join(f"{side}.{column}" for column in columns) for side in ("new", "old"))
    remove = f"INSERT INTO search_{table}(search_{table}, rowid, {names}) VALUES ('delete', old.id, {old})"
    add = f"INSERT INTO search_{table}(rowid, {names}) VALUES (new.id, {new})"
    return [
        f"CREATE VIRTUAL TABLE search_{table} USING fts5({names}, content='{table}', content_rowid='id', "
        "tokenize=\"unicode61 remove_diacritics 0 tokenchars '_'\", detail=column)",
        f"CREATE TRIGGER search_{table}_added AFTER INSERT ON {table} BEGIN {add}; END",
        f"CREATE TRIGGER search_{table}_removed AFTER DELETE ON {table} BEGIN {remove}; END",
        f"CREATE TRIGGER search_{table}_changed AFTER UPDATE OF {names} ON {table} BEGIN {remove}; {add}; END",
    ]


def _postgresql() -> list[str]:
    function = (
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    refused = [
        f"CREATE TRIGGER {table}_refused BEFORE UPDATE OR DELETE ON {table} EXECUTE FUNCTION refuse_change()"
        for table in APPEND_ONLY
    ]
    refused.append(
        f"CREATE TRIGGER need_revision_refused BEFORE UPDATE OF {', '.join(REVISION_TEXT)} ON need_revision "
        "EXECUTE FUNCTION refuse_change()"
    )
    # Its cost is what makes the planner ask the index: it thinks the built-in functions nearly free, row by row.
    vector = (
        "CREATE FUNCTION search_vector(tokens text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE "
        "COST 10000 AS $$ BEGIN RETURN array_to_tsvector(string_to_array(tokens, ' ')); END $$"
    )
    indexes = [
        f"CREATE INDEX search_{table}_{column} ON {table} USING gin (search_vector({column}))"
        for table, columns in SEARCHED.items()
        for column in columns
    ]
    return [function, *refused, vector, *indexes]
