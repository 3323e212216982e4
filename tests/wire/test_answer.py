import json

import pytest

from mintmark.wire import answer


def headers(found):
    return dict(found.headers)


@pytest.mark.parametrize("found", [answer.json_answer({"a": 1}), answer.json_answer({"a": 1}, 401), answer.empty()])
def test_every_json_answer_is_kept_by_nobody_and_read_from_anywhere(found):
    sent = headers(found)

    assert b"application/json" == sent[b"content-type"]
    assert b"no-store" == sent[b"cache-control"]
    assert b"nosniff" == sent[b"x-content-type-options"]
    assert b"*" == sent[b"access-control-allow-origin"]
    assert b"DPoP-Nonce" in sent[b"access-control-expose-headers"]
    assert len(sent) == len(found.headers)


def test_json_is_short_and_utf_8_and_escapes_what_utf_8_cannot_hold():
    found = answer.json_answer({"name": "é", "list": [1, 2]}, 400)
    halved = answer.json_answer({"name": "é\ud800"})

    assert 400 == found.status
    assert '{"name":"é","list":[1,2]}'.encode() == found.body
    assert {"name": "é\ud800"} == json.loads(halved.body)
    assert b"" == answer.empty().body


def test_a_redirect_turns_a_post_into_a_get_and_tells_nobody_where_it_came_from():
    found = answer.redirect("https://shop.example/cb?code=1")
    sent = headers(found)

    assert 303 == found.status
    assert b"https://shop.example/cb?code=1" == sent[b"location"]
    assert b"no-store" == sent[b"cache-control"]
    assert b"no-referrer" == sent[b"referrer-policy"]
    assert b"access-control-allow-origin" not in sent
    assert 302 == answer.redirect("/login", 302).status


def test_an_answer_with_more_headers_is_another_answer():
    plain = answer.json_answer({})
    more = plain.plus((b"retry-after", b"1"), (b"x", b"y"))

    assert (*plain.headers, (b"retry-after", b"1"), (b"x", b"y")) == more.headers
    assert (plain.status, plain.body) == (more.status, more.body)
    assert b"retry-after" not in headers(plain)
