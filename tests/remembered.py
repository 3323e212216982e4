"""What a server compiles when it first needs it is compiled once for all tests of a process: its templates, its SQL.

A test that starts a server would spend a third of its time on what was done in the test before.
"""

import functools
from collections.abc import Iterable
from types import CodeType
from typing import Any

from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket
from sqlalchemy import Executable, Table
from sqlalchemy.engine import Dialect

from mintmark.pages.render import Pages
from mintmark.store import sql
from mintmark.store.changes import Values
from mintmark.store.sql import Statement


class _Templates(BytecodeCache):
    """By the template's name and folder, and by its text: it may be an operator's own."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self.found.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self.found[bucket.key, bucket.checksum] = bucket.code


def remember() -> None:
    _remember_templates()
    _remember_sql()


def _remember_templates() -> None:
    templates, made = _Templates(), vars(Pages)["_environment"].func

    def environment(self: Pages) -> Environment:
        found: Environment = made(self)
        found.bytecode_cache = templates
        return found

    kept = functools.cached_property(environment)
    kept.__set_name__(Pages, "_environment")
    type.__setattr__(Pages, "_environment", kept)


def _remember_sql() -> None:
    """Of statements that are made anew for a request, the last ones."""
    compiled = functools.lru_cache(2_000)(sql.statement)
    inserted, altered = functools.cache(sql.insertion), sql.alteration
    updates: dict[Any, Statement] = {}

    def alteration(table: Table, where: Values, values: Iterable[str], dialect: Dialect) -> Statement:
        values = list(values)
        key = (table, tuple((name, value is None) for name, value in where.items()), tuple(values), dialect)
        if key not in updates:
            updates[key] = altered(table, where, values, dialect)
        return updates[key]

    def statement(executable: Executable, dialect: Dialect) -> Statement:
        return compiled(executable, dialect)

    sql.statement = statement
    sql.insertion, sql.alteration = inserted, alteration
