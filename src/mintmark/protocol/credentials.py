"""What a client shows of itself at the token, revocation and introspection doors (RFC 6749 §2.3)."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credentials:
    """A claimed identity, not yet proved. `secrets` are the readings of what was sent; empty: it showed none."""

    client_id: str
    secrets: tuple[str, ...] = field(default=(), repr=False)
    way: str = ""  # "": proved by comparing secrets; else the method that looks at the assertion itself
    assertion: object = field(default=None, repr=False)  # as that method has read it
