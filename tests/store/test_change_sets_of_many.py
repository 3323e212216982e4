"""Change sets by the statement for many, also those that nobody writes beside: every test of the others once more."""

import pytest

from mintmark.store.postgresql_plan import Plan
from tests.store.test_change_sets import *  # noqa: F403


@pytest.fixture
async def store(postgresql_database, monkeypatch):
    monkeypatch.setattr(Plan, "is_plain", False)
    found = await postgresql_database.connect()
    yield found
    await found.close()
