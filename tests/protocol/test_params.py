from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol import params
from mintmark.protocol.errors import InvalidRequest
from mintmark.protocol.params import MOST, Params

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


@given(st.lists(st.tuples(TEXT.filter(bool), TEXT), max_size=MOST))
def test_every_form_is_read_as_it_was_written(pairs):
    read = Params.read(urlencode(pairs))

    assert sorted(pairs) == sorted(read)


@given(st.sampled_from(["scope", "resource", "redirect_uri", "password"]), TEXT.filter(bool))
def test_what_is_the_same_each_time_is_read_the_same_each_time(name, value):
    written = urlencode({name: value})

    assert [value] * 3 == [Params.read(written).get(name) for _ in range(3)]


@pytest.mark.parametrize("name", ["scope", "password"])
def test_what_is_no_utf_8_is_refused_each_time(name):
    for _ in range(3):
        with pytest.raises(InvalidRequest, match="not UTF-8"):
            Params.read(f"{name}=%ff")


@given(st.dictionaries(st.sampled_from("abcd"), TEXT), st.frozensets(st.sampled_from("abcde")))
def test_of_some_names_none_was_sent_or_one_was(sent, names):
    assert Params.read(urlencode(sent)).sent_none(names) == (not set(sent) & names)


@given(st.text())
def test_whatever_comes_is_read_or_refused(text):
    try:
        read = Params.read(text)
        read.refuse_repeated()
    except InvalidRequest:
        return

    assert all("\0" not in name + value for name, value in read)


def test_an_empty_value_is_an_absent_one():
    read = Params.read("state=&scope")

    assert None is read.get("state")
    assert None is read.get("scope")
    assert read.sent("state")
    assert not read.sent("nonce")
    with pytest.raises(InvalidRequest, match="state is missing"):
        read.require("state")


def test_a_value_that_is_there_is_given():
    read = Params.read("a=b%20c+d&e=%C3%A9&f=g=h")

    assert "b c d" == read.require("a")
    assert "é" == read.get("e")
    assert "g=h" == read.get("f")
    assert None is read.get("A")


def test_what_is_malformed_percent_encoding_stays_as_it_is():
    assert "%zz%" == Params.read("a=%zz%").get("a")


@pytest.mark.parametrize("encoded", ["a=1&a=1", "a=1&a=2", "%61=1&a=2", "a=1&a=", "a=&a=1"])
def test_a_repeated_parameter_is_refused_however_it_is_written(encoded):
    read = Params.read(encoded)

    assert read.is_repeated("a")
    with pytest.raises(InvalidRequest, match="a is sent more than once"):
        read.get("a")
    with pytest.raises(InvalidRequest, match="a is sent more than once"):
        read.refuse_repeated()


def test_resource_may_repeat():
    read = Params.read("resource=x&resource=&resource=y&a=1")
    read.refuse_repeated()

    assert ("x", "y") == read.all("resource")
    assert () == read.all("audience")
    assert not read.is_repeated("a")


def test_nothing_between_ampersands_is_no_parameter():
    read = Params.read("&a=1&&b=2&")
    read.refuse_repeated()

    assert [("a", "1"), ("b", "2")] == list(read)
    assert [] == list(Params.read(""))


@pytest.mark.parametrize("encoded", ["a=%00", "a=b\0", "a%00=b", "\0", "client_id=shop%00&x=y"])
def test_a_nul_is_refused(encoded):
    with pytest.raises(InvalidRequest, match="NUL"):
        Params.read(encoded)


def test_an_encoded_percent_sign_makes_no_nul():
    assert "%00" == Params.read("a=%2500").get("a")


@pytest.mark.parametrize(
    "encoded", ["a=%FF", "%FF=a", "a=%C3", "a=%ED%A0%80", "a=%C0%80", "a=%F4%90%80%80", "a=\ud800+"]
)
def test_what_is_not_utf8_is_refused(encoded):
    with pytest.raises(InvalidRequest, match="not UTF-8"):
        Params.read(encoded)


def test_as_many_parameters_as_allowed_are_read_and_one_more_is_not():
    most = "&".join(f"p{number}=1" for number in range(MOST))

    assert MOST == len(list(Params.read(most)))
    with pytest.raises(InvalidRequest, match="more than"):
        Params.read(most + "&q=1")


@pytest.mark.parametrize(
    ("name", "shown"), [("x" * 40, "x" * 40), ("x" * 41, "a parameter"), ("é", "a parameter"), ("a\n", "a parameter")]
)
def test_a_refusal_repeats_only_a_name_that_is_plain(name, shown):
    assert f"{shown} is sent more than once" == params.repeated(name).description
