"""Nobody gives away, or takes over, a right that they lack: of clients and people whom admin scopes are given to."""

from collections.abc import Collection, Iterable

from mintmark.admin.operator import Operator
from mintmark.admin.problems import Beyond
from mintmark.grants.earning import ADMINS
from mintmark.protocol import scope as scopes


def may_change_client(operator: Operator, *words: str) -> None:
    """words: the scopes of the client, before and after. Whoever sets its secret or its addresses may act as it."""
    _must_hold(operator, "scope", "the client has {}, which you lack", words)


def may_change_person(operator: Operator, *groups: Collection[str]) -> None:
    """groups: before and after. Whoever is among the admins may have every admin scope."""
    if any(ADMINS in one for one in groups):
        whole = (scopes.ADMIN_READ, scopes.ADMIN_WRITE)
        _must_hold(operator, "groups", f"whoever is in {ADMINS} may have {{}}, which you lack", whole)


def _must_hold(operator: Operator, member: str, sentence: str, words: Iterable[str]) -> None:
    missing = scopes.lacking(operator.found.scope, dict.fromkeys(words))
    if missing:
        scope = scopes.write(missing)
        raise Beyond(
            member,
            sentence.format(scope),
            scope,
            check="rights",
            got=scopes.write(operator.found.scope),
            client_id=operator.found.client.id,
        )
