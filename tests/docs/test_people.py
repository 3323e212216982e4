"""What the pages on signing in show is what the code reads, and what it says."""

import base64
import json
from datetime import UTC, datetime

from mintmark.pages.branding import Look
from mintmark.pages.render import Pages
from mintmark.protocol import acr_levels, external_factor
from mintmark.protocol.external_factor import Ask, Question
from mintmark.settings import Settings
from tests.docs import blocks
from tests.pages.samples import SIGN_IN

SECRET = "whsec_" + base64.b64encode(bytes(32)).decode()
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def shown(page):
    return [block.text for block in blocks.all_blocks() if block.page == f"docs/{page}.md"]


def test_the_levels_of_the_page_are_levels():
    levels = {level.name: level for level in acr_levels.read(json.loads(shown("sign-in")[0]))}

    assert (2, False, 8 * 3600) == seen(levels["urn:mintmark:acr:2"])
    assert (2, True, 300) == seen(levels["urn:example:payments"])


def seen(level):
    return level.kinds, level.resists_phishing, level.fresh.total_seconds()


def test_the_service_of_the_page_can_be_declared_asked_and_answers():
    declared, asked, answer = map(json.loads, shown("external-factor"))
    [ring] = declared["factors"]
    found = external_factor.read({**ring, "secret": SECRET})
    question = Question(found.name, "alice", "0190", "7f3a", "192.0.2.1", "A browser", 1, None, "")
    body = json.loads(external_factor.body(question, NOW))

    assert (set(body), set(body["data"]), set(body["data"]["user"])) == (
        set(asked), set(asked["data"]), set(asked["data"]["user"])
    )  # fmt: skip
    assert asked["timestamp"] == body["timestamp"]
    assert isinstance(external_factor._understood(answer), Ask)


def test_the_template_of_the_page_extends_ours(tmp_path):
    (tmp_path / "sign_in.html").write_text(shown("branding")[0])
    look = Look.read(Settings.load({"MINTMARK_TEMPLATES": str(tmp_path)}, None, demo=True))
    page = Pages("Acme", "", None, None, look).page("sign_in.html", **SIGN_IN).decode()

    assert page.index("we move house") < page.index('<form id="sign-in"')
