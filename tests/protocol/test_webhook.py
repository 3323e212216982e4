"""What is kept of a webhook's secrets, and which events can be named."""

from datetime import UTC, datetime

import pytest

from mintmark.protocol import webhook
from mintmark.protocol.webhook import Key, WebhookRefused

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
