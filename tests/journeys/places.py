"""A server, its mail and an app, once on each database: `from tests.journeys.places import *` in a conftest.

On http at localhost, where Chromium has passkeys without a certificate that it knows. `somebody()` sits down at a
browser of their own; each is another person, since whoever has a second factor signs in differently.
"""

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Playwright

from mintmark.keys import sealing
from tests import mailbox
from tests.databases import Database, Fresh, run_sql
from tests.issuer import CHALLENGE, VERIFIER
from tests.journeys.browsing import Site, launch, open_site
from tests.journeys.somebody import Somebody
from tests.mailbox import Mailbox
from tests.serving import PASSWORD, SECRET, Served, answered, environment, free_port, running

__all__ = ["browser", "databases", "names", "place", "somebody"]

PEOPLE = 40
APPLIED: Mapping[str, Any] = {
    "clients": [
        {
            "client_id": "notes",
            "client_name": "Harbour Notes",
            "client_secret": SECRET,
            "redirect_uris": ["http://127.0.0.1/callback"],
            "grant_types": ["authorization_code"],
            "scope": "openid profile",
            "policy": {"require_consent": False},
        }
    ],
    "users": [
        {
            "username": f"person-{number}",
            "password": PASSWORD,
            "name": f"Person-{number}",
            "email": f"person-{number}@example.org",
            "email_verified": True,
        }
        for number in range(PEOPLE)
    ],
}


@dataclass(frozen=True)
class Place(Served):
    mailbox: Mailbox
    app: Site

    @property
    def callback(self) -> str:
        return f"http://127.0.0.1:{self.app.port}/callback"

    def request(self, **changed: str) -> str:
        """The path of a request by the app."""
        parameters = {
            "response_type": "code",
            "client_id": "notes",
            "redirect_uri": self.callback,
            "scope": "openid profile",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **changed,
        }
        return f"/authorize?{urlencode(parameters)}"

    def tokens(self, address: str) -> dict[str, Any]:
        """What the app gets for the code in the address that a browser was sent to."""
        form = {
            "grant_type": "authorization_code",
            "code": answered(address)["code"],
            "code_verifier": VERIFIER,
            "redirect_uri": self.callback,
        }
        with self.http() as http:
            answer = http.post("/token", data=form, auth=("notes", SECRET))
        assert 200 == answer.status_code, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture(scope="module")
def databases(fresh: Fresh, tmp_path_factory: pytest.TempPathFactory, postgresql_server: str) -> Iterator[Any]:
    """Both, made before there is a browser: while Playwright runs, no other event loop can."""
    name, other = fresh.postgresql(postgresql_server)
    yield {"sqlite": fresh.sqlite(tmp_path_factory.mktemp("sqlite") / "mintmark.db"), "postgresql": other}
    run_sql(postgresql_server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def place(
    request: pytest.FixtureRequest, databases: Mapping[str, Database], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    with letters() as box, open_site() as app:
        folder, port = tmp_path_factory.mktemp(request.param), free_port()
        there = environment(
            MINTMARK_ISSUER=f"http://localhost:{port}",
            MINTMARK_DATABASE_URL=databases[request.param].url,
            MINTMARK_SEALING_KEYS=sealing.generate(),
            MINTMARK_OPERATOR_NAME="Acme",
            MINTMARK_SMTP_URL=box.url,
            MINTMARK_EMAIL_CODE="on",
            MINTMARK_SIGN_UP="open",
            MINTMARK_PASSWORD_HASH_MEMORY="64",  # what a hash costs is tried where hashes are tried
            MINTMARK_PASSWORD_HASH_TIME_COST="1",
        )
        found = Place(f"http://localhost:{port}", port, folder, there, box, app)
        (folder / "apply.json").write_text(json.dumps(APPLIED))
        found.command("apply", "apply.json")
        with running(found):
            yield found


@contextmanager
def letters() -> Iterator[Mailbox]:
    box = Mailbox()
    serving = mailbox.serve(box)
    yield box
    mailbox.stop(*serving)


@pytest.fixture(scope="module")
def browser(databases: Mapping[str, Database], playwright: Playwright) -> Iterator[Browser]:
    found = launch(playwright)
    yield found
    found.close()


@pytest.fixture(scope="module")
def names() -> Iterator[str]:
    return (f"person-{number}" for number in itertools.cycle(range(PEOPLE)))


@pytest.fixture
def somebody(browser: Browser, place: Place, names: Iterator[str]) -> Iterator[Callable[..., Somebody]]:
    made: list[Somebody] = []

    def sits_down(name: str = "", **more: Any) -> Somebody:
        """name: of somebody who sits at another browser already."""
        made.append(Somebody(browser, place, name or next(names), **more))
        return made[-1]

    yield sits_down
    for one in made:
        one.context.close()
        assert [] == one.complaints
