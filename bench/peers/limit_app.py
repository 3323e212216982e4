"""The limit: a bare ASGI app that does only what cannot be left out (parse, compare, sign, verify, commit).

Doors: /token (client_credentials), /refresh (one guarded UPDATE and one INSERT, committed), /introspect (verifies a
JWT), /jwks (constant bytes), /chains (makes refresh tokens). No checks beyond those, no errors, no log.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

try:
    import pysqlite3 as sqlite3
except ImportError:
    import sqlite3

Scope = dict[str, Any]  # the ASGI interface's own loose types
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

ISSUER, API, SECRET = os.environ["LIMIT_ISSUER"], os.environ["LIMIT_API"], os.environ["LIMIT_SECRET"].encode()
JSON = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
ES256 = ec.ECDSA(SHA256())
SCHEMA = """
CREATE TABLE IF NOT EXISTS refresh_token (
    digest BLOB PRIMARY KEY, authorization_id TEXT NOT NULL, expires_at INTEGER NOT NULL, spent_at INTEGER
) WITHOUT ROWID
"""


def b64(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def unb64(text: bytes) -> bytes:
    return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))


class Limit:
    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.public = self.key.public_key()
        self.header = b64(b'{"alg":"ES256","typ":"at+jwt","kid":"es256"}')
        self.jwks = self._jwks()
        self.db = sqlite3.connect(os.environ["LIMIT_DATABASE"], isolation_level=None)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=FULL")
        self.db.execute(SCHEMA)
        self.doors = {"/token": self.token, "/refresh": self.refresh, "/introspect": self.introspect}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._lifespan(receive, send)
            return
        door = self.doors.get(scope["path"])
        if door:
            body = await self._body(receive)
            await self._send(send, door(scope, dict(parse_qsl(body.decode()))))
        elif scope["path"] == "/chains":
            await self._send(send, self.chains(dict(parse_qsl(scope["query_string"].decode()))))
        else:
            await self._send(send, self.jwks)

    def token(self, scope: Scope, form: dict[str, str]) -> bytes:
        client_id = self._authenticated(scope)
        token = self._signed(client_id, client_id, form["scope"])
        return b'{"access_token":"%b","token_type":"Bearer","expires_in":600,"scope":"%b"}' % (
            token,
            form["scope"].encode(),
        )

    def refresh(self, scope: Scope, form: dict[str, str]) -> bytes:
        client_id = self._authenticated(scope)
        heir = b64(os.urandom(32))
        self._spend(hashlib.sha256(form["refresh_token"].encode()).digest(), hashlib.sha256(heir).digest())
        token = self._signed(client_id, "a-person", "api:read")
        return b'{"access_token":"%b","token_type":"Bearer","expires_in":600,"refresh_token":"%b"}' % (token, heir)

    def introspect(self, scope: Scope, form: dict[str, str]) -> bytes:
        self._authenticated(scope)
        claims = self._verified(form["token"].encode())
        return json.dumps({"active": True, **claims}).encode() if claims else b'{"active":false}'

    def chains(self, query: dict[str, str]) -> bytes:
        tokens = [b64(os.urandom(32)) for _ in range(int(query["count"]))]
        rows = [(hashlib.sha256(token).digest(), "first", int(time.time()) + 2592000) for token in tokens]
        self.db.executemany("INSERT INTO refresh_token VALUES (?, ?, ?, NULL)", rows)
        return json.dumps([token.decode() for token in tokens]).encode()

    def _spend(self, digest: bytes, heir: bytes) -> None:
        now = int(time.time())
        self.db.execute("BEGIN IMMEDIATE")
        spent = self.db.execute(
            "UPDATE refresh_token SET spent_at = ? WHERE digest = ? AND spent_at IS NULL AND expires_at > ?",
            (now, digest, now),
        )
        if spent.rowcount != 1:
            self.db.execute("ROLLBACK")
            raise ValueError("spent")
        self.db.execute("INSERT INTO refresh_token VALUES (?, ?, ?, NULL)", (heir, "first", now + 2592000))
        self.db.execute("COMMIT")

    def _authenticated(self, scope: Scope) -> str:
        given = next(value for name, value in scope["headers"] if name == b"authorization")
        client_id, _, secret = base64.b64decode(given[6:]).partition(b":")
        if not hmac.compare_digest(unquote_plus(secret.decode()).encode(), SECRET):
            raise ValueError("wrong secret")
        return unquote_plus(client_id.decode())

    def _signed(self, client_id: str, subject: str, granted: str) -> bytes:
        now = int(time.time())
        claims: dict[str, str | int] = {
            "iss": ISSUER,
            "sub": subject,
            "aud": API,
            "client_id": client_id,
            "scope": granted,
        }
        claims |= {"iat": now, "exp": now + 600, "jti": os.urandom(16).hex()}
        signing_input = self.header + b"." + b64(json.dumps(claims, separators=(",", ":")).encode())
        r, s = decode_dss_signature(self.key.sign(signing_input, ES256))
        return signing_input + b"." + b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))

    def _verified(self, token: bytes) -> dict[str, Any] | None:
        signing_input, _, signature = token.rpartition(b".")
        raw = unb64(signature)
        der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        try:
            self.public.verify(der, signing_input, ES256)
        except InvalidSignature:
            return None
        claims: dict[str, Any] = json.loads(unb64(signing_input.partition(b".")[2]))
        return claims if claims["exp"] > time.time() else None

    def _jwks(self) -> bytes:
        numbers = self.public.public_numbers()
        x, y = (b64(n.to_bytes(32, "big")).decode() for n in (numbers.x, numbers.y))
        es256 = {"kty": "EC", "crv": "P-256", "kid": "es256", "use": "sig", "alg": "ES256", "x": x, "y": y}
        rs256 = {"kty": "RSA", "kid": "rs256", "use": "sig", "alg": "RS256", "e": "AQAB", "n": "n" * 342}
        return json.dumps({"keys": [es256, rs256]}).encode()

    async def _body(self, receive: Receive) -> bytes:
        message = await receive()
        body: bytes = message["body"]
        while message["more_body"]:
            message = await receive()
            body += message["body"]
        return body

    async def _send(self, send: Send, body: bytes) -> None:
        headers = [*JSON, (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})


def build() -> Limit:
    return Limit()
