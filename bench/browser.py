"""A person at a browser, and the client behind them: the code flow with PKCE, through the pages as they are served."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import httpx2

from bench.targets import basic

MOST_STEPS = 16


@dataclass(frozen=True, slots=True)
class Login:
    client_id: str
    secret: str
    redirect_uri: str
    username: str
    password: str


@dataclass(slots=True)
class Form:
    """What a browser would send of it: hidden fields and checked boxes."""

    id: str
    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)


class Browser:
    """Keeps its cookies from flow to flow, so the second one needs no sign-in."""

    def __init__(self, url: str, login: Login, authorize: str = "/authorize") -> None:
        self.url = url
        self.authorize = authorize
        self.login = login
        self.client = httpx2.Client(timeout=30)

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.client.close()

    def code_flow(self, scope: str, *, resource: str) -> dict[str, Any]:
        """The token answer. Raises RuntimeError with what was seen where the flow got stuck."""
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        asked = {
            "response_type": "code",
            "client_id": self.login.client_id,
            "redirect_uri": self.login.redirect_uri,
            "scope": scope,
            "resource": resource,
            "state": secrets.token_urlsafe(16),
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        code = self._authorized(f"{self.url}{self.authorize}?{urlencode(asked)}", asked["state"])
        return self._tokens(code, verifier)

    def sign_in_page(self) -> httpx2.Response:
        return self.client.get(f"{self.url}/login")

    def sign_in(self, page: httpx2.Response) -> None:
        """Sends the page's form, without a client that waits. Raises RuntimeError where that begins no session."""
        answer = self._answered(page)
        if answer.headers.get("location") != f"{self.url}/account" or "set-cookie" not in answer.headers:
            raise RuntimeError(f"nobody is signed in: {_seen(answer)}")

    def _authorized(self, address: str, state: str) -> str:
        answer = self.client.get(address)
        for _ in range(MOST_STEPS):
            location = answer.headers.get("location", "")
            if location.startswith(self.login.redirect_uri):
                return self._code(location, state)
            answer = self.client.get(urljoin(str(answer.url), location)) if location else self._answered(answer)
        raise RuntimeError(f"no code after {MOST_STEPS} steps; the last: {_seen(answer)}")

    def _code(self, location: str, state: str) -> str:
        given = parse_qs(urlsplit(location).query)
        if given.get("state") != [state] or "code" not in given:
            raise RuntimeError(f"redirected without a code: {location}")
        return given["code"][0]

    def _answered(self, page: httpx2.Response) -> httpx2.Response:
        """Fills in the page's form as a person would, and sends it."""
        found = _forms(page.text)
        forms = {form.id: form for form in found}
        if sign_in := forms.get("sign-in"):
            return self._send(page, sign_in, username=self.login.username, password=self.login.password)
        if consent := forms.get("consent"):
            return self._send(page, consent, decision="allow")
        for form in found:  # node-oidc-provider's own: whoever comes is signed in
            match dict(form.fields).get("prompt"):
                case "login":
                    return self._send(page, form, login=self.login.username, password=self.login.password)
                case "consent":
                    return self._send(page, form)
        raise RuntimeError(f"neither sign-in nor consent: {_seen(page)}")

    def _send(self, page: httpx2.Response, form: Form, **typed: str) -> httpx2.Response:
        body = urlencode([*form.fields, *typed.items()])
        address = urljoin(str(page.url), form.action)
        return self.client.post(address, content=body, headers={"Content-Type": "application/x-www-form-urlencoded"})

    def _tokens(self, code: str, verifier: str) -> dict[str, Any]:
        form = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier}
        form["redirect_uri"] = self.login.redirect_uri
        answer = self.client.post(
            f"{self.url}/token", data=form, headers={"Authorization": basic(self.login.client_id)}
        )
        if answer.status_code != 200:
            raise RuntimeError(f"no tokens for the code: {_seen(answer)}")
        tokens: dict[str, Any] = answer.json()
        return tokens


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("id", ""), given.get("action", "")))
        elif tag == "input" and self.forms and _is_sent(given):
            self.forms[-1].fields.append((given["name"], given.get("value", "on")))


def _is_sent(given: dict[str, str]) -> bool:
    kind = given.get("type", "text")
    return "name" in given and (kind == "hidden" or (kind == "checkbox" and "checked" in given))


def _forms(page: str) -> list[Form]:
    reader = _Reader()
    reader.feed(page)
    return reader.forms


def _seen(answer: httpx2.Response) -> str:
    return f"{answer.status_code} at {answer.url}: {answer.text[:1500]}"
