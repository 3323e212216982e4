"""Whose clients know a person by the same `sub`: the sector of a pairwise client (OIDC Core §8.1)."""

from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from mintmark.protocol import return_address

SUBJECT_TYPES = ("public", "pairwise")


class NoSector(ValueError):
    """The addresses name several hosts, and nothing says whose sector they are."""


def of(client_id: str, redirect_uris: Sequence[str], sector_identifier_uri: str | None) -> str:
    """`host:` and the host of sector_identifier_uri, or else the one of the redirect addresses. Raises NoSector.

    A client that no host stands for is a sector by itself, `client:` and its id: any program of the machine could stand
    behind a loopback address, or an app's own scheme, so they are no sign that two clients belong together.
    """
    if sector_identifier_uri is not None:
        return f"host:{urlsplit(sector_identifier_uri).hostname}"
    hosts = _hosts(redirect_uris)
    if len(hosts) > 1:
        raise NoSector("the redirect addresses name several hosts")
    host = next(iter(hosts), None)
    return f"client:{client_id}" if host is None else f"host:{host}"


def _hosts(redirect_uris: Iterable[str]) -> set[str | None]:
    """None among them: an address that any program could stand behind."""
    return {return_address.web_host(uri) for uri in redirect_uris}


def message(sector: str, person_id: str) -> bytes:
    """What the keyed digest is made of: no pair has the message of another, for neither holds a NUL."""
    return f"{sector}\0{person_id}".encode()
