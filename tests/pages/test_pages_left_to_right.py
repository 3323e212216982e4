"""Every sample page in light and dark, wide and narrow, and with letters of twice the size: accessible, and it fits."""

import pytest

from tests.pages.browser import violations
from tests.pages.samples import SAMPLES
from tests.pages.visiting import *  # noqa: F403

# What a rule says of a page depends on its colours, or on its width; the others were asked before.
OF_COLOURS = ("color-contrast", "link-in-text-block")
OF_WIDTH = (*OF_COLOURS, "target-size", "scrollable-region-focusable")


def width(page):
    return page.evaluate("document.documentElement.scrollWidth")


@pytest.mark.parametrize("name", SAMPLES)
def test_a_page_is_accessible_and_fits(visit, name):
    page = visit(name)
    light, wide = violations(page), width(page)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")  # colours do not fade, but change
    dark = violations(page, *OF_COLOURS)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 320, "height": 640})
    small, narrow = violations(page, *OF_WIDTH), width(page)
    page.set_viewport_size({"width": 640, "height": 700})
    page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")

    assert "" == light
    assert "" == dark
    assert "" == small
    assert wide <= 900
    assert narrow <= 320
    assert width(page) <= 640
    assert [] == visit.said
