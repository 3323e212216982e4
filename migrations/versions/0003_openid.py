"""What a complete OpenID Provider remembers: registrations, who took part in a session, rules for claims, logos."""

import sqlalchemy as sa
from alembic import op

from mintmark.store.revisions import Facts, Touch, creates

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None
facts = Facts(
    kind="expand",
    release="0.1.0",
    touches=(
        *creates("assertions", "claim_rules", "client_logos", "initial_access_tokens", "session_clients"),
        Touch("authorizations", "adds column", "claims"),
        Touch("clients", "adds column", "registration_digest"),
        Touch("clients", "adds column", "registered_with"),
        Touch("clients", "adds column", "used_at"),
        Touch("clients", "builds index", "ix_clients_unused", row_bytes=60),  # of clients that registered themselves
        Touch("consents", "adds column", "allowed"),
        Touch("sessions", "adds column", "untold_at"),
        Touch("sessions", "builds index", "ix_sessions_unended", row_bytes=60),  # of sessions that nobody ended
        Touch("sessions", "builds index", "ix_sessions_untold", row_bytes=60),  # of none so far
    ),
)

UNUSED = sa.text("self_registered = 1 AND used_at IS NULL")
UNENDED = sa.text("ended_at IS NULL")
UNTOLD = sa.text("untold_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "assertions",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assertions")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_assertions_expiry", "assertions", ["expires_at"], unique=False)
    op.create_table(
        "claim_rules",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_claim_rules")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "client_logos",
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("fetched_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_client_logos")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "initial_access_tokens",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("uses_left", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_initial_access_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_initial_access_tokens_digest")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "session_clients",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("session_id", "client_id", name=op.f("pk_session_clients")),
        sqlite_with_rowid=False,
    )
    op.add_column("authorizations", sa.Column("claims", sa.Text(), nullable=True))
    op.add_column("clients", sa.Column("registration_digest", sa.LargeBinary(), nullable=True))
    op.add_column("clients", sa.Column("registered_with", sa.Text(), nullable=True))
    op.add_column("clients", sa.Column("used_at", sa.BigInteger(), nullable=True))
    op.create_index("ix_clients_unused", "clients", ["created_at", "id"], sqlite_where=UNUSED, postgresql_where=UNUSED)
    op.add_column("consents", sa.Column("allowed", sa.Text(), nullable=True))
    op.add_column("sessions", sa.Column("untold_at", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_sessions_unended", "sessions", ["expires_at", "id"], sqlite_where=UNENDED, postgresql_where=UNENDED
    )
    op.create_index("ix_sessions_untold", "sessions", ["untold_at", "id"], sqlite_where=UNTOLD, postgresql_where=UNTOLD)


def downgrade() -> None:
    op.drop_index("ix_sessions_untold", table_name="sessions", sqlite_where=UNTOLD, postgresql_where=UNTOLD)
    op.drop_index("ix_sessions_unended", table_name="sessions", sqlite_where=UNENDED, postgresql_where=UNENDED)
    op.drop_column("sessions", "untold_at")
    op.drop_column("consents", "allowed")
    op.drop_index("ix_clients_unused", table_name="clients", sqlite_where=UNUSED, postgresql_where=UNUSED)
    op.drop_column("clients", "used_at")
    op.drop_column("clients", "registered_with")
    op.drop_column("clients", "registration_digest")
    op.drop_column("authorizations", "claims")
    op.drop_table("session_clients")
    op.drop_table("initial_access_tokens")
    op.drop_table("client_logos")
    op.drop_table("claim_rules")
    op.drop_index("ix_assertions_expiry", table_name="assertions")
    op.drop_table("assertions")
