"""The store's word for what asyncpg raises (PostgreSQL, Appendix A: error codes)."""

import asyncpg

from mintmark.store.changes import Conflict, Unavailable


class Lost(Unavailable):
    """The connection is gone, and nobody knows what the server did with what was sent last."""


class Again(Unavailable):
    """The server undid it for the sake of another transaction, and wants it to be tried again."""


class Blocked(Unavailable):
    """Somebody holds a lock for too long. Nothing was written."""


# unique_violation, foreign_key_violation: what a decision relied on (absent, present) is not so.
CONFLICT = frozenset({"23505", "23503"})
AGAIN = frozenset({"40001", "40P01"})
LOCK_NOT_AVAILABLE = "55P03"
QUERY_CANCELED = "57014"
# Connection, rolled back, wrong state (read-only), authorization, no such database, resources, operator, system.
FAULTS = ("08", "25", "28", "3D", "40", "53", "55", "57", "58", "F0", "XX")


def translated(error: Exception) -> Exception:
    """What is a fault of ours, an unknown column say, flies as it is."""
    if isinstance(error, asyncpg.PostgresError):
        return _by_code(error, error.sqlstate or "XX000")
    if isinstance(error, asyncpg.InterfaceError):  # its ValueErrors speak of a parameter, the others of the connection
        return error if isinstance(error, ValueError) else Lost(str(error))
    if isinstance(error, TimeoutError):
        return Unavailable("the database did not answer in time")
    # InternalClientError: the server's last word, as it closed the connection, came in between.
    return Lost(str(error)) if isinstance(error, OSError | asyncpg.InternalClientError) else error


def is_impossible_text(error: BaseException) -> bool:
    """A NUL, or half a surrogate pair: no row can hold it, so none is equal to it."""
    return isinstance(error, asyncpg.CharacterNotInRepertoireError) or isinstance(error.__cause__, UnicodeEncodeError)


def _by_code(error: Exception, code: str) -> Exception:
    if code in CONFLICT:
        return Conflict(str(error))
    if code in AGAIN:
        return Again(str(error))
    if code == LOCK_NOT_AVAILABLE:
        return Blocked(str(error))
    if code.startswith(("08", "57")) and code != QUERY_CANCELED:
        return Lost(str(error))
    return Unavailable(str(error)) if code.startswith(FAULTS) else error
