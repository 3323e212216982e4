"""A link that is open in a browser, and the pages that every kind of link has: to ask, and to say that it is done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mintmark import browser as browsers
from mintmark.browser import Browser
from mintmark.links import Opened
from mintmark.pages import answers
from mintmark.server import Server
from mintmark.wire.answer import Answer
from mintmark.wire.asked import Asked


@dataclass(frozen=True, slots=True)
class Here:
    server: Server
    asked: Asked
    browser: Browser
    opened: Opened
    now: datetime
    form_action: Sequence[str] = ()  # where its form may end besides here: at the app whose request goes on with it

    @property
    def mark(self) -> str:
        """Which link a form is of; it opens nothing."""
        return self.opened.link.digest[:8].hex()

    def page(self, template: str, *, status: int = 200, **context: Any) -> Answer:  # Any: what the template asks for
        return answers.page(
            self.server,
            template,
            browser=self.browser,
            form_action=self.form_action,
            status=status,
            coop=True,
            csrf_token=browsers.csrf_token(self.server, self.browser),
            link=self.mark,
            action=f"{self.server.path}/link",
            **context,
        )

    def ask(self, title: str, lead: str, button: str) -> Answer:
        return self.page("link.html", title=title, lead=lead, button=button)

    def done(self, title: str, lead: str, *, onward: str, label: str) -> Answer:
        """The link is spent: the browser forgets it."""
        answer = answers.page(
            self.server, "done.html", browser=self.browser, coop=True, title=title, lead=lead,
            onward=f"{self.server.path}{onward}", label=label,
        )  # fmt: skip
        return browsers.without_link(self.server, answer)
