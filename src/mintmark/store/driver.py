"""Which SQLite library: the one of pysqlite3, the standard library's only where it is new enough."""

import importlib
from types import ModuleType

# Before 3.51.3 a second writer (a command beside the server) could corrupt the WAL when it was reset
# (sqlite.org/wal.html#walresetbug).
OLDEST = (3, 51, 3)


def sqlite() -> ModuleType:
    """The DB-API module to use, everywhere. Raises ImportError where none is safe."""
    for name in ("pysqlite3", "sqlite3"):
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        if module.sqlite_version_info >= OLDEST:
            _take_as_they_are(module)
            return module
    raise ImportError("SQLite 3.51.3 or newer is needed: install pysqlite3")


def _take_as_they_are(module: ModuleType) -> None:
    """Bytes and None are bound as they are. The driver knows that of text and numbers; of these two it asks each value
    for `__conform__`, in vain and by way of two exceptions, which costs as much as the rest of a small statement.
    """
    module.register_adapter(bytes, bytes)
    module.register_adapter(type(None), {}.get)  # the cheapest that answers None to None
