"""What is asked of the targets: one request builder for each line of the table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from bench.load import CONNECTIONS, Request, collect
from bench.targets import API, MACHINE, OPAQUE, SPEAKER, WEB, Target, basic, machine_form

FEW_TOKENS = 256
# More than Mintmark can answer, so that none is shown twice; the limit may go around, but it remembers nothing.
FIRST_SEEN_A_SECOND = 9000
HINT = "token_type_hint=access_token&token="


@dataclass(frozen=True, slots=True)
class Workload:
    """`make` is called before every round: chains and tokens are fresh in each. `takers`: prefixes of target names."""

    name: str
    title: str
    make: Callable[[Target, float], Request]
    takers: tuple[str, ...] = ("mintmark", "node")

    def takes(self, target: Target) -> bool:
        return target.name.startswith(self.takers)


def client_credentials(target: Target, seconds: float) -> Request:
    return Request(target.paths.token, body=urlencode(machine_form()), authorization=basic(MACHINE))


def refresh(target: Target, seconds: float) -> Request:
    return _chains(target, "api:read offline_access")


def refresh_openid(target: Target, seconds: float) -> Request:
    return _chains(target, "openid api:read offline_access")


def introspect_opaque(target: Target, seconds: float) -> Request:
    return _introspection(target, OPAQUE, "opaque:read", FEW_TOKENS)


def introspect_jwt(target: Target, seconds: float) -> Request:
    return _introspection(target, API, "api:read", FEW_TOKENS)


def introspect_jwt_first_seen(target: Target, seconds: float) -> Request:
    return _introspection(target, API, "api:read", round(FIRST_SEEN_A_SECOND * max(seconds, 1)))


def jwks(target: Target, seconds: float) -> Request:
    return Request(target.paths.jwks)


def metadata(target: Target, seconds: float) -> Request:
    return Request(target.paths.metadata)


WORKLOADS = (
    Workload("client_credentials", "client_credentials, ES256 JWT", client_credentials, ("mintmark", "node", "limit")),
    Workload("refresh", "refresh, 16 chains, no ID token", refresh, ("mintmark", "node", "limit")),
    Workload("refresh_openid", "refresh, 16 chains, RS256 ID token", refresh_openid),
    Workload("introspect_opaque", "introspection, opaque", introspect_opaque),
    # node-oidc-provider refuses to introspect JWTs, so only the limit stands beside us here.
    Workload("introspect_jwt", f"introspection, JWT, {FEW_TOKENS} in turn", introspect_jwt, ("mintmark", "limit")),
    Workload(
        "introspect_jwt_first", "introspection, JWT never seen before", introspect_jwt_first_seen, ("mintmark", "limit")
    ),
    Workload("jwks", "JWKS", jwks, ("mintmark", "node", "limit")),
    Workload("metadata", "metadata", metadata),
)


def _chains(target: Target, scope: str) -> Request:
    tokens = _file(target, "chains")
    tokens.write_text("\n".join(target.chains(scope, CONNECTIONS)) + "\n")
    path = target.paths.refresh or target.paths.token
    body = "grant_type=refresh_token&refresh_token="
    return Request(path, "chain", body, basic(WEB), tokens)


def _introspection(target: Target, resource: str, scope: str, count: int) -> Request:
    tokens = _file(target, "tokens")
    form = urlencode(machine_form(resource, scope))
    collect(target.url, Request(target.paths.token, body=form, authorization=basic(MACHINE)), count, tokens)
    return Request(target.paths.introspect, "each", HINT, basic(SPEAKER), tokens, '"active"%s*:%s*true')


def _file(target: Target, name: str) -> Path:
    return target.folder / f"{name}.txt"
