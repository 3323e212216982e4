"""Policy: the limits an administrator sets on tokens, as a document states them (docs: policy).

What one place states. What comes of several places is in `limits`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Literal, Self

from mintmark import durations, nearest, networks
from mintmark.networks import Network
from mintmark.protocol import acr_levels, not_after
from mintmark.protocol.not_after import NotAfter

Place = Literal["server", "resource", "client", "group"]
Format = Literal["jwt", "opaque"]
Rotation = Literal["rotate", "keep"]

# The stricter first: among several groups the first of these wins.
FORMATS: tuple[Format, ...] = ("opaque", "jwt")
ROTATIONS: tuple[Rotation, ...] = ("rotate", "keep")
ALGS = ("ES256", "RS256", "PS256", "EdDSA", "Ed25519", "ES384", "ES512", "RS384", "RS512")

_LARGEST_COUNT = 1_000_000_000
_MOST_NETWORKS = 1000


class PolicyRefused(ValueError):
    """A document that states what cannot be stated there. `path` is the member, "" for the document itself."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path} {message}" if path else message)
        self.path = path
        self.message = message


@dataclass(frozen=True, slots=True)
class Policy:
    """What one place states. None, everywhere: not stated there."""

    access_token_lifetime: timedelta | None = None
    id_token_lifetime: timedelta | None = None
    code_lifetime: timedelta | None = None
    access_token_format: Format | None = None
    access_token_alg: str | None = None
    one_use: bool | None = None
    ends_with_session: bool | None = None
    not_after: NotAfter | None = None
    refresh_token_idle: timedelta | None = None
    refresh_token_lifetime: timedelta | None = None
    rotation: Rotation | None = None
    session_idle: timedelta | None = None
    session_lifetime: timedelta | None = None
    max_sessions: int | None = None
    max_active_tokens: int | None = None
    require_pkce: bool | None = None
    require_consent: bool | None = None
    require_issuer_audience: bool | None = None
    allowed_networks: tuple[Network, ...] | None = None  # (): nobody may
    require_factors: tuple[str, ...] | None = None  # words of acr_levels

    @classmethod
    def read(
        cls, document: Mapping[str, object], *, at: Place, public: bool = False, sender_constrained: bool = False
    ) -> Self:
        """Raises PolicyRefused. A member that is null is not stated.

        `public` says that the client has no credentials, `sender_constrained` that its refresh tokens are bound to a
        key.
        """
        if not isinstance(document, Mapping):
            raise PolicyRefused("", "must be an object of policy members")
        policy = cls(**{name: _member(name, value, at) for name, value in document.items() if _is_stated(name, value)})
        if public and policy.require_pkce is False:
            raise PolicyRefused("require_pkce", "cannot be false for a public client (RFC 9700 §2.1.1)")
        if public and policy.rotation == "keep" and not sender_constrained:
            raise PolicyRefused(
                "rotation", "cannot be keep for a public client: nothing else would tell a thief (RFC 9700 §4.14.2)"
            )
        return policy

    def document(self) -> dict[str, object]:
        """What `read` understands again: only what is stated, each value in its shortest form."""
        stated = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {name: MEMBERS[name].form.write(value) for name, value in stated if value is not None}


def _is_stated(name: object, value: object) -> bool:
    """Refuses a name that nobody knows, whatever its value."""
    if name not in MEMBERS and name not in NOT_OFFERED:
        raise PolicyRefused(str(name), f"is no member of a policy{nearest.hint(str(name), MEMBERS)}")
    return value is not None


def _member(name: str, value: object, at: Place) -> Any:  # Any: the form knows the type of each member
    if name in NOT_OFFERED:
        raise PolicyRefused(name, f"is not offered yet: {NOT_OFFERED[name]}")
    member = MEMBERS[name]
    if at not in member.places:
        raise PolicyRefused(name, f"cannot be stated for a {at}, only for a {' or a '.join(member.places)}")
    try:
        return member.form.read(value)
    except ValueError as refusal:
        raise PolicyRefused(name, str(refusal)) from None


@dataclass(frozen=True, slots=True)
class Form:
    """How a value stands in a document. `read` raises ValueError; the two undo one another."""

    read: Callable[[object], Any]  # Any: the field of Policy that bears the member's name has its type
    write: Callable[[Any], object]


@dataclass(frozen=True, slots=True)
class Member:
    """Where a member may stand, and how it is written."""

    form: Form
    places: tuple[Place, ...]


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _LARGEST_COUNT:
        raise ValueError(f"must be a whole number from 1 to {_LARGEST_COUNT}")
    return value


def _networks(value: object) -> tuple[Network, ...]:
    if not isinstance(value, list | tuple) or len(value) > _MOST_NETWORKS:
        raise ValueError(f"must be a list of at most {_MOST_NETWORKS} networks")
    return tuple(dict.fromkeys(networks.read(one) for one in value))


def _factors(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(one in acr_levels.WORDS for one in value):
        raise ValueError(f"must be a list of some of {', '.join(acr_levels.WORDS)}")
    return tuple(word for word in acr_levels.WORDS if word in value)


def _one_of(choices: tuple[str, ...]) -> Form:
    def read(value: object) -> str:
        if not isinstance(value, str) or value not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return value

    return Form(read, str)


FLAG = Form(_flag, bool)
COUNT = Form(_count, int)
SPAN = Form(durations.parse, durations.shortest)
MOMENT = Form(not_after.parse, lambda value: value.written())
_NETWORKS = Form(_networks, lambda value: [str(one) for one in value])
FACTORS = Form(_factors, list)

_ANYWHERE: tuple[Place, ...] = ("server", "resource", "client", "group")
_NOT_RESOURCE: tuple[Place, ...] = ("server", "client", "group")  # it is settled before, or apart from, any resource
_CLIENT: tuple[Place, ...] = ("server", "client")  # no person is there yet, whose groups could speak
_PERSON: tuple[Place, ...] = ("server", "group")  # a session is a person's, of whatever clients

MEMBERS: Mapping[str, Member] = MappingProxyType(
    {
        "access_token_lifetime": Member(SPAN, _ANYWHERE),
        "id_token_lifetime": Member(SPAN, _NOT_RESOURCE),
        "code_lifetime": Member(SPAN, _NOT_RESOURCE),
        "access_token_format": Member(_one_of(FORMATS), _ANYWHERE),
        "access_token_alg": Member(_one_of(ALGS), _ANYWHERE),
        "one_use": Member(FLAG, _ANYWHERE),
        "ends_with_session": Member(FLAG, _ANYWHERE),
        "not_after": Member(MOMENT, _ANYWHERE),
        "refresh_token_idle": Member(SPAN, _ANYWHERE),
        "refresh_token_lifetime": Member(SPAN, _ANYWHERE),
        "rotation": Member(_one_of(ROTATIONS), _NOT_RESOURCE),
        "session_idle": Member(SPAN, _PERSON),
        "session_lifetime": Member(SPAN, _PERSON),
        "max_sessions": Member(COUNT, _PERSON),
        "max_active_tokens": Member(COUNT, _NOT_RESOURCE),
        "require_pkce": Member(FLAG, _NOT_RESOURCE),
        "require_consent": Member(FLAG, _NOT_RESOURCE),
        "require_issuer_audience": Member(FLAG, _CLIENT),
        "allowed_networks": Member(_NETWORKS, _ANYWHERE),
        "require_factors": Member(FACTORS, _ANYWHERE),
    }
)

# A promise that no door keeps would be worse than none.
NOT_OFFERED: Mapping[str, str] = MappingProxyType(
    {
        "require_pushed": "there are no pushed authorization requests (RFC 9126) here so far",
        "require_dpop": "there are no DPoP-bound tokens (RFC 9449) here so far",
    }
)
