import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol import drawing

SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {}>{}</svg>'


def clean(inside="", attributes=""):
    found = drawing.clean(SVG.format(attributes, inside).encode())
    return None if found is None else found.decode()


def test_a_drawing_stays_as_it_draws():
    inside = (
        '<title>A &amp; B</title><defs><linearGradient id="a"><stop offset="0" stop-color="#fff"></stop>'
        '</linearGradient></defs><g transform="rotate(3)"><path d="M0,0 L-1.5 2z" fill="url(#a)" style="fill:#0f7b5f">'
        "</path></g>"
    )

    assert f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1">{inside}</svg>' == clean(
        inside, 'viewBox="0 0 1 1"'
    )


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        "<style>@import 'https://a.example'</style>",
        '<image href="https://a.example/x.png"/>',
        '<use href="#a"/>',
        "<foreignObject><b xmlns='http://www.w3.org/1999/xhtml'>x</b></foreignObject>",
        '<a href="javascript:alert(1)"><path d="M0"/></a>',
        '<animate attributeName="href" to="javascript:alert(1)"/>',
        '<script xmlns="">alert(1)</script>',
        '<path xmlns="http://elsewhere.example"/>',
        "<!-- a comment --><?a program?>words",
    ],
)
def test_what_does_not_draw_is_left_out(inside):
    assert '<svg xmlns="http://www.w3.org/2000/svg"></svg>' == clean(inside)


@pytest.mark.parametrize(
    "attribute",
    [
        'onload="alert(1)"',
        'xlink:href="https://a.example"',
        'href="#a"',
        'fill="url(https://a.example/#a)"',
        'style="background:URL(//a.example)"',
        'style="fill: \\75rl(x)"',
        'style="behavior: expression&#40;alert&#40;1&#41;&#41;/*"',
        'fill="&quot;&gt;&lt;script&gt;"',
        'xml:base="https://a.example"',
    ],
)
def test_what_leads_somewhere_is_left_out(attribute):
    assert '<svg xmlns="http://www.w3.org/2000/svg"></svg>' == clean(attributes=attribute)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<svg/>",
        b"<html xmlns='http://www.w3.org/2000/svg'/>",
        b"\xff\xfe<svg/>",
        b"<svg xmlns='http://www.w3.org/2000/svg'>",
        b"<!DOCTYPE svg [<!ENTITY a 'b'>]><svg xmlns='http://www.w3.org/2000/svg'><title>&a;</title></svg>",
        b"<svg xmlns='http://www.w3.org/2000/svg'>&a;</svg>",
    ],
)
def test_what_cannot_be_read_is_none(body):
    assert drawing.clean(body) is None


def test_what_stands_too_deep_is_left_out():
    found = clean("<g>" * 5000 + "</g>" * 5000)

    assert found is not None
    assert drawing.DEEPEST - 1 == found.count("<g>")


@given(st.recursive(st.sampled_from(["", "x", "<script/>", "<path onload='a' d='M0'/>"]), lambda inner: st.builds(
    "<{0} href='javascript:1' fill='{1}'>{2}</{0}>".format, st.sampled_from(["g", "a", "mask", "script"]),
    st.sampled_from(["red", "url(x)", "url(#a)", "&#x22;"]), inner)))  # fmt: skip
def test_whatever_is_drawn_nothing_runs_and_nothing_is_loaded(inside):
    found = clean(inside)

    assert found is not None
    assert not [word for word in ("script", "href", "onload", "javascript", "url(x") if word in found]
    assert found == drawing.clean(found.encode()).decode()  # type: ignore[union-attr]  # it is one again
