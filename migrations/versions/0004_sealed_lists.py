"""The indexes by which the audit trail is listed hold what is sealed: a door that writes a row pays for none."""

from alembic import op

from mintmark.store.revisions import BuildIndex, Facts, Touch

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INDEXES = (("ix_audit_person", "person_id"), ("ix_audit_client", "client_id"), ("ix_audit_event", "event"))
facts = Facts(
    kind="expand",
    release="0.1.0",
    touches=tuple(Touch("audit", "drops index", name) for name, _ in INDEXES),
    afterwards=tuple(BuildIndex(name, "audit", (column, "id"), "seal IS NOT NULL") for name, column in INDEXES),
)


def upgrade() -> None:
    for name, _ in INDEXES:
        op.drop_index(name, table_name="audit")


def downgrade() -> None:
    for name, column in INDEXES:
        op.execute(f"DROP INDEX IF EXISTS {name}")
        op.create_index(name, "audit", [column, "id"], unique=False)
