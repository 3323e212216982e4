import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol.names import normalise_username


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("alice", "alice"),
        ("ALICE", "alice"),
        ("  Alice ", "alice"),
        ("alice   the\u00a0first", "alice the first"),
        ("ａｌｉｃｅ", "alice"),  # noqa: RUF001  # full width
        ("Straße", "strasse"),
        ("STRASSE", "strasse"),
        ("e\u0301mile", "\u00e9mile"),
        ("\u212bngstr\u00f6m", "\u00e5ngstr\u00f6m"),
    ],
)
def test_names_that_look_alike_are_one(written, folded):
    assert folded == normalise_username(written)


@given(st.text())
def test_a_key_is_always_its_own_key(name):
    key = normalise_username(name)

    assert key == normalise_username(key)


@given(st.text())
def test_case_and_spaces_around_never_make_another_name(name):
    assert normalise_username(name) == normalise_username(f" {name}\t")
    assert normalise_username(name) == normalise_username(name.casefold())
