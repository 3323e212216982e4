from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

import pytest
from pydantic import SecretStr

from mintmark.settings import Throttle, smtp
from tests.settings.loading import KEY, OTHER, load, refusals


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///var/mintmark.db", Path("var/mintmark.db")),
        ("sqlite:////srv/mintmark.db", Path("/srv/mintmark.db")),
        ("postgresql://user:p%40ss@db:5432/mintmark", None),
        ("postgresql://db1:5432,db2:5433/mintmark?target_session_attrs=read-write", None),
        ("postgresql:///mintmark?host=/run/postgresql", None),
    ],
)
def test_a_database_is_a_file_of_sqlite_or_a_postgresql(url, path):
    made = load(database_url=url)

    assert url == made.database_url.get_secret_value()
    assert path == made.sqlite_path
    assert (path is not None) == made.is_sqlite


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///a.db?mode=ro",
        "sqlite:///var/",
        "mysql://canary@db/m",
        "postgres://canary@db/m",
        "postgresql+asyncpg://canary@db/m",
        "postgresql://canary@db",
        "canary",
    ],
)
def test_another_database_is_refused_without_showing_its_url(url):
    (refusal,) = refusals(database_url=url)

    assert refusal.startswith("MINTMARK_DATABASE_URL must be")
    assert "canary" not in refusal


def test_the_first_sealing_key_stays_the_first():
    assert (bytes(range(32)), bytes(32)) == load(sealing_keys=f"{KEY}, {OTHER}").sealing_key_bytes


@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        ("canary", "key 1 of 1 is not"),
        (f"{KEY},canary", "key 2 of 2 is not"),
        (f"{KEY}A", "key 1 of 1 is not"),
        (KEY[:-1] + "+", "key 1 of 1 is not"),
        (f"{OTHER},{OTHER.rstrip('=')}", "must not name the same key twice"),
        (",", "at least one key"),
    ],
)
def test_a_sealing_key_that_is_none_is_refused_by_its_number(keys, fault):
    (refusal,) = refusals(sealing_keys=keys)

    assert fault in refusal
    assert "canary" not in refusal
    assert KEY[:12] not in refusal


@pytest.mark.parametrize(
    ("text", "throttle"),
    [
        ("5", Throttle(5)),
        ("5/1h30m", Throttle(5, timedelta(hours=1.5))),
        ("off", None),
        ("3/60", Throttle(3, timedelta(minutes=1))),
    ],
)
def test_a_throttle_is_a_number_a_rate_or_off(text, throttle):
    assert throttle == load(throttle_sign_in=text).throttle_sign_in


def test_a_bare_number_keeps_the_span_that_the_default_has():
    made = load(throttle_sign_in_address="5", throttle_client_auth="off", throttle_user_code="7/2h")

    assert Throttle(5, timedelta(hours=1)) == made.throttle_sign_in_address
    assert made.throttle_client_auth is None
    assert Throttle(7, timedelta(hours=2)) == made.throttle_user_code
    assert Throttle(300, timedelta(minutes=1)) == made.throttle_registration


@pytest.mark.parametrize("text", ["0", "-1", "x", "5/", "5/0", "5/x", "5/1m/1m", "1e3", "9999999999", "on"])
def test_a_throttle_that_is_none_is_refused(text):
    assert "MINTMARK_THROTTLE_SIGN_IN must be" in refusals(throttle_sign_in=text)[0]


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("audit_every_token", "on", True),
        ("audit_every_token", "FALSE", False),
        ("password_threads", "4", 4),
        ("outbound_allow", "127.0.0.0/8, ::1", (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))),
        ("outbound_ca", "ca.pem", Path("ca.pem")),
        ("smtp_url", "smtps://user:secret@mail.example:465", SecretStr("smtps://user:secret@mail.example:465")),
        ("privacy_url", "https://example.org/privacy", "https://example.org/privacy"),
        ("log_format", "json", "json"),
        ("jwks_max_age", "5m", timedelta(minutes=5)),
    ],
)
def test_each_kind_of_value_is_read_in_its_own_form(name, text, value):
    assert value == getattr(load(**{name: text}), name)


@pytest.mark.parametrize(
    ("name", "text", "right"),
    [
        ("audit_every_token", "perhaps", "must be on or off"),
        ("port", "70000", "must be less than or equal to 65535"),
        ("port", "\uff18\uff10", "must be a whole number"),
        ("workers", "1.0", "must be a whole number"),
        ("log_format", "xml", "must be 'console' or 'json'"),
        ("session_cookie_samesite", "strict", "must be 'lax' or 'none'"),
        ("operator_name", "x" * 81, "must have at most 80 characters"),
        ("refresh_grace", "0s", "must be longer than zero"),
        ("refresh_grace", "soon", "must be a duration such as"),
        ("trusted_proxies", "proxy", "must be networks such as"),
        ("trusted_proxies", "10.0.0.1/8", "10.0.0.0/8 is meant"),
        ("smtp_url", "mail://canary", "must be smtp://"),
        ("terms_url", "javascript:alert(1)", "must be the address of a web page"),
    ],
)
def test_a_wrong_value_is_refused_with_its_name_and_what_is_right(name, text, right):
    (refusal,) = refusals(**{name: text})

    assert refusal.startswith(f"MINTMARK_{name.upper()} must")
    assert right in refusal
    assert "canary" not in refusal


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("smtp://mail.example", ("mail.example", 587, False, None, None)),
        ("smtps://mail.example/", ("mail.example", 465, True, None, None)),
        ("smtp://u%40x:p%3A/@w@mail.example:25", ("mail.example", 25, False, "u@x", "p:/@w")),
        ("smtp://[::1]:2525", ("::1", 2525, False, None, None)),
    ],
)
def test_a_mail_server_is_what_its_url_says(url, found):
    assert found == tuple(smtp.read(url))


@pytest.mark.parametrize(
    "url", ["", "mail.example", "http://mail.example", "smtp:///", "smtp://u@mail.example", "smtp://:p@h", "smtp://h:0",
            "smtp://h:99999", "smtp://h/x", "smtp://a b", "smtp://h:x"]
)  # fmt: skip
def test_what_names_no_mail_server_is_refused_and_not_shown(url):
    with pytest.raises(ValueError, match="must") as refused:
        smtp.read(url)
    assert not url or url not in str(refused.value)
