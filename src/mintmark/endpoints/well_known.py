"""What everybody may read: the metadata documents and the JWKS (RFC 8414 §3, OIDC Discovery §4, RFC 7517 §5)."""

import hashlib
import math
from collections.abc import Sequence

from mintmark.client_auth import METHODS, private_key_jwt
from mintmark.grants import GRANTS
from mintmark.protocol import jose, metadata
from mintmark.protocol.metadata import Offer
from mintmark.registry import Registry
from mintmark.server import Server
from mintmark.store.changes import Unavailable
from mintmark.wire.answer import CORS, NOSNIFF, Answer, Headers, to_json
from mintmark.wire.asked import Asked

METADATA_MAX_AGE = 300  # seconds: long enough to be cheap, short enough to follow a change
ID_TOKEN_ALGS = ("RS256", "ES256", "PS256", "EdDSA", "Ed25519", "ES384", "ES512", "RS384", "RS512")


class WellKnown:
    """Bytes made once for each state of the registry.

    While the database does not answer, what was read last is said for as long as whoever read it then may keep it, and
    is said to be good for no longer: APIs go on checking tokens, and a key that was taken away lasts no longer by it.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._jwks_max_age = int(server.settings.jwks_max_age.total_seconds())
        self._version: object = None
        self._metadata = Answer(200, ())
        self._jwks = Answer(200, ())
        self._etags: tuple[str, str] = ("", "")

    async def metadata(self, asked: Asked) -> Answer:
        age = await self._age(METADATA_MAX_AGE)
        return conditional(asked, _aged(self._metadata, METADATA_MAX_AGE - age, self._etags[0], age), self._etags[0])

    async def jwks(self, asked: Asked) -> Answer:
        age = await self._age(self._jwks_max_age)
        return conditional(asked, _aged(self._jwks, self._jwks_max_age - age, self._etags[1], age), self._etags[1])

    async def _age(self, most: int) -> int:
        """Seconds; 0 where it is what the database says. Raises Unavailable where nobody may keep it any more."""
        registry, age = self._server.registry, 0
        try:
            await registry.current()
        except Unavailable:
            if registry.age >= most:
                raise
            age = math.ceil(registry.age)
        if self._version != registry.version:  # others read it anew, perhaps just before the database went
            self._make(registry)
        return age

    def _make(self, registry: Registry) -> None:
        grants = [name for name in GRANTS if name != "password" or registry.offers_password]
        words = [word for one in registry.catalogue.resources.values() for word in one.scopes]
        offered = [word for word in words if not word.startswith("admin:")]
        settings = self._server.settings
        made = {rule.claim for rule in registry.claim_rules if not {"id_token", "userinfo"}.isdisjoint(rule.places)}
        unsigned = (jose.UNSIGNED,) if self._server.settings.allow_unsigned_id_tokens else ()
        offer = Offer(
            issuer=self._server.issuer,
            grant_types=grants,
            auth_methods=list(METHODS),
            scopes=offered,
            id_token_algs=(*ID_TOKEN_ALGS, *unsigned),
            answer_algs=ID_TOKEN_ALGS,
            assertion_algs=private_key_jwt.ALGS,
            acr_values=[level.name for level in self._server.levels],
            registration=settings.registration != "off",
            sign_up=settings.signs_up,
            more_claims=made,
            documentation=settings.documentation_url,
            policy_uri=settings.privacy_url,
            tos_uri=settings.terms_url,
        )
        body = to_json(metadata.document(offer))
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        self._metadata = Answer(200, _headers(b"application/json", METADATA_MAX_AGE, etag), body)
        self._jwks = Answer(
            200, _headers(b"application/json", self._jwks_max_age, registry.ring.etag), registry.ring.jwks_body
        )
        self._etags = (etag, registry.ring.etag)
        self._version = registry.version


def conditional(asked: Asked, answer: Answer, etag: str) -> Answer:
    """304 where the reader has it already (RFC 9110 §13.1.2)."""
    given = asked.header(b"if-none-match")
    if given is not None and (given.strip() == "*" or etag in _tags(given)):
        return Answer(304, answer.headers)
    return answer


def _tags(given: str) -> Sequence[str]:
    return [one.strip().removeprefix("W/") for one in given.split(",")]


def _aged(answer: Answer, left: int, etag: str, age: int) -> Answer:
    return answer if age == 0 else answer._replace(headers=_headers(b"application/json", left, etag))


def _headers(content_type: bytes, max_age: int, etag: str) -> Headers:
    return (
        (b"content-type", content_type),
        (b"cache-control", b"public, max-age=%d" % max_age),
        (b"etag", etag.encode()),
        *NOSNIFF,
        *CORS,
    )
