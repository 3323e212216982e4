"""What operators need: seals of the audit trail, webhooks and their outbox, refusals, idempotency, duties."""

import sqlalchemy as sa
from alembic import op

from mintmark.store.revisions import Facts, Touch, creates

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None
facts = Facts(
    kind="expand",
    release="0.1.0",
    touches=(
        *creates("audit_personal", "audit_seals", "duties", "idempotency", "outbox", "person_salts", "refusals"),
        *creates("applied", "schema_history", "webhooks"),
        Touch("audit", "adds column", "seal"),
        Touch("audit", "adds column", "personal"),
        Touch("audit", "builds index", "ix_audit_actor", row_bytes=80),  # of rows that an operator caused: few
        Touch("audit", "builds index", "ix_audit_refused", row_bytes=80),
        Touch("audit", "builds index", "ix_audit_unsealed", row_bytes=80),  # of every row, until they are sealed
        Touch("people", "builds index", "ix_people_email", row_bytes=60),
        Touch("configuration", "adds column", "epoch"),
        Touch("configuration", "adds column", "restored_at"),
        Touch("configuration", "adds column", "copied_at"),
    ),
)

OUTBOX_INDEXES = (
    ("ix_outbox_due", ["receiver", "due_at"], "due_at"),
    ("ix_outbox_waiting", ["id"], "due_at"),
    ("ix_outbox_done", ["id"], "done_at"),
    ("ix_outbox_given_up", ["id"], "given_up_at"),
)


def upgrade() -> None:
    op.create_index("ix_people_email", "people", ["email"], unique=False)
    op.create_table(
        "applied",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("applied_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "name", name=op.f("pk_applied")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "audit_personal",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_personal")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_audit_personal_address", "audit_personal", ["address", "id"], unique=False)
    op.create_table(
        "audit_seals",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sealed_at", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.Text(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_seals")),
    )
    op.create_table(
        "duties",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("taken_until", sa.BigInteger(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_duties")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "idempotency",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("body_digest", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_idempotency_expiry", "idempotency", ["expires_at"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("taken_until", sa.BigInteger(), nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("given_up_at", sa.BigInteger(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sqlite_with_rowid=False,
    )
    for name, columns, state in OUTBOX_INDEXES:
        where = sa.text(f"{state} IS NOT NULL")
        op.create_index(name, "outbox", columns, unique=False, sqlite_where=where, postgresql_where=where)
    op.create_index("ix_outbox_receiver", "outbox", ["receiver", "id"], unique=False)
    op.create_table(
        "person_salts",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_person_salts")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "refusals",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("door", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("failed_check", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("expected", sa.Text(), nullable=False),
        sa.Column("got", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refusals")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_refusals_at", "refusals", ["at", "id"], unique=False)
    op.create_index("ix_refusals_client", "refusals", ["client_id", "at", "id"], unique=False)
    op.create_table(
        "schema_history",
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("applied_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("progress", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("revision", name=op.f("pk_schema_history")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
        sa.UniqueConstraint("name", name=op.f("uq_webhooks_name")),
        sqlite_with_rowid=False,
    )
    op.add_column("audit", sa.Column("seal", sa.BigInteger(), nullable=True))
    op.add_column("audit", sa.Column("personal", sa.LargeBinary(), nullable=True))
    op.create_index(
        "ix_audit_actor",
        "audit",
        ["actor", "id"],
        unique=False,
        sqlite_where=sa.text("actor IS NOT NULL"),
        postgresql_where=sa.text("actor IS NOT NULL"),
    )
    op.create_index(
        "ix_audit_refused",
        "audit",
        ["outcome", "id"],
        unique=False,
        sqlite_where=sa.text("outcome = 'refused'"),
        postgresql_where=sa.text("outcome = 'refused'"),
    )
    op.create_index(
        "ix_audit_unsealed",
        "audit",
        ["at", "id"],
        unique=False,
        sqlite_where=sa.text("seal IS NULL"),
        postgresql_where=sa.text("seal IS NULL"),
    )
    op.add_column("configuration", sa.Column("epoch", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("configuration", sa.Column("restored_at", sa.BigInteger(), nullable=True))
    op.add_column("configuration", sa.Column("copied_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("configuration", "copied_at")
    op.drop_index("ix_people_email", table_name="people")
    op.drop_column("configuration", "restored_at")
    op.drop_column("configuration", "epoch")
    op.drop_index("ix_audit_unsealed", table_name="audit")
    op.drop_index("ix_audit_refused", table_name="audit")
    op.drop_index(
        "ix_audit_actor",
        table_name="audit",
        sqlite_where=sa.text("actor IS NOT NULL"),
        postgresql_where=sa.text("actor IS NOT NULL"),
    )
    op.drop_column("audit", "personal")
    op.drop_column("audit", "seal")
    op.drop_table("webhooks")
    op.drop_table("schema_history")
    op.drop_index("ix_refusals_client", table_name="refusals")
    op.drop_index("ix_refusals_at", table_name="refusals")
    op.drop_table("refusals")
    op.drop_table("person_salts")
    op.drop_index("ix_outbox_receiver", table_name="outbox")
    for name, _, state in OUTBOX_INDEXES:
        where = sa.text(f"{state} IS NOT NULL")
        op.drop_index(name, table_name="outbox", sqlite_where=where, postgresql_where=where)
    op.drop_table("outbox")
    op.drop_index("ix_idempotency_expiry", table_name="idempotency")
    op.drop_table("idempotency")
    op.drop_table("duties")
    op.drop_table("audit_seals")
    op.drop_index("ix_audit_personal_address", table_name="audit_personal")
    op.drop_table("audit_personal")
    op.drop_table("applied")
