"""Authorization requests inside a signed object, by value or by reference (OIDC Core §6, RFC 9101).

They are read once: what comes of them is kept as the request under way, and nothing is fetched again for it.
"""

from datetime import datetime

from mintmark import client_keys
from mintmark.keys import foreign, unsigned
from mintmark.keys.compact import Claims
from mintmark.outbound import NotReached
from mintmark.protocol import request_object
from mintmark.protocol.client import Client
from mintmark.protocol.errors import (
    InvalidRequest,
    InvalidRequestObject,
    InvalidRequestUri,
    OAuthError,
    RequestNotSupported,
    RequestUriNotSupported,
)
from mintmark.protocol.params import Params
from mintmark.server import Server


def are_wanted(params: Params, client: Client) -> bool:
    """Whether the request is more, or should be more, than its parameters."""
    return params.sent("request") or params.sent("request_uri") or client.requires_signed_requests


async def resolve(server: Server, params: Params, client: Client, now: datetime) -> Params:
    """The parameters that count; those that were sent, where there is no object. Raises the refusal of the object."""
    by_value, by_reference = params.get("request"), params.get("request_uri")
    if by_value is None and by_reference is None:
        if client.requires_signed_requests:
            raise InvalidRequest(
                "this client sends its requests as signed objects only", check="signed request", expected="request"
            )
        return params
    params.refuse_repeated()
    if by_value is not None and by_reference is not None:
        raise InvalidRequest("request and request_uri exclude each other", check="request and request_uri")
    token = by_value if by_reference is None else await _fetched(server, client, by_reference)
    assert token is not None  # noqa: S101  one of the two is there
    claims = await _claims(server, client, token, now, is_reference=by_reference is not None)
    return request_object.joined(claims, params, client, server.issuer, now)


async def _fetched(server: Server, client: Client, uri: str) -> str:
    if not _is_registered(uri, client):
        raise InvalidRequestUri(
            "request_uri is not one that this client has registered",
            check="request_uri",
            expected=" ".join(client.request_uris) or "one of request_uris, which are empty",
            got=uri,
        )
    try:
        return await server.references.fetch(server.outbound, uri, client.id, request_object.LONGEST)
    except NotReached as error:
        raise InvalidRequestUri(
            "nothing could be read at request_uri", check="request_uri fetch", expected=str(error), got=uri
        ) from error


def _is_registered(uri: str, client: Client) -> bool:
    """Letter by letter. Behind an address that was registered without one, a fragment is free: it says which version
    of the object is meant, and since nothing is kept, every version is the newest (OIDC Core §6.2)."""
    return uri in client.request_uris or uri.partition("#")[0] in client.request_uris


async def _claims(server: Server, client: Client, token: str, now: datetime, *, is_reference: bool) -> Claims:
    algs = foreign.ALGS if client.request_object_alg is None else (client.request_object_alg,)
    if unsigned.is_unsigned(token):
        return _unsigned(client, token, is_reference=is_reference)
    try:
        found = foreign.read(token, algs=algs, typ=request_object.TYPES, longest=request_object.LONGEST)
    except foreign.Unreadable as error:
        raise InvalidRequestObject(
            f"the request object cannot be read: {error}", check="request object", expected=" or ".join(algs)
        ) from error
    try:
        await client_keys.prove(server, client, found, now)
    except client_keys.NotProved as error:
        raise InvalidRequestObject(
            "the request object is not signed by this client",
            check="request object signature",
            expected=f"a key of the client: {error.why}",
            got=found.kid,
        ) from error
    return found.claims


def _unsigned(client: Client, token: str, *, is_reference: bool) -> Claims:
    """Only where the client registered `none` by name, and does not demand signatures (RFC 9101 §10.5)."""
    if client.request_object_alg != unsigned.NONE or client.requires_signed_requests:
        raise _not_supported("unsigned request objects are not taken from this client", is_reference=is_reference)
    claims = unsigned.read(token, typ=request_object.TYPES, longest=request_object.LONGEST)
    if claims is None:
        raise InvalidRequestObject(
            "the request object cannot be read", check="request object", expected="an unsigned JWT (RFC 7519 §6)"
        )
    return claims


def _not_supported(description: str, *, is_reference: bool) -> OAuthError:
    expected = "request_object_signing_alg none, or a signature"
    if is_reference:
        return RequestUriNotSupported(description, check="unsigned request object", expected=expected)
    return RequestNotSupported(description, check="unsigned request object", expected=expected)
