"""Limits: what several stated policies come to, and why (docs: policy).

The strictest of the stated values applies. A built-in default takes no part in that: it applies where nobody stated
one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from types import MappingProxyType
from typing import Any, Literal

from mintmark import networks
from mintmark.networks import Network
from mintmark.protocol import policy
from mintmark.protocol.errors import InvalidTarget
from mintmark.protocol.not_after import NotAfter
from mintmark.protocol.policy import Form, Format, Place, Policy, Rotation

Source = Literal["server", "resource", "client", "group", "default"]

_CLOSEST_FIRST: tuple[Place, ...] = ("resource", "client", "group", "server")


class Contradiction(InvalidTarget):
    """Resources of one request that no single token can satisfy."""


@dataclass(frozen=True, slots=True)
class Stated:
    """A policy and who states it; `name` is the resource, the client or the group, "" for the server."""

    source: Place
    name: str
    policy: Policy


@dataclass(frozen=True, slots=True)
class Limits:
    """What holds for one request, every member settled."""

    access_token_lifetime: timedelta
    id_token_lifetime: timedelta
    code_lifetime: timedelta
    access_token_format: Format
    access_token_alg: str
    one_use: bool
    ends_with_session: bool
    not_after: datetime | None  # None: no such end
    refresh_token_idle: timedelta
    refresh_token_lifetime: timedelta
    rotation: Rotation
    session_idle: timedelta
    session_lifetime: timedelta
    max_sessions: int | None  # None: any number
    max_active_tokens: int | None  # None: any number
    require_pkce: bool
    require_consent: bool
    require_issuer_audience: bool  # of a client's assertion: no URL of a door instead (RFC 7523 §3)
    allowed_networks: tuple[Network, ...] | None  # None: any address; (): none at all
    require_factors: tuple[str, ...]  # of whoever signs in; (): whatever they have set up

    def over(self, now: datetime) -> bool:
        """Whether nothing may be issued any more, and what lives is dead."""
        return self.not_after is not None and self.not_after <= now

    def allow(self, address: str) -> bool:
        """Whether the client may use the token door from there."""
        return self.allowed_networks is None or networks.hold(self.allowed_networks, address)


@dataclass(frozen=True, slots=True)
class Overridden:
    """What somebody stated, and what does not hold because something else does."""

    source: Place
    name: str  # the resource, the client or the group; "" for the server
    value: object

    def document(self) -> dict[str, object]:
        return {"from": self.source, "name": self.name, "value": self.value}


@dataclass(frozen=True, slots=True)
class Effective:
    """One line of `mintmark clients show`: what holds, in the form of a document, who said so and why."""

    resource: str | None  # None: it does not depend on the resource
    member: str
    value: object
    source: Source
    why: str
    overrode: tuple["Overridden", ...] = ()

    def document(self) -> dict[str, object]:
        return {
            "resource": self.resource,
            "member": self.member,
            "value": self.value,
            "from": self.source,
            "why": self.why,
            "overrode": [one.document() for one in self.overrode],
        }


@dataclass(frozen=True, slots=True)
class _Case:
    now: datetime
    offline: bool
    confidential: bool
    self_registered: bool
    sender_constrained: bool


@dataclass(frozen=True, slots=True)
class _Said:
    source: Place
    name: str
    value: Any  # Any: the field of Policy that bears the member's name has its type


@dataclass(frozen=True, slots=True)
class _Settled:
    value: Any  # Any: as above, with not_after still as it was stated
    source: Source
    why: str


def effective(
    stated: Sequence[Stated],
    *,
    now: datetime,
    offline: bool,
    confidential: bool,
    self_registered: bool,
    sender_constrained: bool = False,
) -> Limits:
    """The limits of one request: `stated` holds the server, its client, its resources, and the person's groups.

    Raises Contradiction. Where it is kept, it is good until its `not_after`: a time of day moves on to the next day.
    """
    case = _Case(now, offline, confidential, self_registered, sender_constrained)
    values = {name: settled.value for name, settled in _settle(stated, case).items()}
    end = values.pop("not_after")
    return Limits(**values, not_after=None if end is None else end.instant(now))


def explain(
    stated: Sequence[Stated],
    *,
    resources: Sequence[str],
    now: datetime,
    offline: bool,
    confidential: bool,
    self_registered: bool,
    sender_constrained: bool = False,
) -> list[Effective]:
    """What holds for a client, and why: once for each of the resources where a resource may state the member.

    By the same decision as `effective`, which is why the two cannot disagree.
    """
    case = _Case(now, offline, confidential, self_registered, sender_constrained)
    lines = []
    each: Sequence[str | None] = resources or (None,)
    for resource in each:
        concerned = [one for one in _closest_first(stated) if one.source != "resource" or one.name == resource]
        for name, settled in _settle(concerned, case).items():
            depends = "resource" in policy.MEMBERS[name].places
            lines.append(_line(resource if depends else None, name, settled, _said(name, concerned)))
    return list({(line.resource, line.member): line for line in lines}.values())


def _line(resource: str | None, name: str, settled: _Settled, said: Sequence[_Said]) -> Effective:
    form = policy.MEMBERS[name].form
    written = None if settled.value is None else form.write(settled.value)
    lost = [Overridden(one.source, one.name, form.write(one.value)) for one in said]
    overrode = tuple(one for one in lost if one.value != written)
    return Effective(resource, name, written, settled.source, settled.why, overrode)


def _settle(stated: Sequence[Stated], case: _Case) -> dict[str, _Settled]:
    closest_first = _closest_first(stated)
    settled = {name: _member(name, _said(name, closest_first), case) for name in policy.MEMBERS}
    if settled["one_use"].value and settled["access_token_format"].value != "opaque":
        # A signed token is checked without us, so we could not tell its second use.
        settled["access_token_format"] = _Settled("opaque", settled["one_use"].source, "one_use forces opaque")
    return settled


def _closest_first(stated: Sequence[Stated]) -> list[Stated]:
    return sorted(stated, key=lambda one: (_CLOSEST_FIRST.index(one.source), one.name))


def _said(name: str, stated: Sequence[Stated]) -> list[_Said]:
    values = ((one, getattr(one.policy, name)) for one in stated)
    return [_Said(one.source, one.name, value) for one, value in values if value is not None]


def _member(name: str, said: list[_Said], case: _Case) -> _Settled:
    if name == "require_consent" and case.self_registered:
        # Whoever registered itself is nobody's own app because all others are: an operator says so of it alone.
        said = [one for one in said if one.value or one.source == "client"]
    if not said:
        settled = _unstated(name, case)
    elif name in _BY_CLOSENESS:
        settled = _closest(name, said)
    elif name == "allowed_networks":
        settled = _intersection(name, said)
    elif name == "require_factors":
        settled = _union(name, said)
    else:
        settled = _strictest(name, said, case.now)
    return _held_to(name, settled, case)


def _unstated(name: str, case: _Case) -> _Settled:
    if name == "ends_with_session":
        manner = "outlive the session with" if case.offline else "end with the session without"
        return _Settled(not case.offline, "default", f"nobody stated it: tokens {manner} offline_access")
    if name in ("require_pkce", "require_issuer_audience") and case.confidential and case.self_registered:
        return _Settled(False, "default", "nobody stated it: the client registered itself and has credentials")
    return _Settled(_DEFAULTS[name], "default", "nobody stated it")


def _strictest(name: str, said: list[_Said], now: datetime) -> _Settled:
    word = _WORDS[policy.MEMBERS[name].form]
    won = min(said, key=lambda one: _rank(one.value, now))  # of equals the closest
    return _Settled(won.value, won.source, _why(name, said, f"the {word} of {{}}"))


def _rank(value: Any, now: datetime) -> Any:  # Any: whatever can be compared among values of one member
    """The stricter value is the lesser."""
    if isinstance(value, bool):
        return not value
    return value.instant(now) if isinstance(value, NotAfter) else value


def _intersection(name: str, said: list[_Said]) -> _Settled:
    sets = [networks.collapsed(one.value) for one in said]
    rest = reduce(networks.shared, sets)
    won = next((one for one, its in zip(said, sets, strict=True) if its == rest), said[0])
    return _Settled(rest, won.source, _why(name, said, "what is in each of {}"))


def _union(name: str, said: list[_Said]) -> _Settled:
    everything = policy.FACTORS.read([word for one in said for word in one.value])
    won = next((one for one in said if one.value == everything), said[0])
    return _Settled(everything, won.source, _why(name, said, "what any of {} demands"))


def _closest(name: str, said: list[_Said]) -> _Settled:
    """What the resource can verify comes first, then what the client was made for."""
    values = {one.value for one in said if one.source == "resource"}
    if len(values) > 1:
        raise Contradiction(
            f"the requested resources need different tokens ({name} {' and '.join(sorted(values))}): ask one by one",
            check="limits of the resources",
            expected="resources that agree",
            got=" and ".join(sorted(values)),
        )
    choices = _BY_CLOSENESS[name]
    won = min((one for one in said if one.source == said[0].source), key=lambda one: choices.index(one.value))
    return _Settled(won.value, won.source, _why(name, said, f"the {won.source}'s comes first among {{}}"))


def _held_to(name: str, settled: _Settled, case: _Case) -> _Settled:
    """A client without credentials does not profit from what the server or a group states for all."""
    if case.confidential:
        return settled
    if name == "require_pkce" and not settled.value:
        return _Settled(True, "default", "a public client always needs PKCE")
    if name == "rotation" and settled.value == "keep" and not case.sender_constrained:
        return _Settled("rotate", "default", "a public client's refresh tokens rotate unless they are bound to a key")
    return settled


def _why(name: str, said: list[_Said], several: str) -> str:
    if len(said) == 1:
        return f"stated by the {_who(said[0])}"
    *most, last = [
        f"{_who(one)} {_text(name, one.value)}" for one in reversed(said)
    ]  # the server first, as people read it
    return several.format(f"{', '.join(most)} and {last}")


def _who(said: _Said) -> str:
    return f"{said.source} {said.name}" if said.source in ("resource", "group") else said.source


def _text(name: str, value: Any) -> str:  # Any: see _Said
    written = policy.MEMBERS[name].form.write(value)
    if isinstance(written, list):
        return f"[{', '.join(written)}]"
    return str(written).lower() if isinstance(written, bool) else str(written)


_BY_CLOSENESS: Mapping[str, Sequence[str]] = MappingProxyType(
    {"access_token_format": policy.FORMATS, "access_token_alg": policy.ALGS, "rotation": policy.ROTATIONS}
)
_WORDS: Mapping[Form, str] = MappingProxyType(
    {policy.SPAN: "shortest", policy.COUNT: "smallest", policy.FLAG: "strictest", policy.MOMENT: "earliest"}
)
_DEFAULTS: Mapping[str, Any] = MappingProxyType(  # Any: see _Said
    {
        "access_token_lifetime": timedelta(minutes=10),
        "id_token_lifetime": timedelta(minutes=10),
        "code_lifetime": timedelta(seconds=60),
        "access_token_format": "jwt",
        "access_token_alg": "ES256",
        "one_use": False,
        "not_after": None,
        "refresh_token_idle": timedelta(days=30),
        "refresh_token_lifetime": timedelta(days=90),
        "rotation": "rotate",
        "session_idle": timedelta(hours=8),
        "session_lifetime": timedelta(hours=24),
        "max_sessions": None,
        "max_active_tokens": None,
        "require_pkce": True,
        "require_consent": True,
        "require_issuer_audience": True,
        "allowed_networks": None,
        "require_factors": (),
    }
)
