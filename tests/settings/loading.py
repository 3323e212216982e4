"""Settings as a test wants them: whatever it does not name is what a server needs."""

import base64

import pytest

from mintmark.settings import Settings, SettingsRefused

KEY = base64.urlsafe_b64encode(bytes(range(32))).decode().rstrip("=")
OTHER = base64.urlsafe_b64encode(bytes(32)).decode()
NEEDED = {"MINTMARK_ISSUER": "https://id.example", "MINTMARK_SEALING_KEYS": KEY}


def load(config=None, *, demo=False, **variables):
    given = {f"MINTMARK_{name.upper()}": value for name, value in variables.items()}
    return Settings.load(given if demo else NEEDED | given, config, demo=demo)


def refusals(config=None, *, demo=False, **variables):
    with pytest.raises(SettingsRefused) as caught:
        load(config, demo=demo, **variables)
    return caught.value.refusals
