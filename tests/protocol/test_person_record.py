import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol import person_record
from mintmark.protocol.claims import OWNED
from mintmark.protocol.person_record import PersonRecord, RecordRefused
from tests.protocol.making import holder

ALICE = {
    "username": "alice",
    "name": "Alice Example",
    "email": "Alice@Example.org",
    "email_verified": True,
    "address": {"formatted": "Street 1\nTown", "country": "Germany"},
    "birthdate": "1990-12-31",
    "locale": "de-DE",
    "zoneinfo": "Europe/Berlin",
    "website": "https://alice.example",
    "phone_number": "+49 30 1",
    "phone_number_verified": True,
    "groups": ["staff", "admins"],
    "claims": {"department": "R&D", "level": 3, "tags": ["a"]},
}


def refusal(**members):
    with pytest.raises(RecordRefused) as caught:
        person_record.read({"username": "alice", **members})
    return str(caught.value)


def test_a_person_is_read_and_written_back():
    record = person_record.read(ALICE)

    assert ALICE == record.document()
    assert record == person_record.read(record.document())
    assert "alice" == record.username_key
    assert "alice@example.org" == record.email_key


def test_a_stored_person_is_written_back():
    stored = holder(
        email="a@b.example", email_verified=True, groups=("staff",), claims='{"name":"A"}', custom_claims='{"x":1}'
    )
    record = person_record.of(stored)

    assert PersonRecord("Alice", "a@b.example", True, ("staff",), {"name": "A"}, {"x": 1}) == record
    assert {"username": "Alice"} == person_record.of(holder()).document()


def test_null_is_not_known():
    assert PersonRecord("alice") == person_record.read(
        {"username": "alice", "name": None, "email": None, "claims": None}
    )
    assert {"x": 1} == person_record.read({"username": "a", "claims": {"x": 1, "y": None}}).custom
    assert {"address": {"country": "x"}} == person_record.read(
        {"username": "a", "address": {"country": "x", "region": None}}
    ).standard


def test_equal_claims_are_equal_text():
    assert '{"a":1,"b":"é"}' == person_record.written({"b": "é", "a": 1})


def test_only_a_verified_address_signs_in():
    assert person_record.read({"username": "alice", "email": "a@b.example"}).email_key is None


def test_a_username_may_be_the_persons_own_address():
    assert "A@b.example" == person_record.read({"username": "A@b.example", "email": "a@B.example"}).username


@pytest.mark.parametrize("members", [{}, {"email": "other@example.org"}])
def test_a_username_that_is_somebody_elses_address_is_refused(members):
    assert "username looks like an e-mail address" in refusal(username="a@example.org", **members)
    assert "username looks like an e-mail address" in refusal(username="a\uff20example.org", **members)


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"usrname": "x"}, "usrname is no member of a person; did you mean 'username'?"),
        ({"username": None}, "username is missing"),
        ({"username": ""}, "username must be text"),
        ({"username": "  "}, "username must be text"),
        ({"username": 5}, "username must be text"),
        ({"username": "x" * 256}, "username must be text"),
        ({"username": "a\nb"}, "username holds a control character"),
        ({"username": "a\u200bb"}, "username holds a control character"),
        ({"username": "a\ud800"}, "username holds a control character"),
        ({"name": ""}, "name must be text"),
        ({"name": "x" * 1001}, "name must be text"),
        ({"name": "a\0b"}, "name must be text"),
        ({"name": 5}, "name must be text"),
        ({"email": "a"}, "email must be an e-mail address"),
        ({"email": "a@b@c"}, "email must be an e-mail address"),
        ({"email": "a\u200b@b"}, "email must be an e-mail address"),
        ({"email": "a@" + "b" * 300}, "email must be an e-mail address"),
        ({"email": "=?utf-8?q?a=0D=0ABcc=3A_b=40c?=@d.example"}, "email must be an e-mail address"),
        ({"email_verified": True}, "email_verified needs an email"),
        ({"email_verified": "yes"}, "email_verified must be true or false"),
        ({"phone_number_verified": 1}, "phone_number_verified must be true or false"),
        ({"birthdate": "31.12.1990"}, "birthdate must be such as"),
        ({"birthdate": "1990-13-01"}, "birthdate must be such as"),
        ({"locale": "german!"}, "locale must be such as"),
        ({"zoneinfo": "Berlin time"}, "zoneinfo must be such as"),
        ({"picture": "javascript:alert(1)"}, "picture must be an http or https address"),
        ({"picture": "https://"}, "picture must be an http or https address"),
        ({"picture": "https://a b"}, "picture must be an http or https address"),
        ({"picture": "https://[a"}, "picture is no URL"),
        ({"address": "Street 1"}, "address must be an object"),
        ({"address": {"contry": "x"}}, "address.contry is no member of an address; did you mean 'country'?"),
        ({"address": {"country": 5}}, "address.country must be text"),
        ({"address": {"country": "x" * 1001}}, "address.country must be text"),
        ({"address": {"country": "\0"}}, "address.country must be text"),
        ({"groups": "staff"}, "groups must be a list"),
        ({"groups": ["x"] * 1001}, "groups must be a list"),
        ({"groups": ["staff", ""]}, "groups[1] must be text"),
        ({"claims": []}, "claims must be an object"),
        ({"claims": {"": 1}}, "must be text"),
        ({"claims": {"x": "y" * 17_000}}, "claims must be text of at most"),
        ({"claims": {"x": "\ud800"}}, "claims must be text"),
        ({"updated_at": 1}, "updated_at is kept by the server itself"),
    ],
)
def test_a_member_that_cannot_be_is_refused_by_its_path(members, sentence):
    assert sentence in refusal(**members)


@pytest.mark.parametrize("name", sorted(OWNED))
def test_a_claim_of_ones_own_takes_no_name_that_protocols_own(name):
    assert f"claims.{name} is a name that the protocols own" in refusal(claims={name: 1})


@pytest.mark.parametrize("birthdate", ["0000-12-31", "1990"])
def test_a_birthdate_may_lack_its_year_or_its_day(birthdate):
    assert {"birthdate": birthdate} == person_record.read({"username": "a", "birthdate": birthdate}).standard


@given(st.text(st.characters(codec=None), max_size=20))
def test_a_username_that_is_taken_has_a_key_and_bytes(name):
    try:
        record = person_record.read({"username": name})
    except RecordRefused:
        return

    assert record.username_key
    assert name == json.loads(person_record.written({"name": name}).encode())["name"]


def test_a_group_is_named_by_a_line_of_text():
    assert "staff" == person_record.check_group("staff")
    for name in ("", "two\nlines", "g" * 1001):
        with pytest.raises(RecordRefused):
            person_record.check_group(name)
