"""What a client shows of itself at the token, revocation and introspection doors (RFC 6749 §2.3)."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credentials:
    """A claimed identity, not yet proved. `secrets` are the readings of what was sent; empty: it showed none."""

    client_id: str
    secrets: tuple[str, ...] = field(default=(), repr=False)
