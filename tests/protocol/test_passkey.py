"""What a passkey's counter, flags and kind decide (WebAuthn Level 3 §6.1, §7.2)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol import passkey, passkey_options
from mintmark.protocol.passkey import Passkey, Seen
from tests.issuer import NOON

GOOGLE = "ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4"
KEY = Passkey("k", "alice", b"credential", b"key", 7, "Phone", GOOGLE, ("usb",), True, False, False, NOON)
COUNTS = st.integers(0, 2**32 - 1)


@given(COUNTS, COUNTS)
def test_a_counter_that_does_not_go_on_may_be_a_clones(stored, seen):
    cloned = passkey.may_be_cloned(replace(KEY, sign_count=stored), Seen(seen, True, False, False))

    assert cloned == ((stored, seen) != (0, 0) and seen <= stored)


@pytest.mark.parametrize(("was", "says"), [(True, False), (False, True)])
def test_a_key_that_changes_whether_it_may_be_copied_is_another(was, says):
    assert passkey.is_another(replace(KEY, backup_eligible=was), Seen(8, True, says, False))
    assert not passkey.is_another(replace(KEY, backup_eligible=was), Seen(8, True, was, False))


def test_a_used_passkey_has_the_new_count_and_knows_whether_it_is_backed_up():
    after = passkey.used(KEY, Seen(9, True, True, True), NOON + timedelta(days=1))

    assert (9, True, NOON + timedelta(days=1)) == (after.sign_count, after.backed_up, after.last_used_at)


def test_amr_says_whether_the_key_can_leave_its_device():
    assert ("hwk", "user") == passkey.amr(KEY)
    assert ("swk", "user") == passkey.amr(replace(KEY, backup_eligible=True))


@pytest.mark.parametrize(
    ("issuer", "rp_id"),
    [
        ("https://id.example", "id.example"),
        ("https://id.example:8443/tenant", "id.example"),
        ("http://localhost:8000", "localhost"),
        ("http://127.0.0.1:8000", None),
        ("http://[::1]:8000", None),
    ],
)
def test_the_rp_id_is_the_issuers_host_and_an_address_has_none(issuer, rp_id):
    assert rp_id == passkey.rp_id(issuer)


def test_where_no_authenticator_is_named_any_is_allowed():
    assert passkey.is_allowed(GOOGLE, ())
    assert passkey.is_allowed(GOOGLE, (GOOGLE,))
    assert not passkey.is_allowed("00000000-0000-0000-0000-000000000000", (GOOGLE,))


@given(st.text())
def test_a_name_is_one_line_of_at_most_sixty_characters_that_people_see(text):
    name = passkey.read_name(text)

    assert len(name) <= 60
    assert name == name.strip()
    assert name.isprintable() or not name


def test_marks_that_turn_the_direction_are_taken_out_of_a_name():
    assert "a b" == passkey.read_name("a\u202e\nb\ud800")


def test_a_passkey_is_called_by_its_maker_where_that_is_known():
    assert "Google Password Manager" == passkey.suggested_name(GOOGLE)
    assert "Passkey" == passkey.suggested_name("00000000-0000-0000-0000-000000000000")


def test_only_known_transports_are_kept():
    assert ("internal", "usb") == passkey.known_transports(["usb", "internal", "usb", "telepathy", 5])
    assert () == passkey.known_transports("usb")


def test_the_handle_is_the_persons_id_and_fits_whatever_that_is():
    assert b"alice" == passkey_options.handle("alice")
    assert 32 == len(passkey_options.handle("a" * 65))


def test_alone_a_passkey_must_know_its_owner_and_afterwards_one_of_theirs_will_do():
    alone = passkey_options.request(b"c", rp_id="id.example", allowed=None)
    second = passkey_options.request(b"c", rp_id="id.example", allowed=[KEY])

    assert ("required", []) == (alone["userVerification"], alone["allowCredentials"])
    assert "preferred" == second["userVerification"]
    assert [{"type": "public-key", "id": "Y3JlZGVudGlhbA", "transports": ["usb"]}] == second["allowCredentials"]


@pytest.mark.parametrize(("attested", "conveyance"), [(False, "none"), (True, "direct")])
def test_a_new_passkey_is_never_made_twice_on_one_device_and_says_what_it_is_only_where_asked(attested, conveyance):
    made = passkey_options.creation(
        b"c", rp_id="id.example", operator="Acme", person_id="alice", username="\u202e", display_name="Al\u202eice",
        known=[KEY], attested=attested,
    )  # fmt: skip

    assert conveyance == made["attestation"]
    assert ["Y3JlZGVudGlhbA"] == [one["id"] for one in made["excludeCredentials"]]
    assert ("?", "Al ice") == (made["user"]["name"], made["user"]["displayName"])
