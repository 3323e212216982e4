import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol.errors import InvalidRequest
from tests.wire.asking import asked


def typed(content_type):
    return asked(body=b"a=1", headers=[(b"content-type", content_type)])


def test_a_header_is_its_first_value():
    sent = asked(headers=[(b"dpop", b"one"), (b"x", b"caf\xe9"), (b"dpop", b"two")])

    assert "one" == sent.header(b"dpop")
    assert "café" == sent.header(b"x")
    assert None is sent.header(b"y")
    assert (2, 1, 0) == (sent.count(b"dpop"), sent.count(b"x"), sent.count(b"y"))


@pytest.mark.parametrize(
    "content_type",
    [
        b"application/x-www-form-urlencoded",
        b"application/x-www-form-urlencoded;charset=UTF-8",
        b" Application/X-WWW-Form-Urlencoded ; charset=utf-8",
    ],
)
def test_a_form_is_read(content_type):
    assert "1" == typed(content_type).form().get("a")


@pytest.mark.parametrize(
    "content_type",
    [
        b"application/json",
        b"multipart/form-data; boundary=x",
        b"text/plain",
        b"",
        b"application/x-www-form-urlencoded2",
        b"\xff",
    ],
)
def test_another_content_type_is_refused(content_type):
    with pytest.raises(InvalidRequest, match="Content-Type"):
        typed(content_type).form()


def test_no_content_type_is_refused():
    with pytest.raises(InvalidRequest, match="Content-Type"):
        asked(body=b"a=1", headers=()).form()


@pytest.mark.parametrize("body", [b"\xff", b"a=\xc3", b"a=%FF", b"a=\0", b"\xef\xbb\xbf\xed\xa0\x80"])
def test_a_body_that_is_not_utf8_or_holds_a_nul_is_refused(body):
    with pytest.raises(InvalidRequest):
        asked(body=body).form()


@pytest.mark.parametrize("query", [b"a=\xff", b"a=\xc3\xa9", b"a=%FF", b"a=%00"])
def test_a_query_that_is_not_percent_encoded_utf8_or_holds_a_nul_is_refused(query):
    with pytest.raises(InvalidRequest):
        asked(query=query).query()


def test_query_and_form_are_apart():
    both = asked(query=b"a=%C3%A9", body="a=ü".encode())

    assert "é" == both.query().get("a")
    assert "ü" == both.form().get("a")


@given(st.binary(), st.binary())
def test_whatever_bytes_come_are_read_or_refused(query, body):
    for read in (asked(query=query).query, asked(body=body).form):
        try:
            read()
        except InvalidRequest:
            continue


def test_cookies_are_read_and_of_two_the_first():
    sent = asked(headers=[(b"cookie", b"a=1; b=x=y;c; =d;a=2"), (b"x", b"z=1"), (b"cookie", b"b=3; e=4")])

    assert {"a": "1", "b": "x=y", "c": "", "": "d", "e": "4"} == sent.cookies
    assert sent.cookies is sent.cookies
    assert {} == asked(headers=()).cookies


@given(st.binary())
def test_whatever_cookies_come_are_no_error(value):
    assert isinstance(asked(headers=[(b"cookie", value)]).cookies, dict)
