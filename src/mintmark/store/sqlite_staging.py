"""Rows by the thousand are put into temporary tables first, where no other writer waits for them.

What is left to do under the one lock of the database is to copy them, which takes half the time.
"""

import contextlib
from typing import Any

from mintmark.store.sqlite_steps import Step, Steps

MANY = 2_000  # rows of one insertion; fewer are over in a moment
_NAME = "temp.staged_{}"


def staged(connection: Any, steps: Steps) -> Steps:  # Any: the driver carries no types
    """The same steps, those of many rows as copies; outside of any transaction. What cannot be staged is as it was."""
    found: Steps = []
    for number, step in enumerate(steps):
        into, values, _ = step.sql.partition(" VALUES ")
        is_many = len(step.more) >= MANY and values and step.sql.startswith("INSERT INTO")
        name = _NAME.format(number)
        copied = is_many and _put(connection, name, step)
        copy = f"{into} SELECT * FROM {name}"  # noqa: S608  nothing of it comes from outside
        found.append(Step(copy, (), len(step.more), slow=True) if copied else step)
    return found


def clear(connection: Any) -> None:
    with contextlib.suppress(Exception):  # they go with the connection in any case
        for (name,) in connection.execute("SELECT name FROM temp.sqlite_master WHERE type = 'table'").fetchall():
            connection.execute(f"DROP TABLE temp.{name}")


def _put(connection: Any, name: str, step: Step) -> bool:
    """In the order of the key, so that the copy fills the table's pages one after the other."""
    rows = sorted(step.more, key=_key)
    columns = ", ".join(f"c{number}" for number in range(len(rows[0])))
    try:
        connection.execute(f"DROP TABLE IF EXISTS {name}")
        connection.execute(f"CREATE TABLE {name} ({columns})")
        connection.execute("BEGIN")
        marks = ", ".join("?" * len(rows[0]))
        connection.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)  # noqa: S608  as above
        connection.execute("COMMIT")
    except Exception:  # noqa: BLE001  whatever is wrong with a row, the transaction proper meets it and says so
        with contextlib.suppress(Exception):
            connection.execute("ROLLBACK")
        return False
    return True


def _key(row: Any) -> Any:
    return row[0]
