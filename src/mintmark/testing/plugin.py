"""The pytest plugin: `mintmark_server` runs for the whole session, and each test finds it empty, as `mintmark`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

# Nothing is imported before a test asks for it: the plugin is loaded wherever Mintmark is installed.
if TYPE_CHECKING:
    from mintmark.testing import Mintmark, Running


@pytest.fixture(scope="session")
def mintmark_settings() -> dict[str, str]:
    """The server's settings, by the names without MINTMARK_; override it in your conftest.py."""
    return {}


@pytest.fixture(scope="session")
def mintmark_server(mintmark_settings: dict[str, str]) -> "Iterator[Running]":
    """A real server, in process and on a real port, with a database of its own."""
    from mintmark.testing.serving import running

    with running(**mintmark_settings) as server:
        yield server


@pytest.fixture
def mintmark(mintmark_server: "Running") -> "Iterator[Mintmark]":
    """The server with nobody and nothing on it, its clock right and no fault switched on."""
    from mintmark.testing.issuer import Mintmark

    found = Mintmark(mintmark_server)
    try:
        yield found
    finally:
        found.clear()
