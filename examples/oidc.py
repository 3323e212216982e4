"""What an app says to the issuer and holds its answers against: the code flow with PKCE, `state`, `nonce` and `iss`.

OIDC Core §3.1, RFC 7636, RFC 9207; refresh (§12); RP-initiated and back-channel logout. It knows no web framework.
"""

import base64
import hashlib
import hmac
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import httpx2
import jwt

ALGORITHMS = ["RS256"]  # of ID tokens: what this client is registered with, whatever a token's header says
LEEWAY = 10  # seconds by which two clocks may differ
BACKCHANNEL = "http://schemas.openid.net/event/backchannel-logout"


class SignInFailed(Exception):
    """What came back is a refusal, or is not what was asked for. `str()` of it may be shown."""

    def __init__(self, description: str, error: str = "") -> None:
        super().__init__(description)
        self.error = error  # the issuer's word for it; "" where the doubt is ours


def refusal(answer: Mapping[str, Any]) -> SignInFailed:
    error = str(answer.get("error", ""))
    return SignInFailed(str(answer.get("error_description") or error or "the issuer's answer is empty"), error)


@dataclass(frozen=True)
class Leaving:
    """Somebody who was sent to the issuer: what has to come back, to the same browser, once."""

    state: str
    nonce: str
    verifier: str


class Issuer:
    """One client of one issuer. Its methods block: call them from plain functions, which FastAPI runs in threads."""

    def __init__(self, issuer: str, client_id: str, client_secret: str, redirect_uri: str) -> None:
        self.issuer, self.client_id, self.redirect_uri = issuer, client_id, redirect_uri
        # RFC 6749 §2.3.1 has both encoded before they become a user name and a password.
        self.authentication = (quote(client_id, safe=""), quote(client_secret, safe=""))
        self.http = httpx2.Client(timeout=10)
        self._known: tuple[dict[str, Any], jwt.PyJWKClient] | None = None
        self._lock = threading.Lock()

    @property
    def metadata(self) -> dict[str, Any]:
        return self._discovered()[0]

    def _discovered(self) -> tuple[dict[str, Any], jwt.PyJWKClient]:
        """Asked for when it is first needed, so that the app may start before the issuer does."""
        with self._lock:
            if self._known is None:
                found = self.http.get(f"{self.issuer}/.well-known/openid-configuration").raise_for_status().json()
                if found["issuer"] != self.issuer:
                    raise SignInFailed("the metadata is of another issuer")
                self._known = found, jwt.PyJWKClient(found["jwks_uri"])
            return self._known

    def leave(self, scope: str, **more: str) -> tuple[str, Leaving]:
        """The address to send the browser to, and what to keep until it comes back."""
        leaving = Leaving(secrets.token_urlsafe(), secrets.token_urlsafe(), secrets.token_urlsafe(48))
        digest = hashlib.sha256(leaving.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": scope,
            "state": leaving.state,
            "nonce": leaving.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            **more,
        }
        return f"{self.metadata['authorization_endpoint']}?{urlencode(asked)}", leaving

    def come_back(self, answer: Mapping[str, str], leaving: Leaving | None) -> tuple[dict[str, Any], dict[str, Any]]:
        """The tokens, and who signed in, for what the redirect brought. Raises SignInFailed."""
        if leaving is None or not _same(answer.get("state", ""), leaving.state):
            raise SignInFailed("this sign-in was not begun in this browser, or was begun too long ago")
        if answer.get("iss") != self.issuer:  # RFC 9207 §2.4: the answer of another server, mixed up with ours
            raise SignInFailed("the answer is of another issuer")
        if "code" not in answer:
            raise refusal(answer)
        tokens = self._asked(
            grant_type="authorization_code",
            code=answer["code"],
            redirect_uri=self.redirect_uri,
            code_verifier=leaving.verifier,
        )
        claims = self._verified(tokens["id_token"], ["sub"])
        if not _same(str(claims.get("nonce", "")), leaving.nonce):
            raise SignInFailed("the ID token is of another sign-in")
        told = self._userinfo(tokens["access_token"])
        if told.get("sub") != claims["sub"]:  # OIDC Core §5.3.2
            raise SignInFailed("UserInfo is of somebody else")
        return tokens, told | claims

    def refresh(self, tokens: Mapping[str, Any], subject: str) -> dict[str, Any]:
        """Newer tokens for the same person; what the answer leaves out stays as it was. Raises SignInFailed."""
        answer = self._asked(grant_type="refresh_token", refresh_token=tokens.get("refresh_token", ""))
        if "id_token" in answer and self._verified(answer["id_token"], ["sub"])["sub"] != subject:
            raise SignInFailed("the ID token is somebody else's")
        return {**tokens, **answer}

    def revoke(self, token: str) -> None:
        self.http.post(self.metadata["revocation_endpoint"], data={"token": token}, auth=self.authentication)

    def sign_out(self, tokens: Mapping[str, Any], back_to: str) -> str | None:
        """The address to send the browser to. None: this issuer has no such door."""
        door = self.metadata.get("end_session_endpoint")
        asked = {"id_token_hint": tokens["id_token"], "client_id": self.client_id, "post_logout_redirect_uri": back_to}
        return f"{door}?{urlencode(asked)}" if door else None

    def signed_out(self, logout_token: str) -> tuple[str | None, str | None]:
        """`sid` and `sub` of a session that is over (OIDC Back-Channel Logout §2.6). Raises jwt.PyJWTError."""
        if str(jwt.get_unverified_header(logout_token).get("typ")).lower() != "logout+jwt":
            raise jwt.InvalidTokenError("no logout token")
        claims = self._verified(logout_token, ["jti", "events"])
        if BACKCHANNEL not in claims["events"] or "nonce" in claims or not ({"sid", "sub"} & claims.keys()):
            raise jwt.InvalidTokenError("no logout token")
        return claims.get("sid"), claims.get("sub")

    def _asked(self, **form: str) -> dict[str, Any]:
        answer = self.http.post(self.metadata["token_endpoint"], data=form, auth=self.authentication)
        if answer.is_server_error:
            answer.raise_for_status()  # a pause, and no verdict
        told: dict[str, Any] = answer.json()
        if answer.status_code != 200:
            raise refusal(told)
        return told

    def _userinfo(self, access_token: str) -> dict[str, Any]:
        bearer = {"Authorization": f"Bearer {access_token}"}
        found: dict[str, Any] = (
            self.http.get(self.metadata["userinfo_endpoint"], headers=bearer).raise_for_status().json()
        )
        return found

    def _verified(self, token: str, required: list[str]) -> dict[str, Any]:
        """The claims of a token that the issuer signed for this client (OIDC Core §3.1.3.7)."""
        claims: dict[str, Any] = jwt.decode(
            token,
            self._discovered()[1].get_signing_key_from_jwt(token),
            algorithms=ALGORITHMS,
            issuer=self.issuer,
            audience=self.client_id,
            leeway=LEEWAY,
            options={"require": ["iss", "aud", "exp", "iat", *required]},
        )
        if claims.get("azp", self.client_id) != self.client_id:
            raise jwt.InvalidTokenError("for another client")
        return claims


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
