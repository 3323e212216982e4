import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.keys import sealing
from mintmark.keys.sealing import Sealer, WrongSealingKey

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
ROW = "signing_keys.private:a"


@given(st.binary(max_size=300), st.text(max_size=40))
def test_what_is_sealed_opens_in_its_row(plain, row):
    row = row.encode("utf-8", "replace").decode()
    sealer = Sealer([OLD])

    assert plain == sealer.open(sealer.seal(plain, bound_to=row), bound_to=row)


def test_a_blob_does_not_open_in_another_row():
    blob = Sealer([OLD]).seal(b"secret", bound_to=ROW)

    with pytest.raises(WrongSealingKey, match="another's row"):
        Sealer([OLD]).open(blob, bound_to="signing_keys.private:b")


def test_another_key_does_not_open_it_and_the_message_names_the_one_that_would():
    blob = Sealer([OLD]).seal(b"secret", bound_to=ROW)

    with pytest.raises(WrongSealingKey, match=blob[1:5].hex()):
        Sealer([NEW]).open(blob, bound_to=ROW)


def test_the_first_key_seals_and_all_open():
    before = Sealer([OLD]).seal(b"secret", bound_to=ROW)
    both = Sealer([NEW, OLD])
    after = both.seal(both.open(before, bound_to=ROW), bound_to=ROW)

    assert (False, True) == (both.sealed_by_first(before), both.sealed_by_first(after))
    assert b"secret" == Sealer([NEW]).open(after, bound_to=ROW)


def test_sealing_twice_gives_two_blobs():
    sealer = Sealer([OLD])

    assert sealer.seal(b"secret", bound_to=ROW) != sealer.seal(b"secret", bound_to=ROW)


@given(st.integers(min_value=0), st.integers(1, 255))
def test_a_blob_changed_in_any_byte_does_not_open(place, change):
    blob = bytearray(Sealer([OLD, NEW]).seal(b"secret", bound_to=ROW))
    blob[place % len(blob)] ^= change

    with pytest.raises(WrongSealingKey):
        Sealer([OLD, NEW]).open(bytes(blob), bound_to=ROW)


@given(st.binary(max_size=80))
def test_what_was_never_sealed_does_not_open(blob):
    assert not Sealer([OLD]).sealed_by_first(blob)
    with pytest.raises(WrongSealingKey):
        Sealer([OLD]).open(blob, bound_to=ROW)


def text(key):
    return base64.urlsafe_b64encode(key).decode()


def test_the_setting_may_hold_several_keys_with_and_without_padding():
    assert (NEW, OLD) == sealing.parse(f"{text(NEW)}, {text(OLD).rstrip('=')}")


def test_a_generated_key_can_be_parsed():
    assert 32 == len(sealing.parse(sealing.generate())[0])


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ("", "sealing key 1 of 1 is empty"),
        (f"{text(OLD)},", "sealing key 2 of 2 is empty"),
        (text(OLD[:16]), "sealing key 1 of 1 has 16 bytes; 32 are needed"),
        (f"{text(OLD)},{text(NEW + OLD)}", "sealing key 2 of 2 has 64 bytes"),
        ("correct horse battery", "is not base64url: only"),
        ("A" * 41, "a character is missing or too many"),
        (f"{text(OLD)},{text(OLD)}", "two sealing keys are the same"),
    ],
)
def test_a_bad_setting_is_refused_with_its_reason(setting, reason):
    with pytest.raises(ValueError, match=reason):
        sealing.parse(setting)


@given(st.text(alphabet="abcXYZ019-_=+/\u00e9", min_size=6, max_size=40))
def test_no_refusal_shows_a_key(secret):
    with pytest.raises(ValueError) as refusal:
        sealing.parse(secret)

    assert secret.strip() not in str(refusal.value)
    assert refusal.value.__cause__ is None


def test_a_sealer_needs_whole_keys():
    with pytest.raises(ValueError):
        Sealer([])
    with pytest.raises(ValueError):
        Sealer([b"short"])
    assert OLD.hex() not in repr(Sealer([OLD]))
