"""Expressions over facts: what they can say, and the bounds that hold whoever wrote them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark import expressions
from mintmark.expressions import ExpressionRefused, Failed, Kind, Language, NotKnown

NAMES: dict[str, Kind] = {
    "who.name": "text",
    "who.groups": "texts",
    "who.any": "anything",
    "who.more": "object",
    "who.flag": "flag",
}
FACTS = {
    "who.name": "Alice", "who.groups": ["app:a", "b"], "who.any": None, "who.flag": True,
    "who.more": {"department": "R&D", "nothing": None, "list": [1, 2]},
}  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


def language():
    return Language(NAMES)


def value(text, facts=FACTS):
    return language().read(text).value(facts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("who.name", "Alice"),
        ("who.groups.map(g, g.startsWith('app:'), g.replace('app:', ''))", ["a"]),
        ("who.name.lower() + who.name.upper()", "aliceALICE"),
        ("'a@b'.split('@')[1] + ' x '.trim()", "bx"),
        ("'abc'.split('')", ["a", "b", "c"]),
        ("who.groups.join(' ')", "app:a b"),
        ("who.any == null ? 'none' : who.any", "none"),
        ("has(who.more.nope) ? 1 : 2", 2),
        ("{'a': [1, 2.5, true, null, {'b': who.more.department}]}", {"a": [1, 2.5, True, None, {"b": "R&D"}]}),
        ("'b' in who.groups && who.flag", True),
        ("who.more.list.map(n, n * 2)", [2, 4]),
    ],
)
def test_an_expression_makes_json_of_facts(text, expected):
    assert expected == value(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "1 to 500 characters"),
        ("'" + "x" * 500 + "'", "1 to 500 characters"),
        ("'\ud800'", "of Unicode"),
        ("who.nam", "undeclared reference to 'who.nam'"),
        ("nobody", "undeclared reference to 'nobody'"),
        ("1 + who.groups", "no matching overload"),
        ("1 +", "Syntax error"),
        ("import os", "reserved identifier"),
        ("who.name.__class__()", "undeclared reference"),
        ("(" * 100 + "1" + ")" * 100, "recursion"),
        ("who.groups.map(a, who.groups.map(b, who.groups.map(c, a + b + c)))", "may hold 2 of"),
    ],
)
def test_what_is_no_expression_is_refused_with_the_reason(text, why):
    with pytest.raises(ExpressionRefused, match=why.replace("(", r"\(")):
        language().read(text)


@pytest.mark.parametrize(
    "text",
    ["who.any + 'x'", "who.any.lower()", "who.more.nope", "who.groups[5]", "who.more.nothing + 1", "{'a': 1}['b']"],
)
def test_what_is_not_known_is_told_apart_from_a_mistake(text):
    with pytest.raises(NotKnown):
        value(text)


def test_a_fact_that_is_missing_altogether_is_not_known():
    with pytest.raises(NotKnown):
        value("who.name", {})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1 / (size(who.groups) - 2)", "divide by zero"),
        ("who.more.department + 1", "overload"),
        ("b'a'", "neither text"),
        ("timestamp('2020-01-01T00:00:00Z')", "neither text"),
        ("1.0 / 0.0", "infinite"),
        ("{1: 2}", "names are no texts"),
        ("[[[[[[1]]]]]]", "deeper than 5"),
        ("9223372036854775807 + size(who.groups)", "overflow"),
        ("'" + "a" * 100 + "'.replace('a', '" + "b" * 100 + "')", "too long"),
        ("'a'" + ".replace('a', 'aaa')" * 10, "too long"),
    ],
)
def test_what_cannot_be_told_fails_and_says_why(text, why):
    with pytest.raises(Failed, match=why) as caught:
        value(text)

    assert not isinstance(caught.value, NotKnown)


@pytest.mark.parametrize(
    "text",
    [
        str(["x"] * 5) + ".map(a, [a, a, a, a, a, a, a, a, a, a]).map(b, [b, b, b, b, b, b, b, b, b, b, b, b])",
        "[" + ", ".join("x" * 60) + "].map(x, " + "+".join(["x"] * 30) + ")",
        f"{list(range(60))}.all(a, {list(range(60))}.all(b, a.string == b))",
    ],
)
def test_growth_has_an_end(text):
    with pytest.raises((ExpressionRefused, Failed)):
        value(text)


def test_a_text_that_was_doubled_again_and_again_is_not_told():
    grown = "+".join(["x"] * 30)

    with pytest.raises(Failed, match="more than 4000 characters"):
        value(f"['{'a' * 100}'].map(x, {grown}).map(x, {grown})")


def test_steps_and_calls_are_counted_for_each_evaluation():
    long = FACTS | {"who.groups": ["g"] * 1001}
    calls = language().read("who.groups.map(g, g.lower())")

    with pytest.raises(Failed, match="1000 calls"):
        calls.value(long)
    with pytest.raises(Failed, match=r"[Ii]teration"):
        value("who.groups.all(a, who.groups.all(b, a == b))", long)
    assert ["app:a", "b"] == calls.value(FACTS)


def test_functions_take_no_text_that_is_too_long():
    with pytest.raises(Failed, match="too long"):
        value("who.name.lower()", FACTS | {"who.name": "x" * 4001})


def test_an_expression_that_is_not_understood_any_more_fails_by_itself():
    kept = language().kept("who.was_here_before")

    assert "Alice" == language().kept("who.name").value(FACTS)
    with pytest.raises(Failed, match="not understood any more"):
        kept.value(FACTS)


@given(JSON)
def test_every_fact_is_readable_or_not_known(fact):
    facts = {"who.more": {"fact": expressions.readable(fact)}}

    try:
        json.dumps(language().read("who.more.fact").value(facts), allow_nan=False)
    except Failed as failure:
        why = str(failure)
    else:
        why = "deeper"

    assert "infinite" in why or "deeper" in why


def test_what_the_library_cannot_hold_is_not_known():
    assert [None, None, None, 1, {"b": None}] == expressions.readable(
        ["\0", "\ud800", 1 << 63, 1, {"a\0": 1, "b": object()}]
    )


@given(st.text(alphabet="who.gamepsn()[]{}'\",:+-*/<>=!&|?0123 \\", max_size=60))
def test_whatever_is_written_is_refused_fails_or_makes_json(text):
    why = ""
    try:
        json.dumps(language().read(text).value(FACTS), allow_nan=False)
    except (ExpressionRefused, Failed) as refusal:
        why = str(refusal)

    assert len(why) < 400
