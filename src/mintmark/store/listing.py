"""What the operators' lists share: pages, newest first, that cost the same at a million rows.

A page goes on behind the last id of the one before (ids sort by time); nothing is counted and nothing skipped over.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, FromClause, bindparam, select

from mintmark.store.executor import Read

MOST = 200  # rows of a page
START = "z"  # sorts behind every id, in whatever collation: ids begin with a hexadecimal digit
IDS: Sequence[BindParameter[str]] = tuple(bindparam(f"id_{number}") for number in range(MOST))


def paged(
    columns: Sequence[ColumnElement[Any]], source: FromClause, key: ColumnElement[Any], *where: ColumnElement[bool]
) -> Read:
    """One page behind `after`."""
    found = select(*columns).select_from(source).where(key < bindparam("after"), *where)
    return Read(found.order_by(key.desc()).limit(bindparam("limit")))


def named(ids: Sequence[str]) -> dict[str, str]:
    """As many parameters as a page may have rows: one statement serves all pages. No row has the empty id."""
    return {bind.key: ids[number] if number < len(ids) else "" for number, bind in enumerate(IDS)}
