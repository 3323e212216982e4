import re

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2.exceptions import SecurityError

from mintmark import colours
from mintmark.pages.branding import BadBranding, Look
from mintmark.pages.render import Pages
from mintmark.settings import Settings
from mintmark.settings.sources import SettingsRefused
from tests.pages.samples import SIGN_IN

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000a49444154789c6360000002000100ffff03000006000557bfabd40000000049454e44ae426082"
)
COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def look(**settings):
    found = {f"MINTMARK_{name.upper()}": str(value) for name, value in settings.items()}
    return Look.read(Settings.load(found, None, demo=True))


def branded(**settings):
    return Pages("Acme", "", None, None, look(**settings))


def sheet(pages):
    return next(file.body.decode() for name, file in pages.static.items() if name.endswith(".css"))


@given(COLOURS)
def test_whatever_the_accent_everything_in_it_and_on_it_can_be_read(colour):
    for scheme in (colours.LIGHT, colours.DARK):
        accent = colours.accent(colour, scheme)

        for back in (scheme.paper, scheme.card, accent.wash):
            assert colours.contrast(accent.colour, back) >= 4.5
        assert colours.contrast(accent.on_it, accent.colour) >= 4.5
        assert colours.contrast(accent.on_it, accent.under_finger) >= 4.5


@given(COLOURS)
def test_ink_can_be_read_on_the_wash_of_every_accent(colour):
    assert colours.contrast("#1d1b16", colours.accent(colour, colours.LIGHT).wash) >= 7
    assert colours.contrast("#f2efe6", colours.accent(colour, colours.DARK).wash) >= 7


def test_an_accent_that_can_be_read_is_shown_as_it_is():
    assert "#1a4fd6" == colours.accent("#1a4fd6", colours.LIGHT).colour
    assert "#ffcc00" == colours.accent("#ffcc00", colours.DARK).colour
    assert "#ffcc00" != colours.accent("#ffcc00", colours.LIGHT).colour


def test_the_papers_are_those_of_the_style_sheet():
    light, dark = re.findall(r"--paper:(#[0-9a-f]+);--card:(#[0-9a-f]+)", sheet(branded()))

    assert (colours.LIGHT.paper, colours.LIGHT.card) == light
    assert (colours.DARK.paper, colours.DARK.card) == dark


def test_the_accent_stands_last_in_the_style_sheet_which_stays_small():
    style = sheet(branded(accent_color="#C0FFEE"))

    assert "--mint:#547069;" in style.rpartition("}}")[0].rpartition("@media(prefers-color-scheme:dark)")[0][-200:]
    assert len(style) < 8 * 1024 + 300


def test_a_colour_that_is_none_is_refused():
    with pytest.raises(SettingsRefused, match="MINTMARK_ACCENT_COLOR must be a colour such as #0f7b5f"):
        look(accent_color="mint")


def test_an_accent_that_is_changed_is_told_to_the_operator():
    settings = Settings.load({"MINTMARK_ACCENT_COLOR": "#fc0"}, None, demo=True)

    assert "MINTMARK_ACCENT_COLOR is hard to read on light paper: #826800 is shown instead" in settings.warnings


def test_a_logo_is_served_from_here_in_the_place_of_the_coin(tmp_path):
    (tmp_path / "logo").write_bytes(PNG)
    pages = branded(logo=tmp_path / "logo")
    page = pages.page("signed_out.html").decode()
    [name] = [name for name in pages.static if name.startswith("logo.")]

    assert f'<img class="mark" src="/static/{name}" alt="">' in page
    assert f'<link rel="icon" href="/static/{name}">' in page
    assert "<svg" not in page
    assert "image/png" == dict(pages.static[name].headers)["content-type"]


def test_a_drawing_is_shown_without_what_could_run(tmp_path):
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><script>x</script><path d="M0 0h1v1z"/></svg>'
    (tmp_path / "logo.svg").write_bytes(drawing)
    pages = branded(logo=tmp_path / "logo.svg")

    assert b"script" not in next(file.body for name, file in pages.static.items() if name.startswith("logo."))


@pytest.mark.parametrize("body", [b"", b"GIF87", b"<html>", PNG + bytes(16_000)])
def test_a_logo_that_is_no_small_picture_is_refused(tmp_path, body):
    (tmp_path / "logo").write_bytes(body)

    with pytest.raises(BadBranding, match="MINTMARK_LOGO must be"):
        look(logo=tmp_path / "logo")


def test_a_logo_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(BadBranding, match="does not open"):
        look(logo=tmp_path / "nothing")


def test_a_template_of_the_operators_takes_the_place_of_ours_and_may_extend_it(tmp_path):
    (tmp_path / "sign_in.html").write_text(
        '{% extends "mintmark/sign_in.html" %}{% block card %}<p>House rules</p>{{ super() }}{% endblock %}'
    )
    page = branded(templates=tmp_path).page("sign_in.html", **SIGN_IN).decode()

    assert "<p>House rules</p>" in page
    assert '<form id="sign-in"' in page
    assert "House rules" not in branded(templates=tmp_path).page("signed_out.html").decode()


def test_own_style_stands_behind_ours(tmp_path):
    (tmp_path / "own.css").write_text(".card{border-radius:0}")

    assert sheet(branded(templates=tmp_path)).endswith(".card{border-radius:0}")


@pytest.mark.parametrize(
    "template", ["{{ ''.__class__.__mro__ }}", "{{ language.say.__globals__ }}", "{{ cycler.__init__.__globals__.os }}"]
)
def test_a_template_reaches_nothing_behind_what_it_is_given(tmp_path, template):
    (tmp_path / "signed_out.html").write_text(template)

    with pytest.raises((SecurityError, jinja2.UndefinedError)):
        branded(templates=tmp_path).page("signed_out.html")


def test_a_slip_in_a_template_is_told_at_the_start(tmp_path):
    (tmp_path / "error.html").write_text("<p>\n{% if x %}")

    with pytest.raises(BadBranding, match=r"error\.html, line 2"):
        look(templates=tmp_path)


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(BadBranding, match="is no folder"):
        look(templates=tmp_path / "nothing")
