import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol import scope
from mintmark.protocol.errors import InvalidScope

WORDS = st.lists(
    st.text(st.sampled_from([chr(c) for c in range(0x21, 0x7F) if chr(c) not in '"\\']), min_size=1), max_size=9
)


@given(WORDS)
def test_every_scope_is_read_as_it_was_written(words):
    unique = tuple(dict.fromkeys(words))

    assert unique == scope.parse(scope.write(words))
    assert unique == scope.parse("  ".join(words) + " ")


@given(st.text())
def test_whatever_comes_is_read_or_refused(text):
    try:
        words = scope.parse(text)
    except InvalidScope:
        return

    assert set(text) <= {" ", *"".join(words)}
    assert all(word and " " not in word for word in words)


def test_runs_of_spaces_are_one_and_no_word_stands_twice():
    assert ("openid", "email") == scope.parse("  openid   email openid ")
    assert () == scope.parse("")
    assert () == scope.parse("  ")


@pytest.mark.parametrize("text", ["a\tb", "a\n", 'a"b', "a\\b", "é", "a\u00a0b", "a\u2003b", "a\x7f", "\ud800", "a\0"])
def test_bad_syntax_is_refused(text):
    with pytest.raises(InvalidScope, match=r"RFC 6749 §3\.3"):
        scope.parse(text)


def test_a_huge_scope_is_refused_before_it_is_looked_at():
    assert ("a" * scope.LONGEST,) == scope.parse("a" * scope.LONGEST)
    with pytest.raises(InvalidScope, match="longer"):
        scope.parse("a" * (scope.LONGEST + 1))


@given(WORDS, WORDS)
def test_within_never_widens_and_keeps_the_order(words, allowed):
    kept = scope.within(words, allowed)

    assert set(kept) == set(words) & set(allowed)
    assert list(kept) == [word for word in words if word in kept]


def test_admin_scopes_are_told_by_their_prefix():
    assert scope.is_admin("admin:read")
    assert scope.is_admin("admin:anything")
    assert not scope.is_admin("administrator")
    assert not scope.is_admin("api:admin:read")


def test_an_operator_lacks_the_admin_scopes_that_they_do_not_hold_unless_they_hold_both_great_ones():
    asked = ["admin:read", "admin:clients", "api:read"]

    assert ("admin:clients",) == scope.lacking(["admin:read"], asked)
    assert ("admin:read", "admin:clients") == scope.lacking(["api:read"], asked)
    assert () == scope.lacking(["admin:read", "admin:write"], asked)
