"""What the doors that clients authenticate at have in common: the form, and nothing secret in the query."""

from mintmark.protocol.errors import InvalidRequest
from mintmark.protocol.params import Params
from mintmark.wire.asked import Asked

SECRETS = (
    "client_secret", "client_assertion", "code", "refresh_token", "access_token", "token", "password", "code_verifier",
    "username", "assertion",
)  # fmt: skip


def form(asked: Asked) -> Params:
    """The form of a request, where each parameter stands once (RFC 6749 §3.2)."""
    params = asked.form()
    if asked.query_string and any(asked.query().sent(name) for name in SECRETS):
        raise InvalidRequest(
            "credentials belong in the form, never in the address", check="secret in query", expected="the form"
        )
    params.refuse_repeated()
    return params
