"""What is kept of a webhook's secrets, and which events can be named."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook as Receiver

from mintmark.events import SessionEnded
from mintmark.protocol import webhook
from mintmark.protocol.webhook import Key, Webhook, WebhookRefused

KEYS = (Key(b"k" * 24, None), Key(b"o" * 24, datetime(2026, 11, 25, 12, tzinfo=UTC)))


def test_secrets_are_read_as_they_were_written():
    assert KEYS == webhook.read_keys(webhook.write_keys(KEYS))


@pytest.mark.parametrize("plain", ["[{}]", "[1]", "null", '[{"key": "?", "until": null}]', "nonsense"])
def test_what_is_no_list_of_secrets_is_refused(plain):
    with pytest.raises(ValueError, match=r".+"):
        webhook.read_keys(plain.encode())


def test_so_many_names_of_events_and_no_more():
    assert ("*",) == webhook.check_events(["*"])
    for patterns in ([], ["*"] * (webhook.MOST_PATTERNS + 1)):
        with pytest.raises(WebhookRefused):
            webhook.check_events(patterns)


NOW = datetime(2026, 11, 25, 11, tzinfo=UTC)
HOOK = Webhook("1", "siem", "https://siem.example/in", ("session_ended", "client_*"), KEYS, NOW, NOW)


def test_a_receiver_wants_what_its_patterns_name_while_it_is_on():
    off = replace(HOOK, disabled_at=NOW)

    assert HOOK.wants("client_refused")
    assert not HOOK.wants("session_began")
    assert [HOOK] == webhook.wanted([HOOK, off], "session_ended")
    assert [] == webhook.wanted([replace(HOOK, events=("*",))], "delivery_given_up")


def test_what_is_sent_can_be_named_and_a_name_that_is_none_cannot():
    known = webhook.names()

    assert known
    assert known == webhook.check_events(known)
    assert "siem" == webhook.check_name("siem")
    for name in ("", "-", "two words", "n" * 101):
        with pytest.raises(WebhookRefused):
            webhook.check_name(name)
    with pytest.raises(WebhookRefused, match="counted in the audit trail"):
        webhook.check_events(["sign_in_failed"])
    with pytest.raises(WebhookRefused, match="no event"):
        webhook.check_events(["session_endet"])


@pytest.mark.parametrize(
    "url",
    [
        "siem.example", "ftp://siem.example/", "https:///in", "https://siem.example:0/", "https://siem.example:x/",
        "https://user@siem.example/", "https://siem.example/#in", "https://siem.example/ in", "https://s/" + "x" * 2000,
    ],
)  # fmt: skip
def test_an_address_that_is_none_or_holds_a_password_is_refused(url):
    with pytest.raises(WebhookRefused):
        webhook.check_url(url)


def test_an_address_is_taken_as_it_is():
    assert HOOK.url == webhook.check_url(HOOK.url)


def test_a_message_says_what_is_known_and_is_signed_by_every_secret_that_holds():
    """Standard Webhooks 1.0, "Signature scheme"."""
    event = SessionEnded(person_id="a", session_id="s", reason="an operator ended it")
    body = webhook.message(event, NOW, None)
    found = dict(webhook.headers(KEYS, "msg_1", NOW, body))
    later = dict(webhook.headers(KEYS, "msg_1", NOW + timedelta(hours=2), body))
    data = json.loads(body)

    assert ("session_ended", "2026-11-25T11:00:00.000Z") == (data["type"], data["timestamp"])
    assert ("a", "s") == (data["data"]["user_id"], data["data"]["session_id"])
    assert "client_id" not in data["data"]
    assert 2 == len(found["webhook-signature"].split())
    assert 1 == len(later["webhook-signature"].split())
    assert found["webhook-timestamp"] != later["webhook-timestamp"]
    Receiver(webhook.secret(KEYS[0])).verify(body, fresh_headers(body))


def fresh_headers(body):
    """As of now: the library takes no message that is old."""
    return dict(webhook.headers(KEYS[:1], "msg_1", datetime.now(UTC), body))


def test_the_secret_before_a_new_one_signs_beside_it_for_a_while():
    new = webhook.rolled(KEYS, b"n" * 24, NOW, NOW + timedelta(hours=9))
    at_once = webhook.rolled(KEYS[:1], b"n" * 24, NOW, NOW)

    assert [b"n" * 24, b"k" * 24, b"o" * 24] == [key.value for key in new]
    assert [None, NOW + timedelta(hours=9), KEYS[1].until] == [key.until for key in new]
    assert [b"n" * 24] == [key.value for key in at_once]
