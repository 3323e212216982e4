"""A secret in the form (RFC 6749 §2.3.1)."""

from mintmark.protocol.credentials import Credentials
from mintmark.protocol.errors import InvalidClient
from mintmark.protocol.params import Params
from mintmark.wire.asked import Asked


def read(asked: Asked, params: Params) -> Credentials | None:
    secret = params.get("client_secret")
    if secret is None:
        return None
    client_id = params.get("client_id")
    if client_id is None:
        raise InvalidClient(
            "client_secret was sent without client_id", check="secret without client_id", expected="client_id beside it"
        )
    return Credentials(client_id, (secret,))
