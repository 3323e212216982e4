"""Every sample page in Arabic, dark and narrow: accessible, and it fits."""

import pytest

from tests.pages.browser import violations
from tests.pages.samples import SAMPLES
from tests.pages.visiting import *  # noqa: F403


@pytest.mark.parametrize("name", SAMPLES)
def test_a_page_is_accessible_and_fits_from_right_to_left(visit, name):
    page = visit(name, "arabic")

    assert "" == violations(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert [] == visit.said
