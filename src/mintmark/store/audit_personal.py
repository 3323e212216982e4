"""What of the audit trail is personal: erased with the person, while the chain stays whole."""

from sqlalchemy import and_, bindparam, delete, null, or_, select, union_all, update

from mintmark.store import schema
from mintmark.store.changes import Change, Run

_ROWS, _SIDE, _SALTS = schema.audit, schema.audit_personal, schema.person_salts
# Whose they are: of whoever acted (`audit_chain.owner`).
_BY_THEMSELVES = and_(_ROWS.c.person_id == bindparam("whose"), _ROWS.c.actor.is_(None))
_ACTING = _ROWS.c.actor == bindparam("whose")
_UNSEALED = (
    update(_ROWS)
    .where(_ROWS.c.seal.is_(None), _ROWS.c.at >= 0, _ROWS.c.address.is_not(None), or_(_BY_THEMSELVES, _ACTING))
    .values(address=null())
)
# Each half finds its rows by an index.
_THEIRS = union_all(
    select(_ROWS.c.id).where(_BY_THEMSELVES, _ROWS.c.seal.is_not(None)), select(_ROWS.c.id).where(_ACTING)
)
_SEALED = delete(_SIDE).where(_SIDE.c.id.in_(_THEIRS))
_SALT = delete(_SALTS).where(_SALTS.c.person_id == bindparam("whose"))


def erase(person_id: str) -> list[Change]:
    """Their addresses go, sealed or not, and the salt without which no digest of them says anything.

    The rows that are not sealed come first: where a sealer holds them, this waits until it has moved their fields
    aside, and deletes them there.
    """
    return [Run(statement, {"whose": person_id}) for statement in (_UNSEALED, _SEALED, _SALT)]
