from datetime import UTC, datetime, timedelta

import pytest

from mintmark.keys import probe

KEY, OTHER = b"k" * 32, b"o" * 32
ISSUER = "https://id.example"
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def test_a_signed_question_is_known_by_any_of_the_keys():
    given = probe.signed(KEY, ISSUER, NOON)

    assert probe.is_signed([KEY], ISSUER, NOON, given)
    assert probe.is_signed([OTHER, KEY], ISSUER, NOON + timedelta(seconds=50), given)


@pytest.mark.parametrize(
    ("keys", "issuer", "now"),
    [
        ([OTHER], ISSUER, NOON),
        ([], ISSUER, NOON),
        ([KEY], "https://other.example", NOON),
        ([KEY], ISSUER, NOON + timedelta(seconds=61)),
        ([KEY], ISSUER, NOON - timedelta(seconds=61)),
    ],
)
def test_it_is_for_one_server_and_one_minute(keys, issuer, now):
    assert not probe.is_signed(keys, issuer, now, probe.signed(KEY, ISSUER, NOON))


@pytest.mark.parametrize("given", ["", "1", "1.2.3", "x" * 10000, "9" * 400 + ".aa.bb", "\xff.\xff.\xff"])
def test_garbage_is_not_signed(given):
    assert not probe.is_signed([KEY], ISSUER, NOON, given)


def test_no_part_of_it_can_be_changed():
    head, nonce, mac = probe.signed(KEY, ISSUER, NOON).split(".")

    assert not probe.is_signed([KEY], ISSUER, NOON, f"{int(head) + 1}.{nonce}.{mac}")
    assert not probe.is_signed([KEY], ISSUER, NOON, f"{head}.{'0' * 32}.{mac}")
    assert not probe.is_signed([KEY], ISSUER, NOON, f"{head}.{nonce}.{'0' * 64}")
