"""`mintmark check`: the settings in effect with secrets hidden, what is wrong and what is unwise (contract)."""

import os
import ssl
import stat
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

import typer

from mintmark.commands import opening
from mintmark.commands.opening import Opened
from mintmark.settings import Settings, SettingsRefused
from mintmark.settings.issuer import is_loopback

SHORTEST_SECRET = 32  # characters
SOON = timedelta(days=14)
PAGE = 500

JsonOption = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


@dataclass(slots=True)
class Found:
    settings: dict[str, object] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    unwise: list[str] = field(default_factory=list)
    code: int = opening.DONE

    def document(self) -> dict[str, object]:
        return {"settings": self.settings, "wrong": self.wrong, "unwise": self.unwise}


PublicOption = Annotated[
    str | None, typer.Option("--public", metavar="URL", help="Look at this issuer from outside, as a client does.")
]
CaOption = Annotated[str | None, typer.Option("--ca", metavar="FILE", help="With --public: authorities, as PEM.")]
ResolveOption = Annotated[
    list[str] | None,
    typer.Option(metavar="HOST:ADDRESS", help="With --public: where HOST is asked for, or HOST:PORT:ADDRESS[:PORT]."),
]


def check(
    json: JsonOption = False, public: PublicOption = None, ca: CaOption = None, resolve: ResolveOption = None
) -> None:
    """Show the effective settings, what is wrong (exit 1) and what is unwise; --public: what clients see of it."""
    if public is not None:
        from mintmark.commands import public as outside

        outside.check(public, ca, resolve or (), json=json)
    elif ca is not None or resolve:
        raise typer.BadParameter("--ca and --resolve go with --public")
    found = Found()
    try:
        settings = Settings.load(os.environ)
    except SettingsRefused as refused:
        found.wrong += refused.refusals
    else:
        found.settings = settings.shown()
        found.wrong += wrong_files(settings)
        found.unwise += [*settings.warnings, *unwise_settings(settings), *open_files(settings)]
        _look_inside(settings, found)
    _show(found, json=json)
    raise typer.Exit(found.code or (opening.REFUSED if found.wrong else opening.DONE))


def _look_inside(settings: Settings, found: Found) -> None:
    """The database, as far as it can be opened."""
    try:
        opening.run(_collect(settings, found))
    except Exception as error:  # noqa: BLE001  `told` raises again what it does not know
        code, sentences = opening.told(error)
        found.wrong += sentences
        found.code = code


async def _collect(settings: Settings, found: Found) -> None:
    from mintmark.store import epochs

    async with opening.opened(settings, changing=False) as opened:
        await epochs.require_begun(opened.store)
        async for sentence in unsealed(opened):
            found.unwise.append(sentence)
        async for is_wrong, sentence in about_clients(opened):
            (found.wrong if is_wrong else found.unwise).append(sentence)
        found.unwise += missing_servers(opened, {one async for one in _client_ids(opened)})


def _show(found: Found, *, json: bool) -> None:
    if json:
        opening.show(found.document())
        return
    for name, value in found.settings.items():
        opening.print_line(f"{name} = {_plain(value)}")
    for word, sentences in (("wrong", found.wrong), ("unwise", found.unwise)):
        for sentence in sentences:
            opening.print_line(f"{word}: {sentence}")
    if not found.wrong and not found.unwise:
        opening.print_line("nothing is wrong, and nothing unwise")


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    if isinstance(value, bool):
        return "on" if value else "off"
    return "" if value is None else str(value)


# ── settings and files


def wrong_files(settings: Settings) -> Iterator[str]:
    if settings.tls_certificate is not None and settings.tls_key is not None:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.tls_certificate, settings.tls_key)
        except (OSError, ssl.SSLError) as error:
            yield f"MINTMARK_TLS_CERTIFICATE and MINTMARK_TLS_KEY do not open together: {error.strerror or error}"
    if settings.outbound_ca is not None:
        try:
            ssl.create_default_context(cafile=settings.outbound_ca)
        except (OSError, ssl.SSLError) as error:
            yield f"MINTMARK_OUTBOUND_CA does not open: {error.strerror or error}"
    from mintmark import proving
    from mintmark.endpoints import registering
    from mintmark.pages.branding import BadBranding, Look

    yield from registering.wrong(settings)
    yield from proving.wrong(settings)
    try:
        Look.read(settings)
    except BadBranding as error:
        yield str(error)


def unwise_settings(settings: Settings) -> Iterator[str]:
    if not settings.is_https:
        yield "MINTMARK_ISSUER is http: good for trying things out on this machine, and for nothing else"
    elif settings.tls_certificate is None and not settings.trusted_proxies:
        yield (
            "MINTMARK_TRUSTED_PROXIES is empty and no certificate is set: behind a proxy every caller seems to come "
            "from the proxy's address, and throttles count them together"
        )
    if settings.registration == "open":
        yield (
            "MINTMARK_REGISTRATION is open: anybody may register a client, which then gets what people allow it; "
            "token asks for a token of yours first"
        )
    url = urlsplit(settings.database_url.get_secret_value())
    remote = url.hostname is not None and not is_loopback(url.hostname)
    if remote and parse_qs(url.query).get("sslmode", ["prefer"])[0] in ("disable", "allow", "prefer"):
        yield "MINTMARK_DATABASE_URL has no sslmode=verify-full: the way to the database may be listened to"


def open_files(settings: Settings) -> Iterator[str]:
    """Files with secrets in them that others on this machine may read."""
    path = settings.sqlite_path
    if path is not None:
        yield from (_open(each) for each in (path, Path(f"{path}-wal"), Path(f"{path}-shm")) if _is_open(each))
    if settings.tls_key is not None and _is_open(Path(settings.tls_key)):
        yield _open(Path(settings.tls_key))
    for config in (Path(os.environ.get("MINTMARK_CONFIG") or "mintmark.toml"),):
        if _is_open(config) and "sealing_keys" in config.read_text("utf-8", "replace"):
            yield _open(config)


def _is_open(path: Path) -> bool:
    return path.exists() and bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def _open(path: Path) -> str:
    return f"{path} may be read or written by others (mode {path.stat().st_mode & 0o777:o}); run: chmod 600 {path}"


# ── what is stored


async def unsealed(opened: Opened) -> AsyncIterator[str]:
    from mintmark.store import secrets, signing_keys, totps

    blobs = [one.value for one in await secrets.all(opened.store)]
    blobs += [one.private for one in await signing_keys.all(opened.store) if one.facts.removed_at is None]
    all, older = len(blobs), sum(not opened.sealer.sealed_by_first(blob) for blob in blobs)
    async for some in totps.seeds(opened.store):
        all += len(some)
        older += sum(not opened.sealer.sealed_by_first(seed) for _, seed in some)
    if older:
        yield f"{older} of {all} sealed values need an older sealing key; run: mintmark keys reseal"


async def about_clients(opened: Opened) -> AsyncIterator[tuple[bool, str]]:
    """Whether it is wrong, and a sentence."""
    from mintmark.store import clients

    async for client_id in _client_ids(opened):
        client = await clients.find(opened.store, client_id)
        if client is None or client.disabled_at is not None:
            continue
        for word in client.scope or ():
            if not opened.registry.catalogue.knows(word):
                yield True, f"client {client_id!r} has the scope {word}, which no resource owns"
        for name, length in await clients.shortest_secrets(opened.store, client_id):
            if length < SHORTEST_SECRET:
                yield False, f"the secret {name!r} of client {client_id!r} has {length} characters: it can be guessed"
        for secret in client.secrets:
            if secret.expires_at is not None and secret.expires_at - opened.now < SOON:
                yield False, f"the secret {secret.name!r} of client {client_id!r} ends at {secret.expires_at:%Y-%m-%d}"
        if "password" in client.grant_types:
            yield False, f"client {client_id!r} has the password grant, which RFC 9700 §2.4 advises against"


async def _client_ids(opened: Opened) -> AsyncIterator[str]:
    from mintmark.store import clients

    some = await clients.page(opened.store, "", PAGE)
    while some:
        for one in some:
            yield one.id
        some = await clients.page(opened.store, some[-1].id, PAGE)


def missing_servers(opened: Opened, known: set[str]) -> Iterator[str]:
    for resource in opened.registry.catalogue.resources.values():
        for client_id in resource.resource_servers:
            if client_id not in known:
                yield f"resource {resource.id} names {client_id!r}, which is no client, to speak for it"
