"""The certification plans that Mintmark is held to, with their modules, and the ways in which a module is run.

The names are those of the OpenID Foundation's conformance suite: whoever looks up a module there finds it here, and the
reverse. `module` makes a test of one of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

BASIC = (
    "oidcc-server",
    "oidcc-response-type-missing",
    "oidcc-idtoken-signature",
    "oidcc-idtoken-unsigned",
    "oidcc-userinfo-get",
    "oidcc-userinfo-post-header",
    "oidcc-userinfo-post-body",
    "oidcc-ensure-request-without-nonce-succeeds-for-code-flow",
    "oidcc-scope-profile",
    "oidcc-scope-email",
    "oidcc-scope-address",
    "oidcc-scope-phone",
    "oidcc-scope-all",
    "oidcc-alternate-happy-flow",
    "oidcc-display-page",
    "oidcc-display-popup",
    "oidcc-prompt-login",
    "oidcc-prompt-none-not-logged-in",
    "oidcc-prompt-none-logged-in",
    "oidcc-max-age-1",
    "oidcc-max-age-10000",
    "oidcc-ensure-request-with-unknown-parameter-succeeds",
    "oidcc-id-token-hint",
    "oidcc-login-hint",
    "oidcc-ui-locales",
    "oidcc-claims-locales",
    "oidcc-ensure-request-with-acr-values-succeeds",
    "oidcc-codereuse",
    "oidcc-codereuse-30seconds",
    "oidcc-ensure-registered-redirect-uri",
    "oidcc-ensure-post-request-succeeds",
    "oidcc-server-client-secret-post",
    "oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported",
    "oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported",
    "oidcc-claims-essential",
    "oidcc-ensure-request-object-with-redirect-uri",
    "oidcc-refresh-token",
    "oidcc-ensure-request-with-valid-pkce-succeeds",
)
PLANS: Mapping[str, Sequence[str]] = {
    "basic": BASIC,
    "config": ("oidcc-discovery-endpoint-verification",),
    "formpost": BASIC,
    "dynamic": (
        "oidcc-idtoken-rs256",
        "oidcc-idtoken-unsigned",
        "oidcc-userinfo-rs256",
        "oidcc-ensure-redirect-uri-in-authorization-request",
        "oidcc-redirect-uri-query-OK",
        "oidcc-redirect-uri-query-mismatch",
        "oidcc-redirect-uri-query-added",
        "oidcc-redirect-uri-regfrag",
        "oidcc-discovery-endpoint-verification",
        "oidcc-server",
        "oidcc-registration-logo-uri",
        "oidcc-registration-policy-uri",
        "oidcc-registration-tos-uri",
        "oidcc-registration-jwks-uri",
        "oidcc-registration-sector-uri",
        "oidcc-registration-sector-bad",
        "oidcc-server-rotate-keys",
        "oidcc-refresh-token-rp-key-rotation",
        "oidcc-request-uri-unsigned",
        "oidcc-request-uri-signed-rs256",
        "oidcc-ensure-request-object-with-redirect-uri",
        "oidcc-refresh-token",
        "oidcc-ensure-client-assertion-with-iss-aud-succeeds",
    ),
    "3rd-party-init": ("oidcc-3rd_party-init-login", "oidcc-3rd_party-init-login-nohttps"),
    "rp-initiated-logout": (
        "oidcc-rp-initiated-logout-discovery-endpoint-verification",
        "oidcc-rp-initiated-logout",
        "oidcc-rp-initiated-logout-bad-post-logout-redirect-uri",
        "oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri",
        "oidcc-rp-initiated-logout-modified-id-token-hint",
        "oidcc-rp-initiated-logout-bad-id-token-hint",
        "oidcc-rp-initiated-logout-no-id-token-hint",
        "oidcc-rp-initiated-logout-no-params",
        "oidcc-rp-initiated-logout-no-post-logout-redirect-uri",
        "oidcc-rp-initiated-logout-only-state",
        "oidcc-rp-initiated-logout-no-state",
    ),
    "back-channel": (
        "oidcc-backchannel-logout-discovery-endpoint-verification",
        "oidcc-backchannel-rp-initiated-logout",
    ),
    "front-channel": (
        "oidcc-frontchannel-logout-discovery-endpoint-verification",
        "oidcc-frontchannel-rp-initiated-logout",
    ),
    "session": (
        "oidcc-session-management-discovery-endpoint-verification",
        "oidcc-session-management-rp-initiated-logout",
    ),
}
# What a module asks of a registration: with clients that an operator wrote down, the suite leaves it out.
DYNAMIC_ALONE = (
    "oidcc-idtoken-unsigned",
    "oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported",
)
# The plans that both kinds of client are certified with; the others ask for members that only a registration has.
BOTH = ("basic", "formpost", "rp-initiated-logout", "back-channel", "front-channel", "session")


@dataclass
class Run:
    """A module, and how it is run. `result` is what the table says in the end, unless the test fails."""

    plan: str
    module: str
    registration: str = "dynamic"
    auth_method: str = "client_secret_basic"
    result: str = "PASSED"
    why: str = ""
    is_later: bool = field(default=False, repr=False)  # the module waits: its server has a clock that is set

    @property
    def response_mode(self) -> str | None:
        return "form_post" if "formpost" == self.plan else None

    @property
    def id(self) -> str:
        how = (
            [self.registration] if "client_secret_basic" == self.auth_method else [self.registration, self.auth_method]
        )
        return "-".join([self.plan, *how, self.module])

    def skipped(self, why: str) -> None:
        """As the suite does where a server does not offer what it need not offer."""
        self.result, self.why = "SKIPPED", why

    def failed_on_purpose(self, why: str) -> None:
        self.result, self.why = "FAILED", f"on purpose: {why}"


def module(name: str, *, later: bool = False) -> pytest.MarkDecorator:
    """Runs the test as this module of every plan that has it."""
    runs = [run for plan, names in PLANS.items() if name in names for run in _runs(plan, name) if not _waits(run)]
    for run in runs:
        run.is_later = later
    return pytest.mark.parametrize("run", runs, ids=lambda run: run.id)


def _waits(run: Run) -> bool:
    """For doors that are still being built."""
    doors = ("logo-uri",)
    return any(door in run.module for door in doors) or run.plan.endswith(("logout", "channel", "session"))


def _runs(plan: str, name: str) -> Iterator[Run]:
    if "dynamic" == plan:
        yield Run(plan, name, auth_method="private_key_jwt")
        return
    auth_method = "client_secret_post" if name == "oidcc-server-client-secret-post" else "client_secret_basic"
    yield Run(plan, name, "dynamic", auth_method)
    if plan in BOTH and name not in DYNAMIC_ALONE and not name.endswith("verification"):
        yield Run(plan, name, "static", auth_method)
    if ("basic", "oidcc-server") == (plan, name):
        yield Run(plan, name, "static", "private_key_jwt")
