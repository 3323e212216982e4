"""`mintmark serve --demo`: an example that explains itself, for this machine alone (contract, "Demo")."""

import os
import secrets
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from mintmark.commands import apply, opening
from mintmark.commands.apply_file import ApplyFile, Entry
from mintmark.commands.opening import Opened, Refused
from mintmark.commands.planning import Dropped
from mintmark.keys import sealing
from mintmark.protocol import resource_record
from mintmark.protocol.catalogue import Resource
from mintmark.protocol.names import normalise_username
from mintmark.settings import Settings
from mintmark.store import clients, migrate, people, resources

FOLDER = Path("var")
KEY_FILE = FOLDER / "sealing.key"
VALUES_FILE = FOLDER / "demo.env"
SCOPES = ("demo:read", "demo:write")
REDIRECTS = ["http://127.0.0.1/callback", "http://localhost/callback"]  # of loopback addresses any port will do
SCOPE = "openid profile email address phone offline_access demo:read demo:write"

PERSON: Mapping[str, object] = {
    "username": "demo",
    "email": "demo@example.org",
    "email_verified": True,
    "name": "Demo Person",
    "given_name": "Demo",
    "middle_name": "Example",
    "family_name": "Person",
    "nickname": "Demmy",
    "preferred_username": "demo",
    "profile": "https://example.org/demo",
    "picture": "https://example.org/demo.png",
    "website": "https://example.org",
    "gender": "none",
    "birthdate": "1990-12-31",
    "zoneinfo": "Europe/Berlin",
    "locale": "en-GB",
    "phone_number": "+49 30 1234567",
    "phone_number_verified": True,
    "address": {
        "formatted": "Example Street 1\n12345 Example Town\nGermany",
        "street_address": "Example Street 1",
        "locality": "Example Town",
        "region": "Berlin",
        "postal_code": "12345",
        "country": "Germany",
    },
}


def settings(environ: Mapping[str, str]) -> Settings:
    """The sealing key lies in a file of its own, made when there is no database yet."""
    found = opening.load_from(environ, demo=True, quiet=True)  # what is wrong is told before anything is made
    if found.workers > 1:
        raise Refused("the demo is served by one process; leave --workers and MINTMARK_WORKERS out")
    key = environ.get("MINTMARK_SEALING_KEYS") or _key()
    return opening.load_from({**environ, "MINTMARK_SEALING_KEYS": key}, demo=True)


def _key() -> str:
    if KEY_FILE.exists():
        return KEY_FILE.read_text("ascii").strip()
    if (FOLDER / "mintmark.db").exists():
        raise Refused(f"{KEY_FILE} is missing, which sealed {FOLDER}/mintmark.db: bring it back, or remove both")
    made = sealing.generate()
    _write(KEY_FILE, made + "\n")
    return made


def _write(path: Path, text: str) -> None:
    """Whole or not at all, and for its owner only."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def prepare(settings: Settings) -> str:
    """Migrates, makes what is missing, writes var/demo.env; the text that greets whoever started it."""
    url = settings.database_url.get_secret_value()
    if migrate.is_sqlite(url) and not Path(settings.sqlite_path or "").exists():
        migrate.migrate(url)
    known = _read_values()
    values = _values(settings, known)
    try:
        opening.run(_make_rows(settings, values, known))
    except migrate.Unmigrated as error:
        if error.command is None:
            raise
        migrate.migrate(url)
        opening.run(_make_rows(settings, values, known))
    if values != known:
        _write(VALUES_FILE, "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items()))
    return _greeting(settings.issuer)


def _read_values() -> dict[str, str]:
    if not VALUES_FILE.exists():
        return {}
    words = shlex.split(VALUES_FILE.read_text("utf-8"), comments=True)
    return dict(word.split("=", 1) for word in words if "=" in word)


def _values(settings: Settings, known: Mapping[str, str]) -> dict[str, str]:
    """What var/demo.env says: secrets stay, the issuer follows."""
    return {
        "DEMO_ISSUER": settings.issuer,
        "DEMO_CLIENT_ID": "demo",
        "DEMO_CLIENT_SECRET": known.get("DEMO_CLIENT_SECRET") or secrets.token_urlsafe(32),
        "DEMO_SPA_CLIENT_ID": "demo-spa",
        "DEMO_USERNAME": "demo",
        "DEMO_PASSWORD": known.get("DEMO_PASSWORD") or secrets.token_urlsafe(12),
        "DEMO_ADMIN_CLIENT_ID": "demo-admin",
        "DEMO_ADMIN_CLIENT_SECRET": known.get("DEMO_ADMIN_CLIENT_SECRET") or secrets.token_urlsafe(32),
    }


async def _make_rows(settings: Settings, values: Mapping[str, str], known: Mapping[str, str]) -> None:
    hashing = apply.hashing_of(settings)
    try:
        async with opening.opened(settings) as opened:
            there = {one.id: one for one in await resources.all(opened.store)}
            mine = f"{settings.issuer}/demo"
            stale = [one for one in there.values() if one.id != mine and _is_demo(one)]
            wanted = ApplyFile(
                resources=() if mine in there else (_resource(mine, stale),),
                clients=tuple([await _client(opened, *one) for one in _clients(values)]),
                users=tuple(await _person(opened, values, known)),
            )
            await apply.carry_out(opened, wanted, hashing, Dropped(resources=stale))
    finally:
        hashing.close()


def _is_demo(resource: Resource) -> bool:
    """Whether it is the demo's own, perhaps under the issuer of an earlier start, on another port."""
    return resource.id.endswith("/demo") and "demo" in resource.resource_servers


def _resource(uri: str, stale: Sequence[Resource]) -> Entry:
    """The row follows the issuer: what was made of it since comes along."""
    if stale:
        return Entry("resource", resource_record.document(stale[0]) | {"resource": uri})
    made = {"resource": uri, "name": "The demo's API", "scopes": list(SCOPES), "resource_servers": ["demo"]}
    return Entry("resource", made)


def _clients(values: Mapping[str, str]) -> list[tuple[str, str | None, dict[str, object]]]:
    """Id, secret and members."""
    every = ["authorization_code", "refresh_token", "client_credentials", "password"]
    web = {"redirect_uris": REDIRECTS, "post_logout_redirect_uris": REDIRECTS, "scope": SCOPE}
    return [
        ("demo", values["DEMO_CLIENT_SECRET"], {"client_name": "Demo", "grant_types": every, **web}),
        (
            "demo-spa",
            None,
            {
                "client_name": "Demo in the browser",
                "token_endpoint_auth_method": "none",
                "grant_types": ["authorization_code", "refresh_token"],
                **web,
            },
        ),
        (
            "demo-admin",
            values["DEMO_ADMIN_CLIENT_SECRET"],
            {
                "client_name": "Demo administration",
                "grant_types": ["client_credentials"],
                "scope": "admin:read admin:write",
            },
        ),
    ]


async def _client(opened: Opened, client_id: str, secret: str | None, members: Mapping[str, object]) -> Entry:
    """All of it where there is none yet; of one that is there only the secret that var/demo.env tells."""
    stated: dict[str, object] = {"client_id": client_id}
    if await clients.find(opened.store, client_id) is None:
        stated |= members
    if secret is not None:
        stated["client_secret"] = secret
    return Entry(f"client {client_id}", stated)


async def _person(opened: Opened, values: Mapping[str, str], known: Mapping[str, str]) -> list[Entry]:
    """Left alone once it is there, unless nobody knows its password any more."""
    password = values["DEMO_PASSWORD"]
    if await people.find_signing_in(opened.store, normalise_username(values["DEMO_USERNAME"])) is None:
        return [Entry("user demo", {**PERSON, "password": password})]
    if known.get("DEMO_PASSWORD") == password:
        return []
    return [Entry("user demo", {"username": "demo", "password": password, "reset_password": True})]


def _greeting(issuer: str) -> str:
    return f"""
Mintmark serves its demo at {issuer}
Sign in there as `demo`; the secrets are in {VALUES_FILE}. In another terminal, in this folder:

  . {VALUES_FILE}

  # a token for the client itself
  curl -u "$DEMO_CLIENT_ID:$DEMO_CLIENT_SECRET" -d grant_type=client_credentials "$DEMO_ISSUER/token"

  # a token for the person, and what it tells of them
  TOKEN=$(curl -s -u "$DEMO_CLIENT_ID:$DEMO_CLIENT_SECRET" -d grant_type=password -d scope="openid profile email" \\
    -d username="$DEMO_USERNAME" --data-urlencode password="$DEMO_PASSWORD" "$DEMO_ISSUER/token" \\
    | python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])')
  curl -H "Authorization: Bearer $TOKEN" "$DEMO_ISSUER/userinfo"

  # what operators see
  ADMIN=$(curl -s -u "$DEMO_ADMIN_CLIENT_ID:$DEMO_ADMIN_CLIENT_SECRET" -d grant_type=client_credentials \\
    "$DEMO_ISSUER/token" | python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])')
  curl -H "Authorization: Bearer $ADMIN" "$DEMO_ISSUER/admin/api/sessions"

  # the same server at the command line
  export MINTMARK_ISSUER="$DEMO_ISSUER" MINTMARK_SEALING_KEYS="$(cat {KEY_FILE})"
"""
