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
            return module
    raise ImportError("SQLite 3.51.3 or newer is needed: install pysqlite3")
