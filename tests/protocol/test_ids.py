import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol import ids

VECTOR = json.loads((Path(__file__).parents[1] / "vectors" / "uuid7.json").read_text())["rfc9562"]
INSTANTS = st.timedeltas(timedelta(0), timedelta(days=365 * 8000)).map(lambda since: ids.EPOCH + since)
RANDOM = st.binary(min_size=10, max_size=16)


def test_the_example_of_the_specification_holds():
    made = ids.uuid7(datetime.fromisoformat(VECTOR["instant"]), bytes.fromhex(VECTOR["random"]))

    assert VECTOR["uuid"] == made
    assert VECTOR["milliseconds"] == ids.issued_at_ms(made)


@given(INSTANTS, RANDOM)
def test_every_id_is_a_uuid_that_tells_its_millisecond(instant, random):
    made = ids.uuid7(instant, random)

    assert made == str(UUID(made))
    assert 7 == UUID(made).version
    assert ids.ms(instant) == ids.issued_at_ms(made)


@given(INSTANTS, st.integers(1, 10**9), RANDOM, RANDOM)
def test_a_later_id_sorts_later(instant, later, one, other):
    assert ids.uuid7(instant, one) < ids.uuid7(instant + timedelta(milliseconds=later), other)


def test_a_millisecond_has_room_for_many_ids():
    now = datetime(2026, 1, 1, tzinfo=UTC)

    assert ids.uuid7(now, bytes(9) + b"\1") != ids.uuid7(now, bytes(10))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "017f22e2-79b0-4cc3-98c4-dc0c0c07398f",  # version 4
        "017f22e2-79b0-7cc3-18c4-dc0c0c07398f",  # no variant of RFC 9562
        "017F22E2-79B0-7CC3-98C4-DC0C0C07398F",  # not as we write it
        "+17f22e2-79b0-7cc3-98c4-dc0c0c07398f",
        "0_7f22e2-79b0-7cc3-98c4-dc0c0c07398f",
        " 17f22e2-79b0-7cc3-98c4-dc0c0c07398f",
        "017f22e2079b0-7cc3-98c4-dc0c0c07398f",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398f\n",
    ],
)
def test_what_is_no_id_of_ours_tells_no_time(text):
    with pytest.raises(ValueError):
        ids.issued_at_ms(text)


@given(st.binary(min_size=32, max_size=32))
def test_a_secret_is_its_prefix_and_unreserved_characters(random):
    secret = ids.secret("mmr_", random)

    assert len("mmr_") + 43 == len(secret)
    assert secret.replace("-", "a").replace("_", "a").isalnum()
    assert sha256(secret.encode()).digest() == ids.digest(secret)


@given(st.text(st.characters()))
def test_whatever_is_shown_as_a_secret_has_a_digest(text):
    assert 32 == len(ids.digest(text))


def test_a_lone_surrogate_is_an_unknown_secret_and_no_error():
    assert ids.digest("\ud800") != ids.digest("\ud801")
