import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.wire import accept

JWT, JSON = "application/token-introspection+jwt", "application/json"


@pytest.mark.parametrize(
    "header",
    [JWT, JWT.upper(), f"{JSON}, {JWT}", f"text/html, {JWT};q=0.5", f"{JSON};q=0.4, {JWT}; charset=x; q=0.5",
     f"*/*, {JWT}", f"{JWT};q=1.0,{JSON};q=1"],
)  # fmt: skip
def test_it_is_wanted_where_it_is_named_and_liked_no_less(header):
    assert accept.prefers(header, JWT, JSON)


@pytest.mark.parametrize(
    "header",
    [None, "", "*/*", JSON, "application/*", JWT + "x", f"{JWT};q=0", f"{JWT};q=0.5, {JSON}", f"{JWT};q=nonsense",
     f"{JWT};q=7", f"{JWT};q=nan", f"x{JWT}"],
)  # fmt: skip
def test_elsewhere_the_usual_form_is(header):
    assert not accept.prefers(header, JWT, JSON)


@given(st.text(alphabet=";,=q.019/*+- ajwtx") | st.text())
def test_whatever_stands_there_is_no_error(text):
    assert accept.prefers(text, JWT, JSON) in (True, False)
    assert accept.prefers(f"{text}{JWT}", JWT, JSON) in (True, False)
