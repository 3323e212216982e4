"""Every door and every outcome moves its counter, and nothing that strangers write becomes a label."""

import random
import string

import pytest

from mintmark import app
from mintmark.counting import METHODS, OTHER, TOGETHER, Door, Histogram, Tally
from mintmark.counts import Counts
from mintmark.endpoints.metrics import label
from tests.issuer import API, SECRET
from tests.metrics.scraping import moved, requests, scrape, value

FORM = {"content-type": "application/x-www-form-urlencoded"}
# A request (method, path, and what it is sent with), and what it is counted as.
WEB = ("web", SECRET)
OUTCOMES = [
    ("POST", "/token", {"data": {"grant_type": "client_credentials", "scope": "api:read"}, "auth": WEB}, "2xx", ""),
    ("POST", "/token", {"data": {"grant_type": "nope"}, "auth": ("web", "wrong")}, "4xx", "invalid_client"),
    ("POST", "/token", {"data": {"grant_type": "nope"}, "auth": WEB}, "4xx", "unsupported_grant_type"),
    ("POST", "/token", {"data": {"grant_type": "refresh_token", "refresh_token": "x"}, "auth": WEB},
     "4xx", "invalid_grant"),
    ("POST", "/token", {"content": b"{}"}, "4xx", "invalid_request"),
    ("POST", "/token", {"content": b"a" * 70_000, "headers": FORM}, "4xx", "invalid_request"),
    ("GET", "/token", {}, "4xx", "invalid_request"),
    ("OPTIONS", "/token", {}, "2xx", ""),
    ("POST", "/refresh", {"data": {"refresh_token": "x"}, "auth": WEB}, "4xx", "invalid_grant"),
    ("POST", "/revoke", {"data": {"token": "x"}, "auth": WEB}, "2xx", ""),
    ("POST", "/introspect", {"data": {"token": "x"}, "auth": ("api-server", SECRET)}, "2xx", ""),
    ("POST", "/introspect", {"data": {"token": "x"}}, "4xx", "invalid_client"),
    ("GET", "/userinfo", {"headers": {"authorization": "Bearer x"}}, "4xx", "invalid_token"),
    ("GET", "/.well-known/jwks.json", {}, "2xx", ""),
    ("HEAD", "/.well-known/jwks.json", {}, "2xx", ""),
    ("GET", "/.well-known/openid-configuration", {}, "2xx", ""),
    ("GET", "/.well-known/oauth-authorization-server", {}, "2xx", ""),
    ("GET", "/authorize", {"params": {"client_id": "nobody"}}, "4xx", "invalid_client"),
    ("GET", "/login", {}, "2xx", ""),
    ("POST", "/login", {"data": {"username": "alice", "password": "x"}}, "4xx", "access_denied"),
    ("GET", "/consent", {}, "4xx", "invalid_request"),
    ("GET", "/logout", {}, "2xx", ""),
    ("GET", "/account", {}, "3xx", ""),
    ("PUT", "/account", {}, "4xx", ""),
    ("GET", "/health/live", {}, "2xx", ""),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "sent", "status", "error"), OUTCOMES)
async def test_an_outcome_moves_its_counter_and_no_other(sqlite_issuer, method, path, sent, status, error):
    before = requests(await scrape(sqlite_issuer))
    answer = await sqlite_issuer.http.request(method, path, **sent)
    after = requests(await scrape(sqlite_issuer))
    grown = {key for key in after if after[key] != before.get(key, 0)} - {("/metrics", "GET", "2xx", "")}

    assert {(path, method, status, error)} == grown, answer.text
    assert 1 == after[path, method, status, error] - before.get((path, method, status, error), 0)


async def test_every_door_has_a_histogram_from_the_start(sqlite_issuer):
    found = await scrape(sqlite_issuer)
    doors = {dict(given)["door"] for (name, *given) in found if name == "mintmark_request_seconds_count"}
    known = {label(path, "") for path in app.routes(sqlite_issuer.server)} | {"/metrics"}

    assert known == doors


async def test_a_refusal_that_goes_back_to_the_client_says_its_code(sqlite_issuer):
    before = await scrape(sqlite_issuer)
    await sqlite_issuer.http.get("/authorize", params=sqlite_issuer.request(prompt="none"))
    after = await scrape(sqlite_issuer)

    assert 1 == moved(before, after, "mintmark_requests_total", door="/authorize", status="3xx", error="login_required")
    assert 1 == moved(before, after, "mintmark_refusals_total", error="login_required")


async def test_the_operators_doors_are_counted_by_their_templates(sqlite_issuer):
    answer = await sqlite_issuer.token("operator", grant_type="client_credentials", scope="admin:read")
    bearer = {"authorization": f"Bearer {answer.json()['access_token']}"}
    for path in ("/sessions", "/sessions/one", "/sessions/two", "/nowhere/alice", "/nowhere"):
        await sqlite_issuer.http.get(f"/admin/api{path}", headers=bearer)
    await sqlite_issuer.http.get("/admin/api/sessions")
    found = requests(await scrape(sqlite_issuer))

    assert 1 == found["/admin/api/sessions", "GET", "2xx", ""]
    assert 1 == found["/admin/api/sessions", "GET", "4xx", "invalid_token"]
    assert 2 == found["/admin/api/sessions/{id}", "GET", "4xx", ""]
    assert 2 == found["/admin/api", "GET", "4xx", ""]
    assert not [door for door, *_ in found if "one" in door or "alice" in door or "nowhere" in door]


async def test_a_fault_of_ours_is_counted_as_one(sqlite_issuer, monkeypatch):
    async def broken(*parameters):
        raise ZeroDivisionError

    monkeypatch.setattr("mintmark.endpoints.token.client_auth.authenticate", broken)
    await sqlite_issuer.token(grant_type="client_credentials")
    sqlite_issuer.lines.clear()

    assert 1 == requests(await scrape(sqlite_issuer))["/token", "POST", "5xx", "server_error"]


async def test_tokens_are_counted_by_grant_kind_and_form(issuer):
    tokens = await issuer.tokens()
    await issuer.refresh(tokens["refresh_token"])
    await issuer.token(grant_type="client_credentials", scope="api:read", resource=API)
    await issuer.set_policy({"access_token_format": "opaque"})
    await issuer.token(grant_type="client_credentials", scope="api:read", resource=API)
    await issuer.token(grant_type="client_credentials", scope="nonsense")
    found = await scrape(issuer)
    name = "mintmark_tokens_issued_total"

    assert 1 == value(found, name, grant_type="authorization_code", token="id_token")
    assert 1 == value(found, name, grant_type="authorization_code", token="refresh_token", format="opaque")
    assert 1 == value(found, name, grant_type="refresh_token", token="access_token", format="jwt")
    assert 1 == value(found, name, grant_type="client_credentials", format="jwt")
    assert 1 == value(found, name, grant_type="client_credentials", format="opaque")
    assert 2 == value(found, name, grant_type="client_credentials")


async def test_sign_ins_are_counted_by_what_came_of_them(sqlite_issuer):
    await sqlite_issuer.sign_in(sqlite_issuer.browser(), password="wrong")
    await sqlite_issuer.sign_in(sqlite_issuer.browser(), username="nobody")
    await sqlite_issuer.sign_in()
    await sqlite_issuer.disable_person()
    await sqlite_issuer.sign_in(sqlite_issuer.browser())
    found = await scrape(sqlite_issuer)
    name = "mintmark_sign_ins_total"

    assert [1, 1, 1, 1, 0] == [
        value(found, name, outcome=word) for word in ("done", "unknown", "wrong password", "disabled", "throttled")
    ]


async def test_throttled_sign_ins_and_refused_clients_are_counted(sqlite_issuer):
    for _ in range(12):
        await sqlite_issuer.sign_in(sqlite_issuer.browser(), password="wrong")
    await sqlite_issuer.http.post("/token", data={"grant_type": "client_credentials"}, auth=("web", "wrong"))
    await sqlite_issuer.http.post("/token", data={"grant_type": "client_credentials"}, auth=("nobody", "wrong"))
    found = await scrape(sqlite_issuer)

    assert 0 < value(found, "mintmark_sign_ins_total", outcome="throttled")
    assert 2 == value(found, "mintmark_client_authentications_refused_total")
    assert 2 == value(found, "mintmark_refusals_total", error="invalid_client")


async def test_labels_stay_few_whatever_strangers_send(sqlite_issuer):
    """Paths, methods, client ids, grants, scopes, addresses and hosts, each made up."""
    draw = random.Random(4)  # the same on every run
    word = lambda: "canary" + "".join(draw.choices(string.ascii_letters + string.digits + '%2F./"\\{}', k=20))  # noqa: E731
    await sqlite_issuer.token(grant_type="client_credentials", scope=word())
    before = await scrape(sqlite_issuer)
    for _ in range(150):
        http = sqlite_issuer.http
        await http.get("/" + word())
        await http.request("X" + word()[:8].upper(), "/token")
        await http.request("Y" + word()[:8].upper(), "/" + word())
        await http.get("/admin/api/" + word())
        await http.get("/static/" + word())
        await http.post("/token", data={"grant_type": word()}, auth=("web", SECRET))
        await http.post("/token", data={"grant_type": "client_credentials", "scope": word()}, auth=("web", SECRET))
        await http.post("/token", data={"grant_type": "client_credentials"}, auth=(word(), word()))
        await http.get("/authorize", params={"client_id": word(), "redirect_uri": word()})
        await http.get("/authorize", params=sqlite_issuer.request(scope=word(), prompt=word(), response_type=word()))
    after = await scrape(sqlite_issuer)

    assert len(after) - len(before) < 150
    assert "canary" not in str(after).lower()
    assert {dict(given)["method"] for (name, *given) in after if name == "mintmark_requests_total"} <= {*METHODS, OTHER}


async def test_no_secret_is_told(issuer):
    tokens = await issuer.tokens()
    heir = (await issuer.refresh(tokens["refresh_token"])).json()
    secrets = [SECRET, *(one[name] for one in (tokens, heir) for name in ("access_token", "refresh_token", "id_token"))]
    secrets += [issuer.http.cookies["__Host-mintmark"], "alice", "web.example", "id-of-alice", "api-server"]
    text = (await issuer.http.get("http://127.0.0.1/metrics")).text

    assert [] == [secret for secret in secrets if secret in text]
    assert "client_id" not in text


@pytest.mark.parametrize(
    ("at", "path", "name"),
    [
        ("/token", "", "/token"),
        ("/id/token", "/id", "/token"),
        ("/health", "/h", "/health"),
        ("/.well-known/openid-configuration/id", "/id", "/.well-known/openid-configuration"),
        ("/id/.well-known/openid-configuration", "/id", "/.well-known/openid-configuration"),
        ("/id/static/mintmark-1.css", "/id", "/static"),
    ],
)
def test_a_door_is_called_by_its_path_under_the_issuer(at, path, name):
    assert name == label(at, path)


def test_a_door_counts_its_notes_together():
    door = Door("/token")
    for number in range(TOGETHER + 3):
        door.note("POST", 200, "", 0.003 * (number % 2))
    kept = len(door.met)
    answers, seconds = door.counted()

    assert 3 == kept
    assert {("POST", 200, ""): TOGETHER + 3} == answers
    assert TOGETHER + 3 == sum(seconds.counts)
    assert [] == door.met


def test_a_value_on_a_bound_is_within_it():
    found = Histogram((1.0, 2.0))
    for number in (0.5, 1.0, 1.5, 2.0, 2.5):
        found.add(number)

    assert [2, 2, 1] == found.counts
    assert 7.5 == found.sum


def test_a_tally_has_an_end():
    found = Tally[str]("rest", most=2)
    for word in ("a", "b", "c", "d", "a"):
        found.add(word)

    assert {"a": 2, "b": 1, "rest": 2} == found.found


def test_two_servers_count_apart():
    one, other = Counts(), Counts()
    one.door("/token").note("POST", 200, "", 0.1)
    one.tokens("client_credentials", "jwt", id_token=False, refresh_token=False)

    assert {} == other.doors
    assert {} == other.issued
