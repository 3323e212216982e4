"""A bad request for each check that a door can refuse by: `REQUESTS[check](issuer)` sends it."""

from __future__ import annotations

from mintmark.explanations import EXPLANATIONS
from tests.endpoints import (
    refusing_admin,
    refusing_browsers,
    refusing_clients,
    refusing_links,
    refusing_passkeys,
    refusing_people,
)
from tests.issuer import PASSWORD, SECRET, VERIFIER

# Checks that no request meets by itself, and who tries them instead.
ELSEWHERE = {
    "body deadline": "tests/wire/test_asgi.py: it takes ten seconds",
    "body broken off": "nobody is left who could be answered",
    "query encoding": "no HTTP server passes such bytes on; tests/wire/test_asked.py",
    "audience": "a guard behind `resources of grant`",
    "silent account choice": "a guard behind `prompt`, where none stands alone",
    "nobody signed in": "a race of two tabs",
    "token's person": "a race with `users delete`",
    "one use": "a race of two uses; tests/endpoints/test_policy.py",
    "password hash": "want of memory; tests/factors/test_hashing.py",
    "request": "a guard behind `request object`",
    "sector document": "an address that answers; tests/endpoints/test_register.py",
    "external question": "nothing is refused: the page asks on; tests/endpoints/test_external_factor.py",
    **dict.fromkeys(
        (
            "nested request", "request object member", "request object names",
            "request object response_type", "request object signature", "request object time", "request_uri fetch",
            "unsigned request object", "signed request",
        ),
        "clients with keys of their own; tests/endpoints/test_request_objects.py",
    ),
    **dict.fromkeys(
        ("software statement", "software statement claims", "software statement issuer"),
        "issuers that an operator trusts; tests/endpoints/test_statements_of_software.py",
    ),
}  # fmt: skip
REQUESTS = {
    **refusing_clients.REQUESTS,
    **refusing_browsers.REQUESTS,
    **refusing_people.REQUESTS,
    **refusing_passkeys.REQUESTS,
    **refusing_links.REQUESTS,
    **refusing_admin.REQUESTS,
}
# Whose secrets an answer, the log or a refusal may never show.
SECRETS = (SECRET, PASSWORD, VERIFIER, "canary")
assert not set(REQUESTS) & set(ELSEWHERE)
assert set(EXPLANATIONS) == {*REQUESTS, *ELSEWHERE}, set(EXPLANATIONS) ^ {*REQUESTS, *ELSEWHERE}
