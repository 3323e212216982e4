"""Contexts of the pages of authenticator apps and recovery codes, within what every page of the account is given."""

import random
from collections.abc import Mapping

from mintmark.pages import qr
from mintmark.pages.account import totp
from mintmark.protocol import recovery_code
from mintmark.texts import _

KEY = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
URI = totp.address("Acme accounts", "ada", KEY)
WRONG = _("That code is not right.")
PENDING = {
    "id": "t3",
    "name": "New phone",
    "picture": qr.svg(URI),
    "uri": URI,
    "groups": tuple(KEY[start : start + 4] for start in range(0, len(KEY), 4)),
}
APPS = (
    {"id": "t1", "title": "Phone", "detail": _("added: %(when)s", when="2026-08-12")},
    {"id": "t2", "title": "Old tablet", "detail": _("added: %(when)s", when="2024-11-05")},
)
_random = random.Random(9)  # the same picture every time
CODES = tuple(recovery_code.shown(code) for code in recovery_code.made(_random.randbytes))


def samples(
    frame: Mapping[str, object], second_step: Mapping[str, object]
) -> Mapping[str, tuple[str, Mapping[str, object]]]:
    """frame: of the account's pages. second_step: of the sign-in page's."""
    apps = {
        **frame,
        "place": "totp",
        "apps": APPS,
        "pending": PENDING,
        "full": False,
        "name": totp.NAME,
        "most_name": 64,
        "message": None,
    }
    codes = {**frame, "place": "recovery-codes", "left": 2, "few": True, "made": "2026-08-12"}
    sheet = {**frame, "place": "recovery-codes", "codes": CODES, "username": "ada", "date": "2026-11-25"}
    by_code = {**second_step, "fields": "factors/recovery_code.html"}
    return {
        "second-step-app": ("second_step.html", {**second_step, "fields": "factors/totp.html"}),
        "second-step-recovery": ("second_step.html", by_code),
        "second-step-refused": ("second_step.html", {**by_code, "message": WRONG}),
        "authenticators": ("account/totp.html", apps),
        "authenticators-refused": ("account/totp.html", {**apps, "message": WRONG}),
        "authenticators-new": ("account/totp.html", {**apps, "apps": (), "pending": None}),
        "recovery-codes": ("account/recovery_codes.html", codes),
        "recovery-codes-new": ("account/recovery_codes.html", {**codes, "made": None, "left": 0}),
        "recovery-sheet": ("account/recovery_sheet.html", {**sheet, "added": "New phone"}),
    }
