"""Clients that register themselves, for tests."""

import json
from typing import Any

import httpx2

from tests.issuer import CALLBACK, Issuer

WEB = {"redirect_uris": [CALLBACK], "client_name": "Harbour Notes"}


async def register(issuer: Issuer, document: Any = None, token: str | None = None, **members: Any) -> httpx2.Response:
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    return await issuer.http.post(
        "/register", json={**(WEB if document is None else document), **members}, headers=headers
    )


async def registered(issuer: Issuer, document: Any = None, **members: Any) -> dict[str, Any]:
    answer = await register(issuer, document, **members)
    assert 201 == answer.status_code, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def manage(issuer: Issuer, told: dict[str, Any], method: str, document: Any = None) -> httpx2.Response:
    """By what the client was told last."""
    headers = {"authorization": f"Bearer {told['registration_access_token']}"}
    if document is None:
        return await issuer.http.request(method, told["registration_client_uri"], headers=headers)
    headers["content-type"] = "application/json"
    content = json.dumps(document)  # which may hold half a surrogate pair
    return await issuer.http.request(method, told["registration_client_uri"], headers=headers, content=content)
