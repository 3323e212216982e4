"""Why was this refused: the answer says a trace id and no detail, operators are told the check and what it saw."""

import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from mintmark import upkeep
from mintmark.explanations import EXPLANATIONS
from mintmark.protocol import errors
from mintmark.store import refusals
from tests.admin import operating
from tests.endpoints.asking import CANARY
from tests.endpoints.refusing import REQUESTS, SECRETS
from tests.issuer import ALICE, PASSWORD, SECRET, hidden, start

TRACE = re.compile(r"[0-9a-f]{12}")
# Every door is there, also those that an operator opens.
EVERY_DOOR = {
    "MINTMARK_SMTP_URL": "smtp://127.0.0.1:1", "MINTMARK_SIGN_UP": "open", "MINTMARK_EMAIL_CODE": "on",
}  # fmt: skip


@pytest.fixture
async def issuer(database, monkeypatch):
    monkeypatch.setattr(upkeep, "start", lambda server: ())  # no letter goes anywhere
    async for one in start(database, **EVERY_DOOR):
        yield one


@pytest.fixture
async def sqlite_issuer(sqlite_database, monkeypatch):
    monkeypatch.setattr(upkeep, "start", lambda server: ())
    async for one in start(sqlite_database, **EVERY_DOOR):
        yield one


async def kept(issuer, answer):
    await upkeep.flush(issuer.server)
    found = await refusals.find(issuer.server.store, answer.headers["x-trace-id"])
    assert found is not None, answer.text
    return found


def said(answer):
    """The error, its description, and the trace id where the body or the redirect has it."""
    if answer.is_redirect:
        query = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}
        description, _, trace = query["error_description"].rpartition(" (trace ")
        return query["error"], description, trace.rstrip(")")
    if "html" in answer.headers["content-type"]:
        found = {id: re.search(rf'id="{id}"[^>]*>(.*?)</p>', answer.text) for id in ("error", "error-description")}
        trace = re.search(r'id="trace".*?<strong>(.*?)</strong>', answer.text)
        return *(None if one is None else one[1] for one in found.values()), None if trace is None else trace[1]
    body = answer.json()
    return body.get("error"), body.get("error_description") or body.get("detail"), body.get("trace_id")


@pytest.mark.parametrize("check", REQUESTS)
async def test_the_explanation_names_what_failed_and_the_answer_leaks_nothing(sqlite_issuer, check):
    issuer = sqlite_issuer
    answer = await REQUESTS[check](issuer)
    found = await kept(issuer, answer)
    error, description, trace = said(answer)
    description = (description or "").replace("&#39;", "'")
    explained = EXPLANATIONS[check]
    public = f"{answer.text}\n{answer.headers}"
    operators = json.dumps([str(found), issuer.lines], default=str)

    assert check == found.check
    assert found.error == (error or found.error)
    assert trace in (answer.headers["x-trace-id"], None)
    assert TRACE.fullmatch(answer.headers["x-trace-id"])
    assert explained.parameter
    assert explained.why not in public
    assert explained.next not in public
    assert not [secret for secret in SECRETS if secret in public + operators and secret != "canary"]
    assert "canary" not in operators
    assert "canary" not in public.replace(f'value="{CANARY}"', "")  # the name stays in its field
    for private in (found.expected, found.got):
        assert not private or private in description or private not in _without_own(issuer, public)
    assert ALICE not in public


def _without_own(issuer, public):
    """What the issuer says of itself in any answer, and the address that the browser came with."""
    for own in (
        issuer.url,
        "application/x-www-form-urlencoded",
        "POST, OPTIONS",
        "no-store",
        "same-origin",
        "none",
        "both",
    ):
        public = public.replace(own, "")
    public = re.sub(r'acr_values="[^"]*"', "", public)  # of the challenge, which asks for just that (RFC 9470 §3)
    return re.sub(r"(?m)^.*(?:scope=\"|web\.example).*$", "", public)


async def test_where_each_kind_of_answer_carries_the_trace_id(sqlite_issuer):
    issuer = sqlite_issuer
    answers = {
        kind: await REQUESTS[check](issuer)
        for kind, check in {
            "JSON": "grant_type", "redirect": "response_type", "page": "redirect_uri", "bearer": "access token form",
            "admin": "session", "method": "method",
        }.items()
    }  # fmt: skip
    nothing = await issuer.http.get("/userinfo")
    elsewhere = await issuer.http.request("DELETE", "/login")
    inactive = await issuer.http.post("/introspect", data={"token": "x"}, auth=("api-server", SECRET))
    revoked = await issuer.http.post("/revoke", data={"token": "x"}, auth=("web", SECRET))
    fine = await issuer.token(grant_type="client_credentials")

    assert {kind: answer.headers["x-trace-id"] for kind, answer in answers.items()} == {
        kind: said(answer)[2] for kind, answer in answers.items()
    }
    assert b"{}" == nothing.content
    assert all(TRACE.fullmatch(one.headers["x-trace-id"]) for one in (nothing, elsewhere))
    assert all("X-Trace-Id" in answers[kind].headers["access-control-expose-headers"] for kind in ("JSON", "bearer"))
    assert "application/problem+json" == answers["admin"].headers["content-type"]
    assert b'{"active":false}' == inactive.content
    assert (200, b"") == (revoked.status_code, revoked.content)
    assert not [one for one in (inactive, revoked, fine) if "x-trace-id" in one.headers]


BY_CODE = (
    "parameter", "client secret", "code", "client grant_type", "grant_type", "scope", "resource", "response_type",
    "silent sign-in", "silent consent", "request_uri", "registration", "essential acr", "client metadata",
    "access token form", "admin scope", "token's authentication",
    "consent", "origin", "store", "sign-in throttle",
)  # fmt: skip
NO_DOOR_SAYS = {"account_selection_required", "unsupported_token_type"}
# Of clients with keys, of those that register themselves, and of people who leave: test_request_objects, test_register,
# test_statements_of_software and test_account_pages meet them.
MET_ELSEWHERE = {
    "interaction_required",
    "invalid_redirect_uri", "invalid_request_object", "invalid_request_uri", "invalid_software_statement",
    "request_not_supported", "request_uri_not_supported", "unapproved_software_statement",
}  # fmt: skip


async def test_every_error_code_of_the_doors_is_met_and_explained(sqlite_issuer):
    codes = {one.code for one in vars(errors).values() if isinstance(one, type) and hasattr(one, "code")}
    met = set()
    for check in BY_CODE:
        met.add((await kept(sqlite_issuer, await REQUESTS[check](sqlite_issuer))).error)
        sqlite_issuer.http.cookies.clear()
        sqlite_issuer.later(seconds=1)

    assert codes == met | NO_DOOR_SAYS | MET_ELSEWHERE


# ── the same words for whatever must not be told apart


async def test_what_looks_the_same_outside_is_told_apart_inside(sqlite_issuer):
    issuer = sqlite_issuer
    await issuer.add_client("gone", {"grant_types": ["client_credentials"], "scope": "api:read"})
    await issuer.disable_client("gone")
    pairs = (("nobody", SECRET), ("gone", SECRET), ("web", "wrong"), ("spa", "any"))
    answers = [await issuer.http.post("/token", data={"grant_type": "client_credentials"}, auth=pair) for pair in pairs]
    bodies = {answer.text.replace(answer.headers["x-trace-id"], "") for answer in answers}

    assert 1 == len(bodies)
    assert ["unknown client", "disabled client", "client secret", "secret of a public client"] == [
        (await kept(issuer, answer)).check for answer in answers
    ]
    assert ["nobody", "gone", "web", "spa"] == [(await kept(issuer, answer)).client_id for answer in answers]


async def test_a_sign_in_that_fails_says_the_same_words_and_operators_are_told_which_it_was(issuer):
    await issuer.add_person("gone")
    await issuer.disable_person("id-of-gone")
    found = {}
    pages = set()
    for username, password in (("alice", "wrong"), ("nobody-at-all", PASSWORD), ("gone", PASSWORD)):
        answer = await issuer.sign_in(issuer.browser(), username=username, password=password)
        form = {**hidden(answer.text), "username": username}
        text = answer.text
        for value in form.values():
            text = text.replace(value, "")
        pages.add((answer.status_code, text))
        found[username] = await kept(issuer, answer)
    grant = await issuer.token(grant_type="password", username="alice", password="wrong")
    granted = await kept(issuer, grant)

    assert 1 == len(pages)
    assert ["password", "unknown person", "disabled person"] == [one.check for one in found.values()]
    assert f"person {ALICE}" == found["alice"].expected
    assert "nobody" not in found["nobody-at-all"].got
    assert ("password", f"person {ALICE}", "/token") == (granted.check, granted.expected, granted.door)


async def test_throttled_people_are_told_to_wait_and_operators_that_the_password_was_not_looked_at(issuer):
    found = await kept(issuer, answer := await REQUESTS["sign-in throttle"](issuer))

    assert 429 == answer.status_code
    assert ("sign-in throttle", f"person {ALICE}") == (found.check, found.expected)
    assert found.got.startswith("wait ")


# ── nothing secret, anywhere


async def test_a_secret_in_the_place_of_a_client_id_is_not_shown(issuer):
    swapped = await issuer.http.post("/token", data={"grant_type": "x"}, auth=(SECRET, "web"))
    found = await kept(issuer, swapped)

    assert ("unknown client", None) == (found.check, found.client_id)
    assert SECRET not in str(found) + str(issuer.lines)


CHANGING = {  # what is asked after these is refused for another reason
    "disabled client", "disabled person", "not_after", "allowed_networks", "standing", "client throttle", "lane",
    "sign-in throttle", "sign-in turns", "password queue", "heir key", "admin audience", "limits of the resources",
    "scope of several resources", "resources of grant", "nothing left of grant", "resource of client", "fault",
    "body length", "id_token_hint", "code_verifier without challenge", "silent consent",
    "idempotent answer", "encryption key", "unsigned id_token"}  # fmt: skip


async def test_no_canary_is_in_the_log_the_table_or_the_admin_answer(issuer):
    for check in (one for one in REQUESTS if one not in CHANGING):
        issuer.later(seconds=1)
        await REQUESTS[check](issuer)
        issuer.http.cookies.clear()
    await upkeep.flush(issuer.server)
    pages = await (await operating.operator(issuer)).walk("/refusals", limit=200)
    shown = [one for page in pages for one in page]

    assert len(REQUESTS) - len(CHANGING) <= len(shown)
    assert not [secret for secret in SECRETS if secret in json.dumps([shown, issuer.lines], default=str)]
