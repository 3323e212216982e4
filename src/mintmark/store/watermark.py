"""Watermarks: what was issued up to that millisecond is over (choices, "Refresh")."""

from sqlalchemy import Case, Column, bindparam, case


def moved(column: Column[int]) -> Case[int]:
    """What an end at `now`, a parameter, makes of it: later than before, even where another node's clock is ahead.

    Never equal, so that the guard of whoever read it before the end fails.
    """
    now = bindparam("now", type_=column.type)
    return case((column < now, now), else_=column + 1)
