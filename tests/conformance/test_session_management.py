"""The modules of the Session Management plan, in Chromium: the frame of the server is a script."""

import json

import pytest

from tests.conformance.plans import module
from tests.conformance.provider import PASSWORD, USERNAME
from tests.conformance.test_config import verify
from tests.journeys.browsing import CHROMIUM, OPTIONS, PATIENCE, playwright

__all__ = ["playwright"]

# As OIDC Session Management §3.1 has it: the relying party's frame asks the server's, by the messages of windows.
ASKING = """<!doctype html><title>relying party</title><script>
const opened = new Promise((done) => addEventListener("load", done));
async function ask(origin, message) {
  await opened;
  const frame = document.getElementById("op");
  return new Promise((done) => {
    addEventListener("message", (said) => { if (said.origin === origin) done(said.data); }, { once: true });
    frame.contentWindow.postMessage(message, origin);
  });
}
</script><iframe id="op" src=%s hidden></iframe>"""


@module("oidcc-session-management-discovery-endpoint-verification")
def test_oidcc_session_management_discovery_endpoint_verification(run, rp):
    assert verify(rp)["check_session_iframe"].startswith("https://")


@pytest.fixture
def page(playwright, tmp_path):
    """With a profile of its own, whose preference lets frames read the cookies of their own site."""
    preferences = {"profile": {"cookie_controls_mode": 0, "block_third_party_cookies": False}}
    (tmp_path / "Default").mkdir()
    (tmp_path / "Default" / "Preferences").write_text(json.dumps(preferences))
    options = {"executable_path": CHROMIUM, "args": [*OPTIONS], "ignore_https_errors": True}
    context = playwright.chromium.launch_persistent_context(tmp_path, **options)
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


@module("oidcc-session-management-rp-initiated-logout")
def test_oidcc_session_management_rp_initiated_logout(run, rp, page):
    """`unchanged` while the person is signed in, `changed` after they left."""
    landing = rp.folder.url("post_logout_redirect")
    rp.start(post_logout_redirect_uris=[landing])
    page.goto(rp.address())
    page.fill("#username", USERNAME)
    page.fill("#password", PASSWORD)
    page.click("#submit")
    if page.locator("#consent").count():  # a client that was written down may have been allowed by another test
        page.click("#allow")
    page.wait_for_selector("#submission_complete")
    answer = rp.folder.heard("callback")[-1].one()
    tokens = rp.redeem(answer)
    state = answer["session_state"]

    assert " " not in state
    assert "unchanged" == asked(rp, page, state)
    assert "changed" == asked(rp, page, ("1" if state[0] == "0" else "0") + state[1:])
    assert "error" == asked(rp, page, "")

    hint = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": landing, "state": "the-state"}
    page.goto(f"{rp.metadata['end_session_endpoint']}?" + "&".join(f"{name}={value}" for name, value in hint.items()))
    page.wait_for_url(f"{landing}*")

    assert {"state": "the-state"} == rp.folder.heard("post_logout_redirect")[0].one()
    assert "changed" == asked(rp, page, state)


def asked(rp, page, state):
    """What the server's frame answers to a relying party of another site."""
    address = rp.folder.put(
        "session_verify", (ASKING % json.dumps(rp.metadata["check_session_iframe"])).encode(), "text/html"
    )
    page.goto(address)
    message = f"{rp.client['client_id']} {state}".rstrip()
    return page.evaluate("([origin, message]) => ask(origin, message)", [rp.op.issuer, message])
