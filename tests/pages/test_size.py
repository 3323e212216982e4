"""A page with all that it loads is less than 60 kB, uncompressed and with its headers, whatever the language."""

from collections.abc import Mapping
from typing import Any

import pytest

from mintmark import languages
from mintmark.languages import Languages
from mintmark.pages.branding import MOST_LOGO, Look
from mintmark.pages.render import Pages
from mintmark.protocol import passkey, picture
from tests.pages.elements import Elements
from tests.pages.samples import ACCOUNT_ACTIVITY, SAMPLES, shown

MOST = 60_000
LOGO_HEADERS = 500  # bytes
BRANDED = Look(b":root{--mint:#1a4fd6}", ("logo.0011223344556677.png", "image/png", bytes(MOST_LOGO)), None)


def branded() -> Pages:
    """With the largest logo that an operator may have."""
    return Pages("Acme accounts", "", "https://acme.example/privacy", "https://acme.example/terms", BRANDED)


def weight(pages: Pages, template: str, context: Mapping[str, object], tag: str) -> int:
    """Bytes of the page and of each file that it names, as they are sent to a browser that takes nothing compressed."""
    body = pages.page(template, Languages().best([tag]), **context)
    page = Elements(body.decode())
    loaded = {link["href"] for link in page.of("link")} | {part["src"] for part in page.of("script", "img")}
    logos = {url for url in loaded if "/logo?" in url}  # of apps: each as large as one may be
    loaded -= logos
    files = [file for name, file in pages.static.items() if f"/static/{name}" in loaded]
    assert len(loaded) == len(files)
    sent = [(pages.headers(), body), *((file.headers, file.body) for file in files)]
    return len(logos) * (picture.MOST_BYTES + LOGO_HEADERS) + sum(
        len(body) + sum(len(name) + len(value) + 4 for name, value in headers) for headers, body in sent
    )


@pytest.mark.parametrize("tag", languages.TAGS)
@pytest.mark.parametrize("name", SAMPLES)
def test_a_page_is_small(name, tag):
    assert weight(branded(), *SAMPLES[name], tag) < MOST


@pytest.mark.parametrize("tag", languages.TAGS)
def test_a_page_full_of_activity_is_small(tag):
    rows: Any = ACCOUNT_ACTIVITY["rows"]  # Any: what the template goes through
    full = {**ACCOUNT_ACTIVITY, "rows": rows * 13}

    assert weight(branded(), "account/activity.html", full, tag) < MOST


@pytest.mark.parametrize("tag", languages.TAGS)
@pytest.mark.parametrize("title", ["W" * passkey.LONGEST_NAME, "鍵" * passkey.LONGEST_NAME])
def test_a_page_full_of_passkeys_is_small(tag, title):
    template, context = SAMPLES["account-passkeys"]
    row = {"id": "0" * 36, "title": title, "detail": "added: 90 days ago · last used: yesterday · synchronised"}
    full = {**context, "passkeys": [row] * passkey.MOST, "known": " ".join(["x" * 64] * passkey.MOST)}

    assert weight(branded(), template, full, tag) < MOST


@pytest.mark.parametrize("tag", languages.TAGS)
@pytest.mark.parametrize("name", [name for name, (_, context) in SAMPLES.items() if context.get("client")])
def test_a_page_with_the_largest_logo_of_an_app_is_small(name, tag):
    template, context = SAMPLES[name]
    client: Any = context["client"]  # Any: what the template shows of it
    shown = {**context, "client": {**client, "logo_url": "/logo?client_id=c2&digest=0011"}}

    assert weight(branded(), template, shown, tag) < MOST


def test_what_a_page_loads_is_only_what_it_uses():
    """No script of passkeys where there are none, and none of passwords where none is chosen."""
    for name in SAMPLES:
        text = shown(name)
        assert ("/static/passkey." in text) == ('id="passkey"' in text), name
        assert ("/static/password." in text) == ('id="strength"' in text), name
