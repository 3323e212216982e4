"""When a secret ends, as operators say it."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from mintmark.protocol import client_secret
from mintmark.protocol.client_metadata import MetadataRefused

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
EAST = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("30d", NOW + timedelta(days=30)),
        (60, NOW + timedelta(minutes=1)),
        ("2026-12-01", datetime(2026, 12, 1, tzinfo=UTC)),
        ("2026-11-25T14:00:00+01:00", datetime(2026, 11, 25, 14, tzinfo=EAST)),
    ],
)
def test_a_span_a_date_and_a_time_are_instants(said, meant):
    assert meant == client_secret.read_expiry(said, NOW)


@pytest.mark.parametrize("said", ["soon", True, 1.5, None, "-1d", "2026-11-25T12:00:00Z", "2020-01-01"])
def test_nonsense_and_the_past_are_refused(said):
    with pytest.raises(MetadataRefused):
        client_secret.read_expiry(said, NOW)


@pytest.mark.parametrize("name", ["", ".first", "two words", "n" * 101, "\N{SNOWMAN}", None, "winter"])
def test_a_name_that_is_none_or_another_secrets_is_refused(name):
    with pytest.raises(MetadataRefused):
        client_secret.check_name(name, ["winter"])


def test_a_secret_that_nobody_named_gets_the_first_number_that_is_free():
    assert "spring" == client_secret.check_name("spring", ["winter"])
    assert "secret-1" == client_secret.made_up_name([])
    assert "secret-2" == client_secret.made_up_name(["secret-1", "secret-3"])
