"""A key of a JWK (RFC 7517), read by PyJWT."""

from collections.abc import Mapping
from typing import Any


def read(jwk: Mapping[str, object]) -> Any:  # Any: whichever kind of key it is
    """Raises ValueError for what is no key of its kind."""
    import jwt as pyjwt  # with the first key that somebody brings: a start has none to read

    try:
        return pyjwt.PyJWK.from_dict(dict(jwk)).key
    except (pyjwt.PyJWTError, ValueError, TypeError) as error:
        raise ValueError("is no key of its kind (RFC 7518 §6)") from error
