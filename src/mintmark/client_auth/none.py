"""A public client: it says who it is and proves nothing (RFC 7591 §2, RFC 6749 §3.2.1)."""

from mintmark.protocol.credentials import Credentials
from mintmark.protocol.params import Params
from mintmark.wire.asked import Asked


def read(asked: Asked, params: Params) -> Credentials | None:
    client_id = params.get("client_id")
    if client_id is None or params.get("client_secret") is not None or asked.header(b"authorization") is not None:
        return None
    if params.get("client_assertion") is not None or params.get("client_assertion_type") is not None:
        return None
    return Credentials(client_id)
