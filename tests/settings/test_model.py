import subprocess
import sys
from datetime import timedelta
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from pydantic import ValidationError

from mintmark import settings
from mintmark.settings import Settings, Throttle
from tests.settings.loading import KEY, OTHER, load, refusals


@pytest.mark.parametrize(
    ("variables", "fault"),
    [
        ({"tls_certificate": "c.pem"}, "MINTMARK_TLS_CERTIFICATE and MINTMARK_TLS_KEY come together"),
        ({"tls_key": "k.pem"}, "MINTMARK_TLS_CERTIFICATE and MINTMARK_TLS_KEY come together"),
        (
            {"tls_certificate": "c.pem", "tls_key": "k.pem", "issuer": "http://localhost:8000"},
            "MINTMARK_ISSUER must be https where",
        ),
        (
            {"session_cookie_samesite": "none", "issuer": "http://localhost"},
            "MINTMARK_SESSION_COOKIE_SAMESITE must be lax",
        ),
        ({"workers": "2"}, "MINTMARK_WORKERS must be 1 with SQLite"),
        ({"key_announce": "1h"}, "MINTMARK_KEY_ANNOUNCE must be at least MINTMARK_JWKS_MAX_AGE and 10s"),
        ({"jwks_max_age": "3d"}, "MINTMARK_KEY_ANNOUNCE must be at least"),
        ({"key_rotation": "1d"}, "MINTMARK_KEY_ROTATION must be at least MINTMARK_KEY_ANNOUNCE"),
        (
            {"password_hash_memory": "8", "password_hash_parallelism": "2"},
            "MINTMARK_PASSWORD_HASH_MEMORY must be at least 8 KiB",
        ),
    ],
)
def test_settings_that_do_not_fit_together_are_refused_by_name(variables, fault):
    (refusal,) = refusals(**variables)

    assert fault in refusal


def test_settings_that_fit_together_are_taken():
    made = load(
        tls_certificate="c.pem",
        tls_key="k.pem",
        session_cookie_samesite="none",
        workers="4",
        database_url="postgresql://db/mintmark",
        jwks_max_age="1h",
        key_announce="3610",
    )

    assert (4, "none", Path("k.pem")) == (made.workers, made.session_cookie_samesite, made.tls_key)


def test_everything_that_is_wrong_is_told_at_once():
    found = refusals(prot="1", port="x", tls_key="k.pem")

    assert ["MINTMARK_PROT", "MINTMARK_PORT"] == [refusal.split()[0] for refusal in found]


def test_what_is_unwise_is_a_warning():
    made = load(password_hash_memory="1024", refresh_grace="1h", outbound_allow="127.0.0.0/8", throttle_sign_in="off")

    assert [
        "MINTMARK_PASSWORD_HASH_MEMORY",
        "MINTMARK_REFRESH_GRACE",
        "MINTMARK_OUTBOUND_ALLOW",
        "MINTMARK_THROTTLE_SIGN_IN",
    ] == [warning.split()[0] for warning in made.warnings]


def test_the_effective_settings_are_shown_in_the_form_they_are_written_in():
    shown = load(throttle_sign_in="off", trusted_proxies="10.0.0.0/8", outbound_ca="ca.pem").shown()

    assert "30s" == shown["MINTMARK_REFRESH_GRACE"]
    assert ("off", "1000/1h") == (shown["MINTMARK_THROTTLE_SIGN_IN"], shown["MINTMARK_THROTTLE_SIGN_IN_ADDRESS"])
    assert (["10.0.0.0/8"], "ca.pem") == (shown["MINTMARK_TRUSTED_PROXIES"], shown["MINTMARK_OUTBOUND_CA"])
    assert (8000, False, None) == (
        shown["MINTMARK_PORT"],
        shown["MINTMARK_AUDIT_EVERY_TOKEN"],
        shown["MINTMARK_SMTP_URL"],
    )
    assert len(Settings.model_fields) == len(shown)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://user:canary@db/mintmark", "postgresql://user:***@db/mintmark"),
        ("postgresql://user:can@canary:ary@db/mintmark", "postgresql://user:***@db/mintmark"),
        (
            "postgresql://db/mintmark?user=u&password=canary&sslmode=require",
            "postgresql://db/mintmark?user=u&password=***&sslmode=require",
        ),
        ("postgresql://user@db:5432/mintmark", "postgresql://user@db:5432/mintmark"),
        ("sqlite:///var/mintmark.db", "sqlite:///var/mintmark.db"),
    ],
)
def test_a_url_is_shown_without_its_password(url, shown):
    assert shown == load(database_url=url).shown()["MINTMARK_DATABASE_URL"]


def test_no_secret_stands_in_what_is_shown_printed_or_refused():
    secrets = {
        "smtp_url": "smtp://u:canary@mail",
        "database_url": "postgresql://u:canary@db/m",
        "sealing_keys": f"{KEY},{OTHER}",
    }

    made = load(**secrets)

    everything = f"{made!r} {made} {made.shown()} {made.warnings}"
    assert "canary" not in everything
    assert KEY not in everything
    assert ["***", "***"] == made.shown()["MINTMARK_SEALING_KEYS"]
    assert "canary" not in "".join(refusals(port="x", **secrets))


def test_code_may_make_settings_of_the_values_themselves():
    made = Settings(
        issuer="https://id.example",
        refresh_grace=timedelta(minutes=1),
        throttle_sign_in=None,
        throttle_user_code=Throttle(1, timedelta(seconds=1)),
        trusted_proxies=(IPv4Network("10.0.0.0/8"),),
    )

    assert (timedelta(minutes=1), None) == (made.refresh_grace, made.throttle_sign_in)
    assert Throttle(1, timedelta(seconds=1)) == made.throttle_user_code
    with pytest.raises(ValidationError, match="MINTMARK_WORKERS must be 1 with SQLite"):
        Settings(issuer="https://id.example", workers=2)


def test_settings_stay_as_they_were_made():
    with pytest.raises(ValidationError):
        load().port = 1


def test_the_page_has_a_row_for_every_setting():
    lines = settings.page().splitlines()

    assert len(Settings.model_fields) + 2 == len(lines)
    assert "| `MINTMARK_REFRESH_GRACE` | duration | `30s` | How long a used refresh token" in settings.page()
    assert "| `MINTMARK_AUDIT_EVERY_TOKEN` | `on` or `off` | `off` |" in settings.page()
    assert "| `MINTMARK_ISSUER` | URL | required |" in settings.page()
    assert "| `MINTMARK_SMTP_URL` | URL | unset |" in settings.page()
    assert {5} == {line.count("|") for line in lines}


def test_reading_settings_loads_no_framework():
    script = "import sys, mintmark.settings; print({'fastapi', 'sqlalchemy', 'mintmark.protocol'} & set(sys.modules))"

    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert "set()" == ran.stdout.strip()
