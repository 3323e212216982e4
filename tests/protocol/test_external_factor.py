"""The operator's own service: how it is declared, and that nothing but a signed yes is a yes."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol import external_factor
from mintmark.protocol.external_factor import Ask, No, Question, Yes
from mintmark.protocol.person_record import RecordRefused

NOW = datetime(2026, 7, 1, 12, 0, 0, 250000, tzinfo=UTC)
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
RING = {"name": "ring", "url": "https://proofs.example/ring", "secret": SECRET}
QUESTION = Question("ring", "alice", "id-of-alice", "request-1", "192.0.2.1", "A browser", 2, "123456", "where we were")


def declared(**members):
    return external_factor.read({**RING, **members})


def refused(**members):
    with pytest.raises(RecordRefused) as caught:
        declared(**members)
    return f"{caught.value.path} {caught.value.message}"


def signed(body, id="question", at=NOW, secret=bytes(range(32))):
    stamp = str(int(at.timestamp())).encode()
    signature = base64.b64encode(hmac.digest(secret, id.encode() + b"." + stamp + b"." + body, hashlib.sha256))
    return [
        (b"Webhook-Id", id.encode()),
        (b"webhook-timestamp", stamp),
        (b"webhook-signature", b"v1,eA== v1," + signature),
    ]


def answered(found, status=200, headers=None):
    body = found if isinstance(found, bytes) else json.dumps(found).encode()
    headers = signed(body) if headers is None else headers
    return external_factor.answered(declared(), "question", NOW, status, headers, body)


def why(found, **more):
    answer = answered(found, **more)
    assert isinstance(answer, No)
    return answer.why


def test_what_is_not_stated_has_its_default():
    found = declared()

    assert (("second",), "possession", timedelta(seconds=5)) == (found.use, found.proves, found.timeout)
    assert "ring" == found.labelled(["de"])
    assert {**RING, "use": ["second"], "proves": "possession", "timeout": "5s", "label": "ring"} == {
        **external_factor.document(found),
        "secret": external_factor.shown(found.secret),
    }


def test_what_is_stored_is_read_as_it_was_declared():
    for found in (
        declared(label="Your ring", use=["second", "first"], timeout=2, proves="inherence"),
        declared(label={"en": "Your ring", "de": "Dein Ring"}),
    ):
        assert found == external_factor.stored(external_factor.document(found), found.secret)


def test_a_label_is_in_the_best_language_that_there_is():
    found = declared(label={"en": "Your ring", "de": "Dein Ring"})

    assert "Dein Ring" == found.labelled(["pt-BR", "de"])
    assert "Your ring" == found.labelled(["pt-BR"])


def test_its_secret_is_in_no_representation():
    assert SECRET[8:30] not in repr(declared())
    assert "123456" not in repr(QUESTION)


@pytest.mark.parametrize(
    ("members", "begins"),
    [
        ({"nmae": "x"}, "nmae is no member of a factor; did you mean 'name'?"),
        ({"name": None}, "name must be"),
        ({"name": "Ring!"}, "name must be"),
        ({"url": None}, "url must be an https URL"),
        ({"url": "ftp://x"}, "url must be an https URL"),
        ({"url": "https://u:p@x/"}, "url must not hold a user"),
        ({"use": []}, "use must be"),
        ({"use": "first"}, "use must be"),
        ({"use": ["third"]}, "use must be"),
        ({"proves": "love"}, "proves must be"),
        ({"timeout": "6s"}, "timeout must be 5s at most"),
        ({"timeout": "soon"}, "timeout must be a duration"),
        ({"timeout": 0}, "timeout must be longer"),
        ({"timeout": []}, "timeout must be a duration"),
        ({"label": ""}, "label must be"),
        ({"label": {}}, "label must be"),
        ({"label": "two\nlines"}, "label must be"),
        ({"label": {"?": "x"}}, "label must be"),
        ({"label": {"en": 1}}, "label must be"),
        ({"label": {"": "", "en": "x"}}, "label must be"),
        ({"label": {f"a{'a' * n}": "x" for n in range(21)}}, "label must be"),
        ({"secret": None}, "secret must be"),
        ({"secret": "hunter2"}, "secret must be"),
        ({"secret": "whsec_@"}, "secret must be"),
        ({"secret": "whsec_" + base64.b64encode(b"short").decode()}, "secret must be"),
    ],
)
def test_a_factor_that_makes_no_sense_is_refused(members, begins):
    assert refused(**members).startswith(begins)


def test_a_question_says_who_and_where_and_is_signed_as_webhooks_are():
    body = external_factor.body(QUESTION, NOW)
    headers = dict(external_factor.headers(declared(), "question", NOW, body))

    assert {
        "type": "external_factor",
        "timestamp": "2026-07-01T12:00:00.250Z",
        "data": {
            "factor": "ring",
            "user": {"id": "id-of-alice", "username": "alice"},
            "request_id": "request-1",
            "address": "192.0.2.1",
            "user_agent": "A browser",
            "round": 2,
            "input": "123456",
            "state": "where we were",
        },
    } == json.loads(body)
    assert dict(signed(body.encode()))[b"webhook-signature"].endswith(headers["webhook-signature"].encode())
    assert "application/json" == headers["content-type"]


def test_a_signed_yes_is_a_yes():
    assert isinstance(answered({"answer": "yes", "anything": "more"}), Yes)


def test_it_may_ask_for_something():
    asked = {"answer": "ask", "input": {"label": {"en": "Tap your ring"}, "kind": "none"}, "state": "s"}

    assert Ask({"": "Tap your ring", "en": "Tap your ring"}, "none", "s") == answered(asked)
    assert Ask({"": "Code"}, "text", "") == answered({"answer": "ask", "input": {"label": "Code"}})


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ({"answer": "no"}, "it said no"),
        ({}, "must be"),
        ({"answer": True}, "must be"),
        ({"answer": "YES"}, "must be"),
        ([], "no object"),
        (b"yes", "no JSON"),
        (b"\xff", "no JSON"),
        (b"[" * 200_000, "no JSON"),
        ({"answer": "ask"}, "must be an object"),
        ({"answer": "ask", "input": {"kind": "blood", "label": "x"}}, "must be an object"),
        ({"answer": "ask", "input": {}}, "must have a label"),
        ({"answer": "ask", "input": {"label": {}}}, "must have a label"),
        ({"answer": "ask", "input": {"label": "x" * 201}}, "must have a label"),
        ({"answer": "ask", "input": {"label": "x"}, "state": 1}, "its state"),
        ({"answer": "ask", "input": {"label": "x"}, "state": "x" * 1025}, "its state"),
    ],
)
def test_whatever_cannot_be_understood_is_a_no(found, says):
    assert says in why(found)


def test_only_200_counts():
    assert "redirect" in why({"answer": "yes"}, status=302)
    assert "500" in why({"answer": "yes"}, status=500)
    assert "201" in why({"answer": "yes"}, status=201)


def test_a_yes_that_is_not_signed_for_this_question_is_a_no():
    body = b'{"answer":"yes"}'

    assert "another question" in why(body, headers=[])
    assert "another question" in why(body, headers=signed(body, id="an earlier one"))
    assert "signature" in why(body, headers=signed(body, secret=b"another secret"))
    assert "signature" in why(body, headers=signed(b'{"answer":"no"}'))
    assert "signature" in why(body, headers=signed(body)[:2])
    assert "timestamp" in why(body, headers=signed(body, at=NOW - timedelta(minutes=6)))
    assert "timestamp" in why(body, headers=signed(body, at=NOW + timedelta(minutes=6)))
    assert "timestamp" in why(body, headers=[(b"webhook-id", b"question"), (b"webhook-timestamp", b"now")])


def test_a_question_that_comes_back_as_it_was_is_a_no():
    body = external_factor.body(QUESTION, NOW).encode()
    headers = [(name.encode(), value.encode()) for name, value in
               external_factor.headers(declared(), "question", NOW, body.decode())]  # fmt: skip

    assert "must be" in why(body, headers=headers)


@given(st.recursive(st.none() | st.booleans() | st.text(max_size=8) | st.integers(), st.lists) | st.binary(max_size=64))
def test_no_other_answer_is_ever_a_yes(found):
    assert isinstance(answered({"answer": found} if not isinstance(found, bytes) else found), No)
