"""The app and the API of `examples/`, each a process of its own beside a server on https, and `make demo`."""

import itertools
import json
import os
import re
import signal
import sys
import time
from pathlib import Path

import httpx2
import pytest

from tests import serving
from tests.clients.programs import program
from tests.clients.provider import NOTES
from tests.clients.visiting import Visitor
from tests.endpoints import enrolling
from tests.issuer import hidden
from tests.serving import SECRET

ROOT = Path(__file__).resolve().parents[2]
RECENT = 300
TWO = "urn:mintmark:acr:2"


def uvicorn(app: str, port: int) -> list[str]:
    return [sys.executable, "-m", "uvicorn", app, "--port", str(port), "--app-dir", str(ROOT)]


@pytest.fixture(scope="module")
def api(provider, trusting, tmp_path_factory):
    """With a clock that a test may set: a file of seconds by which the API is ahead."""
    folder, port = tmp_path_factory.mktemp("api"), serving.free_port()
    (folder / "ahead").write_text("0")
    (folder / "clocked.py").write_text(
        "import pathlib, time\n"
        "from examples import api\n"
        "ahead = pathlib.Path(__file__).with_name('ahead')\n"
        "api.app.dependency_overrides[api.now] = lambda: time.time() + float(ahead.read_text())\n"
        "app = api.app\n"
    )
    there = {**trusting, "ISSUER": provider.url, "AUDIENCE": NOTES, "RECENT": str(RECENT), "PYTHONPATH": str(folder)}
    with program(uvicorn("clocked:app", port), f"http://127.0.0.1:{port}", folder, there) as found:
        yield found


@pytest.fixture
def ahead(api):
    file = api.log_file.with_name("ahead")
    yield lambda seconds: file.write_text(str(seconds))
    file.write_text("0")


@pytest.fixture(scope="module")
def app(provider, api, trusting, tmp_path_factory):
    port = serving.free_port()
    url = f"http://127.0.0.1:{port}"
    there = {
        **trusting,
        "ISSUER": provider.url,
        "CLIENT_ID": "web-app",
        "CLIENT_SECRET": SECRET,
        "APP_URL": url,
        "API_URL": api.url,
        "AFTER_SIGN_OUT": f"{url}/",
    }
    folder = tmp_path_factory.mktemp("app")
    with program(uvicorn("examples.web_app:app", port), url, folder, there) as found:
        yield found


def name_of(page: httpx2.Response) -> str:
    assert 200 == page.status_code, page.text
    found = re.search(r'id="name">([^<]*)<', page.text)
    return found[1] if found else ""


def test_a_person_signs_in_writes_a_note_and_reads_it(app, visitor):
    page = visitor.go(f"{app.url}/sign-in")
    written = visitor.post(f"{app.url}/notes", text="buy <milk>")

    assert visitor.name.title().replace("-", " ") == name_of(page)
    assert "buy &lt;milk&gt;" in written.text
    assert "buy &lt;milk&gt;" in visitor.go(app.url).text
    assert ["sign-in", "consent"] == visitor.asked


def test_a_person_who_declines_is_told_and_not_signed_in(app, visitor):
    visitor.decision = "deny"
    page = visitor.go(f"{app.url}/sign-in")

    assert 400 == page.status_code
    assert "You are not signed in" in page.text
    assert 'id="enter"' in visitor.go(app.url).text


@pytest.mark.parametrize("change", ["state", "iss", "code", "cookie"])
def test_an_answer_that_was_not_asked_for_signs_nobody_in(provider, app, visitor, change):
    """`code`: one that was used already."""
    out = visitor.http.get(f"{app.url}/sign-in")
    leaving = dict(visitor.http.cookies)
    visitor.go(out.headers["location"])
    came_back = next(httpx2.URL(one) for one in visitor.seen if one.startswith(f"{app.url}/callback"))
    visitor.http.cookies.clear()
    if change != "cookie":
        visitor.http.cookies.update(leaving)
    if change in ("state", "iss"):
        came_back = came_back.copy_set_param(change, "https://evil.example")
    page = visitor.http.get(came_back)

    assert 400 == page.status_code, page.text
    assert "You are not signed in" in page.text


def test_old_sign_ins_do_not_erase_and_newer_ones_do(app, visitor, ahead):
    """The app asks for a newer one, and then does what was wanted."""
    visitor.go(f"{app.url}/sign-in")
    visitor.post(f"{app.url}/notes", text="erase me")
    ahead(RECENT + 60)
    visitor.forget("localhost")  # the session at the issuer, so that it asks again
    asked = len(visitor.asked)
    sent_away = visitor.http.post(f"{app.url}/erase", headers={"Origin": app.url})
    ahead(0)
    kept = visitor.http.get(app.url)
    erased = visitor.go(sent_away.headers["location"])

    assert str(RECENT) == httpx2.URL(sent_away.headers["location"]).params["max_age"]
    assert "erase me" in kept.text
    assert ["sign-in"] == visitor.asked[asked:]
    assert "erase me" not in erased.text
    assert visitor.name.title().replace("-", " ") == name_of(erased)


def test_a_sign_in_that_the_api_will_not_take_is_not_asked_for_forever(app, visitor, ahead):
    visitor.go(f"{app.url}/sign-in")
    visitor.post(f"{app.url}/notes", text="keep me")
    ahead(RECENT + 60)
    refused = visitor.post(f"{app.url}/erase")
    begun = sum("/authorize?" in one for one in visitor.seen)
    visitor.post(f"{app.url}/erase")

    assert "The API refuses this: the sign-in is too long ago." in refused.text
    assert 2 <= begun
    assert begun + 1 >= sum("/authorize?" in one for one in visitor.seen)
    assert "keep me" in visitor.go(app.url).text


@pytest.fixture
def two_factors(visitor):
    """The visitor adds an authenticator app, on their account page."""

    def enrol():
        place = f"{visitor.issuer}/account/totp"
        origin = {"Origin": visitor.issuer}
        page = visitor.http.get(place)
        visitor.http.post(place, data={**hidden(page.text), "action": "begin"}, headers=origin)
        page = visitor.http.get(place)
        seed = enrolling.seed_on(page.text)
        steps = itertools.count(int(time.time()) // 30)  # each code is good once, and one of the next half minute too
        form = {**enrolling.form(page.text), "action": "confirm", "code": enrolling.code_at(seed, next(steps))}
        assert 200 == visitor.http.post(place, data=form, headers=origin).status_code
        visitor.code = lambda: enrolling.code_at(seed, next(steps))

    return enrol


def test_publishing_wants_a_second_factor_and_is_done_once_it_was_shown(app, api, visitor, two_factors):
    visitor.go(f"{app.url}/sign-in")
    visitor.post(f"{app.url}/notes", text=f"news of {visitor.name}")
    two_factors()
    before, asked = httpx2.get(f"{api.url}/published").json(), len(visitor.asked)
    page = visitor.post(f"{app.url}/publish")
    sent = next(httpx2.URL(one).params for one in visitor.seen if "acr_values" in one)

    assert f"news of {visitor.name}" not in before
    assert TWO == sent["acr_values"]
    assert "max_age" not in sent
    assert ["code"] == visitor.asked[asked:]  # the password was proved already
    assert visitor.name.title().replace("-", " ") == name_of(page)
    assert f"news of {visitor.name}" in httpx2.get(f"{api.url}/published").json()


def test_whoever_has_no_second_factor_is_told_and_publishes_nothing(app, api, visitor):
    """`acr_values` is a wish: the issuer signs them in as well as it can, and the API judges."""
    visitor.go(f"{app.url}/sign-in")
    visitor.post(f"{app.url}/notes", text=f"secrets of {visitor.name}")
    page = visitor.post(f"{app.url}/publish")

    assert "The API refuses this: a second factor is needed." in page.text
    assert f"secrets of {visitor.name}" not in httpx2.get(f"{api.url}/published").json()


def test_the_challenge_of_publishing_is_as_the_specification_has_it(api, provider):
    """RFC 9470 §3, of a token that no person stands behind."""
    form = {"grant_type": "client_credentials", "scope": "demo:write", "resource": NOTES}
    with provider.http() as http:
        token = http.post("/token", data=form, auth=("authlib", SECRET)).json()["access_token"]
    answer = httpx2.post(f"{api.url}/published", headers={"Authorization": f"Bearer {token}"})
    told = dict(re.findall(r'([a-z_]+)="([^"]*)"', answer.headers["www-authenticate"]))

    assert 401 == answer.status_code
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert ("insufficient_user_authentication", TWO) == (told["error"], told["acr_values"])


def test_whoever_was_ended_at_the_issuer_signs_in_again(provider, app, visitor):
    """The app refreshes, and hears of it."""
    visitor.go(f"{app.url}/sign-in")
    provider.command("users", "disable", visitor.name)
    provider.command("users", "enable", visitor.name)
    visitor.go(app.url)

    assert ["sign-in", "consent", "sign-in"] == visitor.asked[:3]


def test_signing_out_ends_the_session_here_and_there(app, provider, visitor):
    visitor.go(f"{app.url}/sign-in")
    left = visitor.post(f"{app.url}/sign-out")
    visitor.go(f"{app.url}/sign-in")

    assert f"{app.url}/" == str(left.url)
    assert 'id="enter"' in left.text
    assert any(address.startswith(f"{provider.url}/end_session?") for address in visitor.seen)
    assert ["sign-in", "consent", "sign-in"] == visitor.asked


@pytest.fixture
def patient_app(app, provider):
    """Its tokens last, and so it would not notice by itself that a session is over."""
    hears = f"backchannel_logout_uri={app.url}/backchannel-logout"
    provider.command("clients", "set", "web-app", "policy.access_token_lifetime=10m", hears)
    yield app
    provider.command("clients", "set", "web-app", "policy.access_token_lifetime=25s", "backchannel_logout_uri=null")


def test_a_session_that_the_issuer_ends_is_over_in_the_app(patient_app, provider, visitor):
    """By a logout token, which arrives within a moment."""
    visitor.go(f"{patient_app.url}/sign-in")
    session = json.loads(provider.command("sessions", "list", "--json", "--user", visitor.name))["items"][0]["id"]
    before = visitor.http.get(patient_app.url)
    provider.command("sessions", "end", session)
    until = time.monotonic() + 30
    # Before it arrives, the API may be the first to say so: its answer leads to another sign-in.
    while 'id="enter"' not in (page := visitor.http.get(patient_app.url)).text and time.monotonic() < until:
        time.sleep(0.05)

    assert 'id="leave"' in before.text
    assert (200, True) == (page.status_code, 'id="enter"' in page.text)


@pytest.mark.parametrize("token", ["", "garbage", "eyJhbGciOiJub25lIiwidHlwIjoibG9nb3V0K2p3dCJ9.e30."])
def test_garbage_ends_nobody(app, visitor, token):
    visitor.go(f"{app.url}/sign-in")
    answer = visitor.http.post(f"{app.url}/backchannel-logout", data={"logout_token": token})

    assert 400 == answer.status_code
    assert visitor.name.title().replace("-", " ") == name_of(visitor.go(app.url))


def test_challenges_say_what_is_wanted(api, provider, visitor):
    with httpx2.Client(base_url=api.url) as http:
        bare = http.get("/notes")
        garbage = http.get("/notes", headers={"Authorization": "Bearer garbage"})
        in_the_query = http.get("/notes?access_token=garbage")

    assert (401, 'Bearer realm="notes"') == (bare.status_code, bare.headers["www-authenticate"])
    assert (401, 401) == (garbage.status_code, in_the_query.status_code)
    assert 'error="invalid_token"' in garbage.headers["www-authenticate"]
    assert 'Bearer realm="notes"' == in_the_query.headers["www-authenticate"]


@pytest.fixture
def demonstrated(tmp_path):
    """`make demo`, and the addresses of the server and of the API."""
    server, api, app = (serving.free_port() for _ in range(3))
    command = [sys.executable, str(ROOT / "examples" / "demo.py"), "--port", str(server)]
    command += ["--api-port", str(api), "--app-port", str(app)]
    with program(command, f"http://127.0.0.1:{app}", tmp_path, serving.environment()) as found:
        yield found, f"http://localhost:{server}", f"http://127.0.0.1:{api}"


def test_make_demo_serves_all_three_and_ends_all_three(demonstrated, tmp_path):
    found, issuer, api = demonstrated
    told = serving.demo_environment(tmp_path)
    with Visitor(issuer, told["DEMO_USERNAME"], told["DEMO_PASSWORD"]) as visitor:
        page = visitor.go(f"{found.url}/sign-in")
        left = visitor.post(f"{found.url}/sign-out")
    os.kill(found.pid, signal.SIGTERM)

    assert "Demo Person" == name_of(page)
    assert 'id="enter"' in left.text
    assert f"The app is at {found.url} and asks the API at {api}." in found.log
    assert all(is_gone(url) for url in (issuer, api, found.url))


def is_gone(url: str) -> bool:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            httpx2.get(url)
        except httpx2.TransportError:
            return True
        time.sleep(0.05)
    return False
