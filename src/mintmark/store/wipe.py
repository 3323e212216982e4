"""Empties a database of all that was configured and of all that happened; its keys stay. For `mintmark.testing`."""

from sqlalchemy import delete, update

from mintmark.store import configuration, schema
from mintmark.store.changes import Change, Run

KEPT = (schema.configuration, schema.signing_keys, schema.secrets)
_FORGIVE = update(schema.configuration).values(ended_before=0)


def everything() -> list[Change]:
    changes: list[Change] = [
        Run(delete(table), {}) for table in reversed(schema.metadata.sorted_tables) if table not in KEPT
    ]
    return [*changes, Run(_FORGIVE, {}), configuration.changed()]
