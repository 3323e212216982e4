"""A Mintmark in your tests: the real server in process, people and clients in a line each, a clock, faults.

The pytest plugin that comes with the wheel has it as the fixture `mintmark`; `running()` starts one without pytest.
"""

from importlib import import_module
from typing import TYPE_CHECKING

# pytest imports this package wherever Mintmark is installed: nothing is loaded before a test asks for it.
if TYPE_CHECKING:
    from mintmark.testing.clock import Clock
    from mintmark.testing.issuer import Mintmark
    from mintmark.testing.made import Client, Resource, Tokens, User
    from mintmark.testing.serving import Running, running

__all__ = ["Client", "Clock", "Mintmark", "Resource", "Running", "Tokens", "User", "running"]

_HOMES = {
    "Client": "made",
    "Clock": "clock",
    "Mintmark": "issuer",
    "Resource": "made",
    "Running": "serving",
    "Tokens": "made",
    "User": "made",
    "running": "serving",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"mintmark.testing.{_HOMES[name]}"), name)
