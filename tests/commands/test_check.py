import json
from pathlib import Path

import pytest

from tests.settings.loading import KEY, OTHER

CLIENTS = {
    "clients": [
        {"client_id": "short", "client_secret": "too short", "grant_types": ["password"]},
        {"client_id": "long", "client_secret": "x" * 32, "grant_types": []},
    ]
}


@pytest.fixture
def applied(typed, tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(CLIENTS))
    assert 0 == typed("apply", tmp_path / "a.json").code
    return typed


def test_what_is_unwise_is_told_and_is_no_fault(applied):
    answer = applied("check", "--json")

    assert 0 == answer.code
    assert [] == answer.json["wrong"]
    assert "the secret 'apply' of client 'short' has 9 characters: it can be guessed" in answer.json["unwise"]
    assert [] == [sentence for sentence in answer.json["unwise"] if "'long'" in sentence]
    assert any("password grant" in sentence for sentence in answer.json["unwise"])
    assert any("MINTMARK_TRUSTED_PROXIES is empty" in sentence for sentence in answer.json["unwise"])


def test_the_settings_in_effect_are_shown_without_secrets(typed, clean):
    clean.setenv("MINTMARK_THROTTLE_USER_CODE", "off")
    answer = typed("check")

    assert "MINTMARK_ISSUER = https://id.example" in answer.out
    assert "MINTMARK_SEALING_KEYS = ***" in answer.out
    assert "MINTMARK_THROTTLE_USER_CODE = off" in answer.out
    assert "MINTMARK_AUDIT_EVERY_TOKEN = off" in answer.out
    assert "unwise: MINTMARK_THROTTLE_USER_CODE is off" in answer.out
    assert KEY not in answer.out


def test_settings_that_are_refused_are_a_fault(typed, clean):
    clean.setenv("MINTMARK_PORT", "0")
    answer = typed("check", "--json")

    assert 1 == answer.code
    assert {} == answer.json["settings"]
    assert "MINTMARK_PORT" in answer.json["wrong"][0]


def test_another_sealing_key_is_a_fault(applied, clean):
    clean.setenv("MINTMARK_SEALING_KEYS", OTHER)
    answer = applied("check", "--json")

    assert 1 == answer.code
    assert "MINTMARK_SEALING_KEYS does not open what is stored" in answer.json["wrong"][0]


def test_an_older_sealing_key_that_is_still_needed_is_told(applied, clean):
    clean.setenv("MINTMARK_SEALING_KEYS", f"{OTHER},{KEY}")

    assert any("run: mintmark keys reseal" in sentence for sentence in applied("check", "--json").json["unwise"])


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_database_that_others_may_read_is_told(typed, database):
    path = database.url.removeprefix("sqlite:///")
    Path(path).chmod(0o644)

    assert any(f"chmod 600 {path}" in sentence for sentence in typed("check", "--json").json["unwise"])


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_certificate_that_does_not_open_is_a_fault(typed, clean, tmp_path):
    (tmp_path / "c.pem").write_text("no certificate")
    clean.setenv("MINTMARK_TLS_CERTIFICATE", str(tmp_path / "c.pem"))
    clean.setenv("MINTMARK_TLS_KEY", str(tmp_path / "c.pem"))
    clean.setenv("MINTMARK_OUTBOUND_CA", str(tmp_path / "nothing.pem"))
    answer = typed("check", "--json")

    assert 1 == answer.code
    assert "MINTMARK_TLS_CERTIFICATE and MINTMARK_TLS_KEY do not open together" in answer.json["wrong"][0]
    assert "MINTMARK_OUTBOUND_CA does not open" in answer.json["wrong"][1]


def test_a_database_that_does_not_answer_is_told_apart(bare, clean):
    clean.setenv("MINTMARK_ISSUER", "http://localhost:8000")
    clean.setenv("MINTMARK_SEALING_KEYS", KEY)
    clean.setenv("MINTMARK_DATABASE_URL", "postgresql://nobody@db.invalid:1/nothing")
    answer = bare("check", "--json")

    assert 5 == answer.code
    assert "the database cannot be reached" in answer.json["wrong"][0]
    assert any("sslmode" in sentence for sentence in answer.json["unwise"])
    assert any("MINTMARK_ISSUER is http" in sentence for sentence in answer.json["unwise"])
