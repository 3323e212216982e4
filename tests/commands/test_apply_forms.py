"""The languages of an apply file: what each says, what is refused, and at which line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.commands import forms
from mintmark.commands.forms import FORMS, Unreadable, as_yaml, spots, writers

TOML = """\
[policy]
session_idle = "8h"
not_after = 18:00:00

[[clients]]
client_id = "a" # with a comment
redirect_uris = [
  "x", # and one more
  "y"]
policy = {require_pkce = false, "a b" = 1}

[clients.claims]
x.y = '''
fo[o]
'''

[[clients]]
client_id = 'b'

[groups.staff.policy]
max_sessions = 3
"""
YAML = """\
policy: {session_idle: 8h, not_after: 18:00}
clients:
- client_id: a
  redirect_uris:
    - x
    - "y"
- client_id: b
groups:
  "the staff":
    policy: &strict
      max_sessions: 0o3
  others: {policy: *strict}
"""
JSON = """\
{"policy": {"session_idle": "8h"},
 "clients": [
  {"client_id": "a",
   "redirect_uris": ["x",
    "y"]}, {}]}
"""


def test_the_ending_says_the_language():
    assert ["JSON", "TOML", "YAML", "YAML"] == [
        getattr(forms.of_name(f"a.{end}"), "name", "") for end in ("json", "TOML", "yaml", "yml")
    ]
    assert None is forms.of_name("apply.conf") is forms.of_name("apply")


def test_toml_and_yaml_say_what_json_says():
    toml, yaml = FORMS["toml"].parse(TOML), FORMS["yaml"].parse(YAML)

    assert {"max_sessions": 3} == toml["groups"]["staff"]["policy"] == yaml["groups"]["the staff"]["policy"]
    assert yaml["groups"]["the staff"] == yaml["groups"]["others"]
    assert ["x", "y"] == toml["clients"][0]["redirect_uris"] == yaml["clients"][0]["redirect_uris"]
    assert "18:00" == yaml["policy"]["not_after"]


@pytest.mark.parametrize(
    ("form", "text", "sentence", "place"),
    [
        ("toml", TOML, "policy.session_idle must be", (2, 1)),
        ("toml", TOML, "clients[0].redirect_uris[1] is", (9, 3)),
        ("toml", TOML, "clients[0].policy.a b is no member", (10, 33)),
        ("toml", TOML, "clients[0].claims.x.y is", (13, 1)),
        ("toml", TOML, "clients[1].client_id must", (18, 1)),
        ("toml", TOML, "clients[1].client_nam is", (17, 1)),
        ("toml", TOML, "groups.staff.policy.max_sessions must", (21, 1)),
        ("yaml", YAML, "policy.session_idle must", (1, 10)),
        ("yaml", YAML, "clients[0].redirect_uris[1] is", (6, 7)),
        ("yaml", YAML, "clients[1] must", (7, 3)),
        ("yaml", YAML, "groups.the staff.policy.max_sessions is", (11, 7)),
        ("json", JSON, "policy.session_idle must", (1, 13)),
        ("json", JSON, "clients[0].redirect_uris[1] is", (5, 5)),
        ("json", JSON, "clients[1].client_id must be", (5, 12)),
    ],
)
def test_a_sentence_is_found_in_the_text_by_its_path(form, text, sentence, place):
    spot = spots.find(sentence, FORMS[form].spots(text))

    assert spot is not None
    assert place == (spot.line, spot.column)


def test_a_sentence_without_a_path_has_no_place():
    assert None is spots.find("client 'shop' would be left", FORMS["json"].spots(JSON))


LAUGHS = "\n".join(
    ["a: &a [x,x,x,x,x,x,x,x,x,x]"]
    + [f"{n}: &{n} [{', '.join([f'*{before}'] * 10)}]" for before, n in zip("abcde", "bcdef", strict=True)]
)


@pytest.mark.parametrize(
    ("form", "text", "place", "sentence"),
    [
        ("json", "", (1, 1), "this is no JSON: it is empty"),
        ("json", '{"a": [1,\n', (2, 1), "the file ends in the middle of it: was it cut off?"),
        ("json", '{"a": 1,\n "b": {"c": 1, "c": 2}}', (2, 16), "'c' stands twice in one object: which of the two"),
        ("json", '{"NaN":\n NaN}', (2, 2), "NaN is no JSON number"),
        ("json", '{"a": -Infinity}', (1, 7), "-Infinity is no JSON number"),
        ("json", '{"a":\n1e999}', (2, 1), "1e999 is no JSON number"),
        ("json", '{"a": 1} x', (1, 10), "this is no JSON: Extra data"),
        ("json", "[" * 100_000, (None, None), "it is nested more than 50 levels deep"),
        ("json", '{"a":' + "1" * 5000 + "}", (None, None), "a number has more digits than anybody could mean"),
        ("toml", "a =", (1, 4), "this is no TOML: Invalid value; the file ends in the middle of it"),
        ("toml", "b = 2\na = [1,", (2, 8), "the file ends in the middle of it"),
        ("toml", "a = 1\na = 2\n", (2, 6), "Cannot overwrite a value: does something stand twice?"),
        ("toml", "[a]\n[a]\n", (2, 3), "does something stand twice?"),
        ("toml", "a: 1", (1, 2), "this is no TOML"),
        ("toml", "a = inf", (None, None), "inf is no number that means anything here"),
        ("toml", "a = " + "[" * 100_000, (None, None), "it is nested more than 50 levels deep"),
        ("toml", "a = " + "1" * 5000, (None, None), "a number has more digits than anybody could mean"),
        ("yaml", "a: [", (2, 1), "this is no YAML: did not find expected node content; the file ends in the middle"),
        ("yaml", "a: 1\nb: c: d", (2, 5), "this is no YAML: mapping values are not allowed in this context"),
        ("yaml", "a:\n\tb: 1", (2, 1), "this is no YAML: found character that cannot start any token"),
        ("yaml", "a: 1\na: 2", (2, 1), "'a' stands twice in one object: which of the two is meant?"),
        ("yaml", "a: &x [1, *x]", (1, 11), "*x stands within itself"),
        ("yaml", "a: *x", (1, 4), "*x refers to no &x above it"),
        ("yaml", LAUGHS, (5, 36), "aliases stand for more than 100000 values: write them out"),
        ("yaml", "a: !!python/object:os.system x", (1, 4), "the tag !!python/object:os.system is not known here"),
        ("yaml", "a: !secret x", (1, 4), "the tag !secret is not known here"),
        ("yaml", "a: !!set {x}", (1, 4), "the tag !!set is not known here"),
        ("yaml", "a: &x {}\nb: {<<: *x}", (2, 5), "<< is not merged here: write the members out"),
        ("yaml", "1: a", (1, 1), "a member's name must be text: write it in quotes"),
        ("yaml", "? [a]\n: b", (1, 3), "a member's name must be text"),
        ("yaml", "a: -.inf", (1, 4), "-.inf is no number that means anything here"),
        ("yaml", "a: " + "1" * 5000, (1, 4), "a number has more digits than anybody could mean"),
        ("yaml", "a: 1\n---\nb: 1", (2, 1), "a second document begins; an apply file is one"),
        ("yaml", "a: 1\nb: \x01", (2, 4), "it holds a character that is not allowed"),
        ("yaml", "[" * 60 + "]" * 60, (1, 52), "it is nested more than 50 levels deep"),
    ],
)
def test_what_is_not_of_its_language_is_told_in_one_sentence_with_its_line(form, text, place, sentence):
    with pytest.raises(Unreadable) as caught:
        FORMS[form].parse(text)

    assert place == (caught.value.line, caught.value.column)
    assert sentence in caught.value.sentences[0]
    assert 1 == len(caught.value.sentences)
    assert len(caught.value.sentences[0]) < 200


@pytest.mark.parametrize(
    "plain", ["yes", "no", "on", "12:30:45", "2026-12-31", "1_000", "0777x", "=", "1e5x", "n", "~x"]
)
def test_what_yaml_1_1_took_for_something_else_is_text(plain):
    assert {"a": plain} == FORMS["yaml"].parse(f"a: {plain}")


@pytest.mark.parametrize(
    ("plain", "value"),
    [("true", True), ("False", False), ("", None), ("~", None), ("null", None), ("0x1F", 31), ("0o17", 15),
     ("-12", -12), ("1e3", 1000.0), (".5", 0.5), ("!!str 12", "12"), ("'12'", "12")],
)  # fmt: skip
def test_the_core_schema_of_yaml_is_read(plain, value):
    assert {"a": value} == FORMS["yaml"].parse(f"a: {plain}")


TEXTS = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ["yes", "1e5", "0x1F", "null", "~", "2026-01-01", "- a", "a: b", "#", "'", '"', "\\", "\x7f", "\x85", "a\nb", "1:2"]
)
VALUES = st.recursive(
    TEXTS | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(TEXTS, VALUES, max_size=2)
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "policy": st.dictionaries(TEXTS, VALUES, min_size=1, max_size=3),
        "groups": st.dictionaries(TEXTS, st.fixed_dictionaries({"policy": OBJECTS}), min_size=1, max_size=2),
        "clients": st.lists(
            st.fixed_dictionaries({"client_id": TEXTS, "policy": OBJECTS, "x": VALUES}),
            min_size=1, max_size=3,
        ),
    },
)  # fmt: skip


@given(DOCUMENTS)
def test_whatever_is_written_is_read_again_in_every_language(document):
    for name, form in FORMS.items():
        assert document == form.parse(writers.WRITERS[name](document)), name


@given(st.text(max_size=40) | st.text("[]{}:,-&*!'\"#\n ax1", max_size=40))
def test_no_text_makes_a_parser_fall(text):
    for form in FORMS.values():
        try:
            form.parse(text)
        except Unreadable:
            continue

        assert form.spots(text).line >= 1


@given(TEXTS)
def test_plain_text_is_what_the_reader_takes_for_text(text):
    if as_yaml.is_text(text) and text.isalnum():
        assert {"a": text} == FORMS["yaml"].parse(f"a: {text}")
