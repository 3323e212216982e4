import ast
import importlib
import re
from gettext import NullTranslations
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mintmark import devices, languages
from mintmark.languages import Language, Languages
from mintmark.pages.render import Pages
from mintmark.texts import Text, listed
from tests.pages.samples import SAMPLES, pages

ROOT = Path(__file__).resolve().parents[2]
HOUSE = ROOT / "src" / "mintmark"

# Words that two languages share.
SHARED: dict[str, set[object]] = {
    "fr": {("%(num)s minute", "%(num)s minutes"), "Code"},
    "de": {"Name", "Code", "Passkeys"},
}
PLACEHOLDER = re.compile(r"%\([a-z_]+\)s")
TAG = re.compile(r"</?[a-z][^>]*>")


@pytest.fixture(scope="module")
def catalogues():
    return importlib.import_module("tools.catalogues")


@pytest.fixture(scope="module")
def said(catalogues):
    """What the code and the templates say now: the catalogue's messages by their keys."""
    return {message.id: message for message in catalogues.drawn() if message.id}


FOREIGN = [tag for tag in languages.TAGS if tag != "en"]


@pytest.mark.parametrize("tag", FOREIGN)
def test_a_catalogue_has_every_text_in_its_own_words(catalogues, said, tag):
    kept = catalogues.kept(tag)
    empty, fuzzy, english = [], [], []
    for id in said:
        found = kept.get(id)
        strings = ("",) if found is None else found.string if isinstance(found.string, tuple) else (found.string,)
        empty += [id] if not all(strings) else []
        fuzzy += [id] if found is not None and found.fuzzy else []
        originals = set(id) if isinstance(id, tuple) else {id}
        english += [id] if originals & set(strings) and id not in SHARED.get(tag, ()) else []

    assert [] == empty, "not translated"
    assert [] == fuzzy
    assert [] == english, "left in English"


@pytest.mark.parametrize("tag", FOREIGN)
def test_a_translation_has_the_placeholders_and_the_markup_of_its_text(catalogues, said, tag):
    wrong = []
    for message in catalogues.kept(tag):
        if not message.id or message.id not in said:
            continue
        if isinstance(message.id, tuple):  # a form for one or two may do without the number
            wrong += [message.id for form in message.string if placed(form) - placed(message.id[1])]
            wrong += [message.id for form in message.string[-1:] if placed(form) != placed(message.id[1])]
        elif parts(message.id) != parts(message.string):
            wrong.append(message.id)

    assert [] == wrong


def placed(text):
    return set(PLACEHOLDER.findall(text))


def parts(text):
    return sorted(PLACEHOLDER.findall(TAG.sub("", text))), sorted(TAG.findall(text))


@pytest.mark.parametrize("tag", FOREIGN)
def test_a_catalogue_is_fresh_and_compiled(catalogues, tag):
    assert catalogues.path(tag, "po").read_text() == catalogues.written(tag), "tools/generated.py --write"
    assert catalogues.path(tag, "mo").read_bytes() == catalogues.compiled(tag), "tools/generated.py --write"


class Marked(NullTranslations):
    """A language in which every text stands in brackets."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, one, many, number):
        return self.gettext(one) if number == 1 else self.gettext(many)


class Seen(HTMLParser):
    """What people see and hear, outside the brackets."""

    def __init__(self, text):
        super().__init__()
        self.depth, self.outside, self.tags = 0, [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        for name, value in attrs:
            if name in ("title", "aria-label", "placeholder", "alt") or name.startswith("data-label"):
                self.outside.append(re.sub("⟦.*?⟧", "", value or ""))

    def handle_data(self, text):
        kept = ""
        for letter in text:
            self.depth += {"⟦": 1, "⟧": -1}.get(letter, 0)
            kept += letter if not self.depth and letter != "⟧" else ""
        self.outside.append(kept)


def given(value):
    """Every string of a context that is no text of ours: names, addresses, the operator's words."""
    if isinstance(value, Text):
        for one in (*value.parts, *value.values.values()):
            yield from given(one)
    elif isinstance(value, str):
        yield from (value, value[:1].upper())
    elif hasattr(value, "__slots__"):
        for name in value.__slots__:
            yield from given(getattr(value, name))
    elif hasattr(value, "values"):
        for one in value.values():
            yield from given(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from given(one)


@pytest.mark.parametrize("name", SAMPLES)
def test_whatever_a_page_says_comes_from_a_catalogue(name):
    template, context = SAMPLES[name]
    page = pages().page(template, Language("en", Marked()), **context).decode()
    known = sorted({*given(context), "Acme accounts", "unmet_authentication_requirements"}, key=len, reverse=True)
    unmarked = []
    for text in Seen(page).outside:
        rest = text
        for one in known:
            rest = rest.replace(one, "") if one else rest
        unmarked += [text.strip()] if re.search(r"[^\W\d_]{2,}", rest) else []

    assert [] == unmarked


@pytest.mark.parametrize("tag", languages.TAGS)
@pytest.mark.parametrize("name", SAMPLES)
def test_every_page_is_made_in_every_language(name, tag):
    template, context = SAMPLES[name]
    page = pages().page(template, Languages().best([tag]), **context).decode()

    direction = "rtl" if tag == "ar" else "ltr"
    assert f'<html lang="{tag}" dir="{direction}">' in page
    assert "%(" not in page


@pytest.mark.parametrize("tag", languages.TAGS)
def test_the_refusing_button_never_contains_the_accepting_word(tag):
    """Programs press buttons by their words."""
    catalogue = Languages().best([tag]).catalogue

    assert catalogue.gettext("Allow").lower() not in catalogue.gettext("Deny").lower()


def is_marked(node):
    return isinstance(node, ast.Call) and ast.unparse(node.func) in ("_", "ngettext")


SENTENCE = re.compile(r"[A-Z][^_]* .*")
ASIDE = {"check", "expected", "description"}  # for operators and developers


def unmarked(tree):
    """Literal sentences that a person would read, and that no marker stands around."""
    spared = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            spared |= {id(node.body[0].value)} if isinstance(node.body[0], ast.Expr) else set()
        elif is_marked(node) or (isinstance(node, ast.keyword) and node.arg in ASIDE):
            spared |= {id(one) for one in ast.walk(node)}
    for node in ast.walk(tree):
        said = node.value if isinstance(node, ast.Constant) else None
        if isinstance(said, str) and id(node) not in spared and SENTENCE.fullmatch(said):
            yield said


def test_the_pages_speak_in_marked_sentences():
    found = {path.name: list(unmarked(ast.parse(path.read_text()))) for path in (HOUSE / "pages").glob("*.py")}

    assert {} == {name: sentences for name, sentences in found.items() if sentences and name != "words.py"}


SHOWN = {"WrongProof", "UntrustedRequest", "ForgedForm", "UnknownClient", "TooManyAttempts"}


def test_what_a_refusal_says_to_a_person_is_marked():
    """A sentence that begins with a capital and ends with a full stop is written for people."""
    plain = []
    for path in HOUSE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in SHOWN:
                said = node.args[0] if node.args else None
                if isinstance(said, ast.Constant) and re.fullmatch(r"[A-Z].*\.", f"{said.value!s}"):
                    plain.append(f"{path.name}: {ast.unparse(said)}")

    assert [] == plain


def test_a_default_is_for_whoever_names_no_language_of_ours():
    assert "fr" == Languages("fr").best([]).tag
    assert "fr" == Languages("fr").best(["*"]).tag
    assert "ja" == Languages("fr").best(["ja-JP-u-ca-japanese"]).tag


def test_on_a_line_from_right_to_left_each_part_stands_by_itself():
    parts = listed([devices.name("Firefox/ Linux"), "2001:db8::1", "198.51.100.7"])

    assert "\u2067Firefox على Linux\u2069 · \u20682001:db8::1\u2069 · \u2068198.51.100.7\u2069" == (
        Languages().best(["ar"]).say(parts)
    )
    assert "Firefox on Linux · 2001:db8::1 · 198.51.100.7" == Languages().best(["en"]).say(parts)


def test_pages_without_a_language_are_english():
    assert b'<html lang="en" dir="ltr">' in Pages("Acme", "", None, None).page("signed_out.html")


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        (None, ()),
        ("de", ("de",)),
        ("fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5", ("fr-CH", "fr", "en", "de", "*")),
        ("en;q=0.2, ja", ("ja", "en")),
        ("de;q=0, fr", ("fr",)),
        ("de;q=2, fr;q=, es ; q=0.4", ("es",)),
    ],
)
def test_accept_language_is_read_by_its_weights(header, wanted):
    assert wanted == languages.accepted(header)


def test_ui_locales_are_tags_between_spaces():
    assert ("de-CH", "fr") == languages.named(" de-CH  fr ")
    assert () == languages.named(None)
    assert 20 == len(languages.named("de " * 1000))
