"""What people prove themselves by: passkeys, authenticator apps, recovery codes; links; sign-ins of several steps."""

import sqlalchemy as sa
from alembic import op

from mintmark.store.revisions import Facts, Touch, creates

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None
facts = Facts(
    kind="expand",
    release="0.1.0",
    touches=(
        *creates(
            "challenges",
            "external_factors",
            "links",
            "passkeys",
            "recovery_codes",
            "sign_ins",
            "totps",
            "trusted_browsers",
        ),
        Touch("people", "adds column", "password_changed_at"),
        Touch("people", "adds column", "reset_required_at"),
        Touch("people", "adds column", "delete_after"),
        Touch("people", "builds index", "ix_people_delete_after", row_bytes=60),  # of people who want to go: few
        Touch("sessions", "adds column", "proved"),
    ),
)

LEAVING = sa.text("delete_after IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "challenges",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("browser_digest", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("spent_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_challenges")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_challenges_expiry", "challenges", ["expires_at"], unique=False)
    op.create_table(
        "external_factors",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_external_factors")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "links",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("account_state", sa.LargeBinary(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("spent_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_links")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_links_expiry", "links", ["expires_at"], unique=False)
    op.create_index("ix_links_person", "links", ["person_id", "kind"], unique=False)
    op.create_table(
        "passkeys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("aaguid", sa.Text(), nullable=False),
        sa.Column("transports", sa.Text(), nullable=False),
        sa.Column("discoverable", sa.Integer(), nullable=False),
        sa.Column("backup_eligible", sa.Integer(), nullable=False),
        sa.Column("backed_up", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkeys_credential_id")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_passkeys_person", "passkeys", ["person_id", "id"], unique=False)
    op.create_table(
        "recovery_codes",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("spent_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_recovery_codes")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_recovery_codes_person", "recovery_codes", ["person_id"], unique=False)
    op.create_table(
        "sign_ins",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("browser_digest", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("proved", sa.Text(), nullable=False),
        sa.Column("person_state", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ins")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_sign_ins_expiry", "sign_ins", ["expires_at"], unique=False)
    op.create_table(
        "totps",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("seed", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_totps")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_totps_person", "totps", ["person_id", "id"], unique=False)
    op.create_table(
        "trusted_browsers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trusted_browsers")),
        sa.UniqueConstraint("digest", name=op.f("uq_trusted_browsers_digest")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_trusted_browsers_expiry", "trusted_browsers", ["expires_at"], unique=False)
    op.create_index("ix_trusted_browsers_person", "trusted_browsers", ["person_id", "id"], unique=False)
    op.add_column("people", sa.Column("password_changed_at", sa.BigInteger(), nullable=True))
    op.add_column("people", sa.Column("reset_required_at", sa.BigInteger(), nullable=True))
    op.add_column("people", sa.Column("delete_after", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_people_delete_after", "people", ["delete_after"], sqlite_where=LEAVING, postgresql_where=LEAVING
    )
    op.add_column("sessions", sa.Column("proved", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("sessions", "proved")
    op.drop_index("ix_people_delete_after", table_name="people", sqlite_where=LEAVING, postgresql_where=LEAVING)
    op.drop_column("people", "delete_after")
    op.drop_column("people", "reset_required_at")
    op.drop_column("people", "password_changed_at")
    op.drop_table("trusted_browsers")
    op.drop_table("totps")
    op.drop_table("sign_ins")
    op.drop_table("recovery_codes")
    op.drop_table("passkeys")
    op.drop_table("links")
    op.drop_table("external_factors")
    op.drop_table("challenges")
