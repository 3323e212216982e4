"""`mintmark check --public URL`: the server from outside, as its clients see it (outside/)."""

import os
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime

import typer

from mintmark.commands import opening
from mintmark.commands.opening import Refused
from mintmark.outside import look, visit
from mintmark.outside.findings import Findings
from mintmark.settings import Settings, SettingsRefused
from mintmark.settings import issuer as issuers


def check(url: str, ca: str | None, resolve: Sequence[str], *, json: bool) -> None:
    """Ends with 1 where something is wrong."""
    issuer = _issuer(url)
    if ca is not None:
        _must_open(ca)
    try:
        places = visit.read_places(resolve)
    except visit.BadResolve as error:
        raise typer.BadParameter(str(error)) from None
    visitor = visit.Visitor(issuer, places, ca)
    found = look.at(visitor, _sealing_key(issuer), datetime.now(UTC))
    _show(issuer, found, json=json)
    raise typer.Exit(opening.REFUSED if found.wrong else opening.DONE)


def _must_open(ca: str) -> None:
    try:
        ssl.create_default_context(cafile=ca)
    except ssl.SSLError:
        raise Refused(f"--ca {ca} is no PEM file of certificates; give the authority's, as it was handed out") from None
    except OSError as error:
        raise Refused(f"--ca {ca} cannot be read ({error.strerror}); give a PEM file of certificates") from None


def _issuer(url: str) -> str:
    try:
        return issuers.check(url.removesuffix("/"))
    except ValueError as error:
        raise typer.BadParameter(f"--public {error}") from None


def _sealing_key(issuer: str) -> bytes | None:
    """None: the settings here are none, or another server's."""
    try:
        settings = Settings.load(os.environ)
    except SettingsRefused:
        return None
    return settings.sealing_key_bytes[0] if settings.issuer == issuer and settings.sealing_keys else None


def _show(issuer: str, found: Findings, *, json: bool) -> None:
    if json:
        opening.show(
            {
                "issuer": issuer,
                "wrong": [one.document() for one in found.wrong],
                "unwise": [one.document() for one in found.unwise],
                "unseen": found.unseen,
            }
        )
        return
    for word, some in (("wrong", found.wrong), ("unwise", found.unwise)):
        for one in some:
            opening.print_line(f"{word}: {one.fault} {one.mending}")
    for sentence in found.unseen:
        opening.print_line(f"not seen: {sentence}")
    if not found.wrong and not found.unwise:
        opening.print_line(f"nothing is wrong with {issuer} from here, and nothing unwise")
