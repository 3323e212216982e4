"""Networks in CIDR form: reading them, what two sets of them share, and who is inside (RFC 4632 §3.1; RFC 4291 §2.3).

An IPv4 address that came mapped into IPv6 (RFC 4291 §2.5.5.2) is the IPv4 address it stands for, here and there.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, collapse_addresses, ip_address, ip_network

Network = IPv4Network | IPv6Network

_MAPPED = IPv6Network("::ffff:0:0/96")
_HOW = "must be networks such as 10.0.0.0/8 or 2001:db8::/32, or single addresses"


def read(text: object) -> Network:
    """Raises ValueError with a sentence that fits behind the name of what is being read."""
    if not isinstance(text, str):  # ip_network would take a number for an address
        raise ValueError(_HOW)
    try:
        network = ip_network(text.strip(), strict=False)
    except ValueError:
        raise ValueError(_HOW) from None
    if not _is_exact(text.strip(), network):
        raise ValueError(f"{_HOW}: bits are set behind the prefix; {network} is meant, perhaps")
    return _unmapped(network)


def _is_exact(text: str, network: Network) -> bool:
    return ip_address(text.partition("/")[0]) == network.network_address


def _unmapped(network: Network) -> Network:
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        return IPv4Network((int(network.network_address) & 0xFFFFFFFF, network.prefixlen - _MAPPED.prefixlen))
    return network


def collapsed(networks: Iterable[Network]) -> tuple[Network, ...]:
    """The same addresses in the fewest networks, in order: equal sets are equal values."""
    fourth, sixth = [], []
    for network in networks:
        if isinstance(network, IPv4Network):
            fourth.append(network)
        else:
            sixth.append(network)
    return (*collapse_addresses(fourth), *collapse_addresses(sixth))


def shared(ours: Iterable[Network], theirs: Iterable[Network]) -> tuple[Network, ...]:
    """The addresses that are in both. Two networks overlap only when one holds the other, so the smaller one is it."""
    others = tuple(theirs)
    return collapsed(overlap for mine in ours for other in others if (overlap := _overlap(mine, other)) is not None)


def _overlap(one: Network, other: Network) -> Network | None:
    if not one.overlaps(other):
        return None
    return one if one.prefixlen >= other.prefixlen else other


def hold(networks: Iterable[Network], address: str) -> bool:
    """Whether the address is in one of them. What is no address (a Unix socket has none) is in none."""
    found = _address(address)
    return found is not None and any(found in network for network in networks)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found
