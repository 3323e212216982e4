"""Tokens as an app gets them: through the doors and the pages, with a person who signs in and allows what is asked."""

import base64
import hashlib
import html
import re
import secrets
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from mintmark.testing.made import Client, Tokens, User

STEPS = 12  # pages and redirects between the request and the client
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_CHECKBOX = re.compile(r'<input[^>]*name="scope"[^>]*>')
_VALUE = re.compile(r'value="([^"]*)"')
_REASON = re.compile(r'id="error-description"[^>]*>([^<]*)<')


class Refused(AssertionError):
    """The server said no; the message has its words."""


def by_code(http: httpx2.Client, issuer: str, user: User, client: Client, scope: str, resources: list[str]) -> Tokens:
    """The authorization code flow with PKCE."""
    if client.redirect_uri is None:
        raise Refused(f"{client.client_id} has no redirect address, so nobody can sign in to it")
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": client.redirect_uri,
        "scope": scope,
        "state": secrets.token_urlsafe(8),
        "nonce": secrets.token_urlsafe(8),
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "resource": resources,
    }
    got = _signed_in(http, issuer, http.get(f"{issuer}/authorize", params=asked), user)
    if "code" not in got:
        raise Refused(f"{got.get('error')}: {got.get('error_description')}")
    form = {
        "grant_type": "authorization_code",
        "code": got["code"],
        "redirect_uri": client.redirect_uri,
        "code_verifier": verifier,
        "resource": resources,
    }
    return token(http, issuer, client, form)


def token(http: httpx2.Client, issuer: str, client: Client, form: dict[str, Any]) -> Tokens:
    """What the token door gives the client for the form. Any: one value, or several."""
    if client.client_secret is None:
        answer = http.post(f"{issuer}/token", data={**form, "client_id": client.client_id})
    else:
        answer = http.post(f"{issuer}/token", data=form, auth=client.auth)
    told = answer.json()
    if answer.status_code != 200:
        raise Refused(f"{told.get('error')}: {told.get('error_description')}")
    return Tokens(
        told["access_token"], told["expires_in"], told.get("scope", ""), told.get("refresh_token"), told.get("id_token")
    )


def _signed_in(http: httpx2.Client, issuer: str, answer: httpx2.Response, user: User) -> dict[str, str]:
    """What the client's address gets, once the person has signed in and allowed everything."""
    for _ in range(STEPS):
        text = answer.text
        if answer.is_redirect:
            location = answer.headers["location"]
            if not location.startswith(f"{issuer}/"):
                return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
            answer = http.get(location)
        elif 'id="sign-in"' in text and answer.status_code == 200:
            form: dict[str, Any] = {**_hidden(text), "username": user.username, "password": user.password}
            answer = http.post(f"{issuer}/login", data=form)
        elif 'id="consent"' in text:
            form = {**_hidden(text), "scope": _boxes(text), "decision": "allow"}
            answer = http.post(f"{issuer}/consent", data=form)
        else:
            raise Refused(f"{answer.status_code}: {_reason(text)}")
    raise Refused("the sign-in does not end")


def _hidden(page: str) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in _HIDDEN.findall(page)}


def _boxes(page: str) -> list[str]:
    return [html.unescape(found[1]) for box in _CHECKBOX.findall(page) if (found := _VALUE.search(box))]


def _reason(page: str) -> str:
    found = _REASON.search(page)
    return html.unescape(found[1]) if found else re.sub(r"<[^>]+>|\s+", " ", page)[:300]
