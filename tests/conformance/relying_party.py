"""A relying party of the suite: it registers, or is written down; it asks, and believes nothing unchecked."""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import httpx2
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.conformance import checks
from tests.conformance.browser import Browser, Page
from tests.conformance.plans import Run
from tests.conformance.provider import PASSWORD, SECRET, USERNAME, Op
from tests.conformance.station import Came, Folder

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
DISCOVERY = "/.well-known/openid-configuration"


@dataclass
class Flow:
    """What one authorization brought."""

    answer: dict[str, str]
    tokens: dict[str, Any]
    claims: dict[str, Any]
    userinfo: dict[str, Any]


@dataclass
class RelyingParty:
    run: Run
    op: Op
    folder: Folder
    key: RSAKey  # with which it signs what it signs
    client: dict[str, Any] = field(default_factory=dict)
    sent: dict[str, Any] = field(default_factory=dict)  # the last authorization request

    def __post_init__(self) -> None:
        self.metadata = checks.json_of(self.op.http.get(self.op.issuer + DISCOVERY))
        self.published = self.fetch_keys()

    def fetch_keys(self) -> dict[str, Any]:
        found = checks.json_of(self.op.http.get(self.metadata["jwks_uri"]))
        checks.keys(found)
        return found

    def browser(self) -> Browser:
        tells_origin = "dynamic" != self.run.plan
        return Browser(self.op.issuer, self.op.trusted, USERNAME, PASSWORD, tells_origin=tells_origin)

    # ── the client

    def start(self, **members: Any) -> "RelyingParty":
        """Becomes a client. Members are of a registration: a client that was written down has its own."""
        if "static" == self.run.registration:
            self.folder.forget()
            self.client = {"client_id": self.folder.alias, "redirect_uris": [self.folder.url("callback")]}
            if "private_key_jwt" != self.run.auth_method:
                self.client["client_secret"] = SECRET
            return self
        answer = self.register(**members)
        self.client = checks.json_of(answer, 201)
        checks.not_stored(answer)
        asked = self.registration(**members)
        for name, value in asked.items():
            assert value == self.client.get(name), f"{name} was registered and is not echoed (RFC 7591 §3.2.1)"
        if "private_key_jwt" != self.run.auth_method:
            checks.strong(self.client["client_secret"])
            assert isinstance(self.client["client_secret_expires_at"], int)
        return self

    def registration(self, **members: Any) -> dict[str, Any]:
        """What the suite registers; None leaves a member out."""
        asked = {
            "client_name": f"Suite {self.folder.alias} ☂",
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
            "redirect_uris": [self.folder.url("callback")],
            "token_endpoint_auth_method": self.run.auth_method,
            "contacts": ["certification@example.org"],
            "jwks": {"keys": [self.key.as_dict(private=False, use="sig", alg="RS256")]},
            **members,
        }
        return {name: value for name, value in asked.items() if value is not None}

    def register(self, **members: Any) -> httpx2.Response:
        return self.op.http.post(self.metadata["registration_endpoint"], json=self.registration(**members))

    # ── the authorization endpoint

    def request(self, **changed: Any) -> dict[str, Any]:
        """The parameters; None leaves one out."""
        found = {
            "client_id": self.client["client_id"],
            "redirect_uri": self.client["redirect_uris"][0],
            "scope": "openid",
            "state": secrets.token_urlsafe(8),
            "nonce": secrets.token_urlsafe(8),
            "response_type": "code",
            "response_mode": self.run.response_mode,
            **changed,
        }
        self.sent = {name: value for name, value in found.items() if value is not None}
        return self.sent

    def address(self, **changed: Any) -> str:
        return f"{self.metadata['authorization_endpoint']}?{urlencode(self.request(**changed), quote_via=quote)}"

    def authorize(self, browser: Browser, **changed: Any) -> dict[str, str]:
        """A person goes through the request; the code is not yet redeemed."""
        return self.came_back(browser, browser.go(self.address(**changed)))

    def came_back(self, browser: Browser, page: Page) -> dict[str, str]:
        answer = self.answered(browser, page)
        assert "error" not in answer, answer
        checks.strong(answer["code"])
        return answer

    def answered(self, browser: Browser, page: Page) -> dict[str, str]:
        """What came to the redirect URI, checked as every authorization response is."""
        before = len(self.folder.heard("callback"))
        page = browser.through(page)
        heard = self.folder.heard("callback")
        assert page.find("submission_complete") is not None, f"{page.url}: {page.status}\n{page.text}"
        assert len(heard) >= before
        answer = self._read(heard[-1])
        assert self.sent.get("state") == answer.get("state"), "state comes back as it went"
        assert self.op.issuer == answer.get("iss"), "RFC 9207 §2"
        return answer

    def _read(self, came: Came) -> dict[str, str]:
        if self.run.response_mode is None:
            assert "GET" == came.method
            return came.one()
        assert "POST" == came.method
        assert came.content_type.startswith("application/x-www-form-urlencoded")
        assert not {"code", "error"} & set(came.query), "a form_post answer stands in the query"
        return came.one("form")

    def error(self, browser: Browser, *errors: str, **changed: Any) -> dict[str, str]:
        """The request is refused, and the client hears why."""
        answer = self.answered(browser, browser.go(self.address(**changed)))
        checks.authorization_error(answer, *errors)
        return answer

    def page_of_error(self, browser: Browser, **changed: Any) -> Page:
        """The request is refused, and nobody is sent anywhere."""
        page = browser.through(browser.go(self.address(**changed)))
        assert 400 <= page.status < 500, f"{page.status} {page.url}"
        assert page.url.startswith(f"{self.op.issuer}/")
        assert page.said("error")
        assert [] == self.folder.heard("callback")
        return page

    # ── the token endpoint

    def assertion(self, audience: str | None = None, key: RSAKey | None = None) -> str:
        key, now = key or self.key, int(self.op.now().timestamp())
        claims = {
            "iss": self.client["client_id"],
            "sub": self.client["client_id"],
            "aud": audience or self.op.issuer,
            "jti": secrets.token_urlsafe(16),
            "iat": now,
            "exp": now + 60,
        }
        return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key, algorithms=["RS256"])

    def ask(self, form: Mapping[str, Any], **more: Any) -> httpx2.Response:
        """The token door, by the client's own way of proving itself."""
        client_id, headers, proof = self.client["client_id"], {}, {}
        match self.run.auth_method:
            case "client_secret_basic":
                pair = f"{quote(client_id, safe='')}:{quote(self.client['client_secret'], safe='')}"
                headers = {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
            case "client_secret_post":
                proof = {"client_id": client_id, "client_secret": self.client["client_secret"]}
            case "private_key_jwt":
                proof = {"client_assertion_type": ASSERTION, "client_assertion": self.assertion(), **more}
        address = self.metadata["token_endpoint"]
        return self.op.http.post(address, data={**form, **proof}, headers={"accept": "application/json", **headers})

    def ask_for_code(self, code: str, **more: Any) -> httpx2.Response:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.client["redirect_uris"][0]}
        return self.ask({**form, **more})

    def redeem(self, answer: Mapping[str, str], **more: Any) -> dict[str, Any]:
        return checks.token_answer(self.ask_for_code(answer["code"], **more))

    def ask_to_refresh(self, token: str, **more: Any) -> httpx2.Response:
        return self.ask({"grant_type": "refresh_token", "refresh_token": token, **more})

    def claims(self, tokens: Mapping[str, Any], alg: str = "RS256", *, nonce: str | None = "") -> dict[str, Any]:
        """Of the ID token. nonce: "" is that of the request, None is that there be none."""
        return checks.id_token(
            tokens["id_token"],
            self.published,
            issuer=self.op.issuer,
            client_id=self.client["client_id"],
            now=self.op.now(),
            nonce=self.sent.get("nonce") if nonce == "" else nonce,
            access_token=tokens["access_token"],
            alg=alg,
        )

    # ── UserInfo

    def ask_userinfo(self, tokens: Mapping[str, Any], how: str = "get") -> httpx2.Response:
        address, token = self.metadata["userinfo_endpoint"], tokens["access_token"]
        headers = {"authorization": f"Bearer {token}"}
        match how:
            case "get":
                return self.op.http.get(address, headers=headers)
            case "post-header":
                return self.op.http.post(address, headers=headers)
        return self.op.http.post(address, data={"access_token": token})

    def userinfo(self, tokens: Mapping[str, Any], sub: str, how: str = "get") -> dict[str, Any]:
        """OIDC Core §5.3.2, §5.3.4."""
        found = checks.json_of(self.ask_userinfo(tokens, how))
        assert sub == found["sub"], "it is somebody else's"
        checks.standard_claims(found)
        return found

    # ── all of it

    def flow(
        self, browser: Browser, *, alg: str = "RS256", redeem: Mapping[str, Any] | None = None, **changed: Any
    ) -> Flow:
        return self.go_on(self.authorize(browser, **changed), alg=alg, **(redeem or {}))

    def go_on(self, answer: dict[str, str], *, alg: str = "RS256", **redeem: Any) -> Flow:
        tokens = self.redeem(answer, **redeem)
        claims = self.claims(tokens, alg)
        return Flow(answer, tokens, claims, self.userinfo(tokens, claims["sub"]))
