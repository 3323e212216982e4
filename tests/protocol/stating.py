"""Policies as a test states them, and the circumstances of an ordinary web client."""

from datetime import UTC, datetime
from typing import Any

from mintmark.protocol.limits import Stated
from mintmark.protocol.policy import Policy

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WEB: dict[str, Any] = {"now": NOW, "offline": False, "confidential": True, "self_registered": False}


def at(place, name="", **document):
    return Stated(place, name, Policy.read(document, at=place))
