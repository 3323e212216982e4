from ipaddress import IPv4Network, IPv6Network, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark import networks


def read(*texts):
    return tuple(networks.read(text) for text in texts)


def small(bits):
    """Networks in one corner of the address space, so that they meet."""
    return st.integers(0, 255).flatmap(
        lambda last: st.integers(bits - 8, bits).map(
            lambda prefix: ip_network((last + (0x20010DB8 << 96 if bits == 128 else 10 << 24), prefix), strict=False)
        )
    )


sets = st.lists(small(32) | small(128), max_size=5)
addresses = st.integers(0, 255).map(lambda last: f"10.0.0.{last}") | st.integers(0, 255).map(
    lambda last: f"2001:db8::{last:x}"
)


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("10.0.0.0/8", IPv4Network("10.0.0.0/8")),
        (" 10.0.0.1 ", IPv4Network("10.0.0.1/32")),
        ("10.0.0.0/255.0.0.0", IPv4Network("10.0.0.0/8")),
        ("2001:db8::/32", IPv6Network("2001:db8::/32")),
        ("::1", IPv6Network("::1/128")),
        ("0.0.0.0/0", IPv4Network("0.0.0.0/0")),
        ("::ffff:10.0.0.0/104", IPv4Network("10.0.0.0/8")),
        ("::ffff:10.0.0.1", IPv4Network("10.0.0.1/32")),
    ],
)
def test_each_form_of_a_network_is_read(text, network):
    assert network == networks.read(text)


@pytest.mark.parametrize(
    "text", ["", "localhost", "10.0.0.0/33", "10.0.0", "10.0.0.0/8/8", "::g", 10, None, b"\x0a\0\0\0"]
)
def test_what_is_no_network_is_refused(text):
    with pytest.raises(ValueError, match="must be networks such as"):
        networks.read(text)


def test_bits_behind_the_prefix_are_refused_with_the_network_that_was_meant():
    with pytest.raises(ValueError, match=r"10\.0\.0\.0/8 is meant"):
        networks.read("10.0.0.1/8")


def test_a_network_inside_another_is_what_they_share():
    assert read("10.1.0.0/16") == networks.shared(read("10.0.0.0/8"), read("10.1.0.0/16", "192.168.0.0/16"))


def test_the_two_families_share_nothing():
    assert () == networks.shared(read("0.0.0.0/0"), read("::/0"))


def test_an_ipv4_address_mapped_into_ipv6_is_the_ipv4_address():
    assert networks.hold(read("10.0.0.0/8"), "::ffff:10.1.2.3")
    assert not networks.hold(read("::/0"), "::ffff:10.1.2.3")


@pytest.mark.parametrize("address", ["", "unix", "10.0.0.256", "10.0.0.1:80"])
def test_what_is_no_address_is_in_no_network(address):
    assert not networks.hold(read("0.0.0.0/0", "::/0"), address)


@given(sets, sets, addresses)
def test_an_address_is_shared_exactly_when_both_hold_it(ours, theirs, address):
    shared = networks.shared(ours, theirs)

    assert (networks.hold(ours, address) and networks.hold(theirs, address)) == networks.hold(shared, address)
    assert shared == networks.shared(theirs, ours)
    assert shared == networks.collapsed(shared)


@given(sets, addresses)
def test_the_same_set_is_the_same_value_and_holds_the_same_addresses(ours, address):
    assert networks.collapsed(ours) == networks.shared(ours, ours)
    assert networks.hold(ours, address) == networks.hold(networks.collapsed(ours), address)
