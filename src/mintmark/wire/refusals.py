"""A refusal becomes JSON or a redirect; the third translation, a page, is made where the pages are.

Each carries its trace id, the request's own, under which operators find the check that refused (`mintmark why`).
"""

import re
from collections.abc import Sequence

from mintmark.protocol.authorization_request import RefusedWithRedirect
from mintmark.protocol.errors import (
    InsufficientUserAuthentication,
    InvalidClient,
    NoCredentials,
    OAuthError,
    Overloaded,
    Refusal,
    TooManyAttempts,
    UntrustedRequest,
)
from mintmark.server import Server
from mintmark.wire import response_modes
from mintmark.wire.answer import Answer, json_answer

# RFC 6749 §4.1.2.1 and §5.2: printable ASCII but for the double quote and the backslash
_NOT_ALLOWED = re.compile(r"[^\x20-\x21\x23-\x5B\x5D-\x7E]")


def code(error: Refusal) -> str:
    """The error code on the wire."""
    if isinstance(error, OAuthError | UntrustedRequest | TooManyAttempts | Overloaded):
        return error.code
    return "invalid_request"


def description(error: Refusal) -> str:
    return _NOT_ALLOWED.sub("'", error.description)


def as_json(error: Refusal, trace_id: str) -> Answer:
    """RFC 6749 §5.2."""
    members = {"error": code(error), "error_description": description(error), "trace_id": trace_id}
    answer = json_answer(members, error.status).traced(trace_id)._replace(error=code(error))
    if isinstance(error, InvalidClient) and error.challenge:
        answer = answer.plus((b"www-authenticate", b'Basic realm="mintmark", charset="UTF-8"'))
    if isinstance(error, TooManyAttempts | Overloaded):
        answer = answer.plus((b"retry-after", str(error.retry_after).encode()))
    return answer


def as_redirect(refused: RefusedWithRedirect, server: Server, trace_id: str, wanted: Sequence[str] = ()) -> Answer:
    """RFC 6749 §4.1.2.1, with `iss` (RFC 9207 §2). Clients pass over members that they do not know, and show these."""
    error = refused.error
    members = [("error", code(error)), ("error_description", f"{description(error)} (trace {trace_id})")]
    if refused.state is not None:
        members.append(("state", refused.state))
    members += [*refused.more, ("iss", server.issuer)]
    answer = response_modes.answer(server, refused.mode, refused.return_address, members, wanted)
    return answer.traced(trace_id)._replace(error=code(error))


def as_bearer(error: OAuthError, trace_id: str, *, named: bool = True) -> Answer:
    """A refusal at a protected resource: the challenge says why, unless nothing was sent (RFC 6750 §3)."""
    named = named and not isinstance(error, NoCredentials)
    challenge = 'Bearer realm="mintmark"'
    if named:
        challenge += f', error="{error.code}", error_description="{description(error)}"'
        scope = getattr(error, "scope", None)
        if scope is not None:
            challenge += f', scope="{scope}"'
        if isinstance(error, InsufficientUserAuthentication):
            challenge += f', acr_values="{error.acr_values}"'
            challenge += "" if error.max_age is None else f', max_age="{error.max_age}"'
    members = {"error": error.code, "error_description": description(error), "trace_id": trace_id}
    answer = json_answer(members if named else {}, error.status).traced(trace_id)
    return answer.plus((b"www-authenticate", challenge.encode("ascii")))._replace(error=error.code)


def fault(trace_id: str) -> Answer:
    """What we could not mend: a reference for the operator, and nothing of what happened."""
    members = {"error": "server_error", "error_description": f"reference {trace_id}", "trace_id": trace_id}
    return json_answer(members, 500).traced(trace_id)._replace(error="server_error")
