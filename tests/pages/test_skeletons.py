"""A page whose tokens were put in is the page that rendering makes."""

import re
from gettext import NullTranslations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.languages import Language, Languages
from mintmark.pages import skeletons
from mintmark.pages.branding import Look
from mintmark.pages.render import Pages
from mintmark.pages.skeletons import Skeletons

ENGLISH = Languages().best(["en"])
PAGES = Pages("Acme", "", None, None, sign_up=True)
TOKEN = st.text("ABCxyz019_-", min_size=32, max_size=64)
NAME = st.text(st.characters(codec="utf-8"), max_size=30)


def context(csrf_token="c" * 43, request="r" * 43, **more):
    """What a sign-in page that nobody has filled in is given."""
    return {
        "csrf_token": csrf_token, "request": request, "client": None, "step": "", "fresh": "", "action": "/login",
        "username": "", "reauthenticate": False, "code_url": "", "message": None, "passkeys": True,
        "rp_id": "a.example", "useless": "", **more,
    }  # fmt: skip


def app(name="Notes", **more):
    return {"name": name, "logo_url": None, "policy_url": None, "tos_url": None, **more}


def rendered(given, language=ENGLISH):
    return PAGES._environment.get_template("sign_in.html").render(given, language=language).encode(errors="replace")


def value(name, text):
    return re.findall(f'name="{name}" value="([^"]*)"', text)[0]


class Counted:
    def __init__(self):
        self.times = 0

    def __call__(self, template, language, given):
        self.times += 1
        return PAGES._render(template, language, given)


@given(
    csrf_token=TOKEN | NAME, request=TOKEN | NAME, name=NAME, username=st.just("") | NAME, again=st.booleans(),
    tag=st.sampled_from(["en", "de", "ar", "ja"]),
)  # fmt: skip
def test_it_is_what_rendering_makes(csrf_token, request, name, username, again, tag):
    language = Languages().best([tag])
    of = context(
        csrf_token, request, client=app(name), username=username, reauthenticate=again,
        code_url=f"https://a.example/code?request={request}" if request.isascii() and request.isprintable() else "",
    )  # fmt: skip

    assert rendered(of, language) == PAGES.page("sign_in.html", language, **of)
    assert rendered(of, language) == PAGES.page("sign_in.html", language, **of)


def test_it_is_rendered_once_for_everybody():
    counted = Counted()
    pages = Skeletons(counted)
    texts = [pages.page("sign_in.html", ENGLISH, context(one * 43, two * 43)) for one, two in ("ab", "cd", "ae")]

    assert 1 == counted.times
    assert ["a" * 43, "c" * 43, "a" * 43] == [value("csrf_token", text) for text in texts]
    assert ["b" * 43, "d" * 43, "e" * 43] == [value("request", text) for text in texts]
    assert all(f"/sign-up?request={two * 43}" in text for text, two in zip(texts, "bde", strict=True))


@pytest.mark.parametrize(
    "more", [{"username": "alice"}, {"message": "Wrong."}, {"step": "s"}, {"fresh": "factors"}, {"useless": "x"}]
)
def test_what_somebody_typed_is_kept_for_nobody(more):
    counted = Counted()
    pages = Skeletons(counted)
    pages.page("sign_in.html", ENGLISH, context(**more))
    pages.page("sign_in.html", ENGLISH, context(**more))

    assert 2 == counted.times
    assert {} == pages._kept


@pytest.mark.parametrize(
    "other",
    [
        {"client": app()}, {"reauthenticate": True}, {"action": "/id/login"}, {"passkeys": False}, {"request": ""},
        {"external_first": [{"name": "bank", "label": "Bank"}]}, {"request": "an odd one"},
    ],
)  # fmt: skip
def test_pages_that_differ_in_anything_else_are_kept_apart(other):
    counted = Counted()
    pages = Skeletons(counted)
    pages.page("sign_in.html", ENGLISH, context())
    of = context(**other)

    assert PAGES._render("sign_in.html", ENGLISH, of) == pages.page("sign_in.html", ENGLISH, of)
    assert 2 == counted.times


def test_another_catalogue_is_another_page():
    class Loud(NullTranslations):
        def gettext(self, message):
            return message.upper()

    pages = Skeletons(PAGES._render)
    loud = pages.page("sign_in.html", Language("en", Loud()), context())

    assert "WELCOME BACK" in loud
    assert "Welcome back" in pages.page("sign_in.html", ENGLISH, context())


def test_few_are_kept():
    counted = Counted()
    pages = Skeletons(counted)
    for number in range(skeletons.MOST + 1):
        pages.page("sign_in.html", ENGLISH, context(client=app(f"App {number}")))
    pages.page("sign_in.html", ENGLISH, context(client=app(f"App {skeletons.MOST}")))

    assert skeletons.MOST + 1 == counted.times
    assert skeletons.MOST == len(pages._kept)


def test_a_page_of_an_operators_own_is_rendered_each_time(tmp_path):
    (tmp_path / "sign_in.html").write_text("{{ csrf_token|upper }} {{ request|length }}")
    own = Pages("Acme", "", None, None, Look(templates=tmp_path))

    assert b"C" * 43 + b" 50" == own.page("sign_in.html", ENGLISH, **context("c" * 43, "r" * 50))
    assert b"D" * 43 + b" 60" == own.page("sign_in.html", ENGLISH, **context("d" * 43, "r" * 60))
