"""Each kind of letter by the name of its template, and whether a stranger can cause it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Kind:
    """limited: strangers can cause it, so that one address gets only so many (MINTMARK_THROTTLE_MAIL)."""

    limited: bool = False


# The templates are `templates/<name>.jinja`.
KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "verify_email": Kind(limited=True),
        "reset_password": Kind(limited=True),
        "email_code": Kind(limited=True),
        "sign_up": Kind(limited=True),
        "sign_up_known": Kind(limited=True),
        "invitation": Kind(),
        "signed_in": Kind(),
        "password_changed": Kind(),
        "reset_required": Kind(),
        "email_changed": Kind(),
        "factor_added": Kind(),
        "factor_removed": Kind(),
        "recovery_code_used": Kind(),
        "deletion_asked": Kind(),
        "deletion_taken_back": Kind(),
    }
)
