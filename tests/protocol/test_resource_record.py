import pytest

from mintmark.protocol import resource_record
from mintmark.protocol.person_record import RecordRefused
from tests.protocol.making import API, ISSUER

FULL = {
    "resource": API,
    "name": "Example API",
    "scopes": ["api:read", "api:write"],
    "resource_servers": ["example-api"],
    "policy": {"access_token_lifetime": "10m"},
}


def read(document):
    return resource_record.read(document, issuer=ISSUER)


def refusal(**members):
    with pytest.raises(RecordRefused) as caught:
        read({"resource": API, **members})
    return str(caught.value)


def test_a_resource_is_read_and_written_back():
    assert FULL == resource_record.document(read(FULL))


def test_a_scope_may_be_described():
    described = {**FULL, "scopes": {"api:read": "Read everything", "api:write": ""}}

    assert described == resource_record.document(read(described))


def test_null_is_the_default():
    left_out = {"resource": API, "name": None, "scopes": None, "resource_servers": None, "policy": None}

    assert read({"resource": API}) == read(left_out)
    assert {
        "resource": API,
        "name": "",
        "scopes": [],
        "resource_servers": [],
        "policy": {},
    } == resource_record.document(read(left_out))


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"resorce": API}, "resorce is no member of a resource; did you mean 'resource'?"),
        ({"resource": None}, "resource must be an absolute URI"),
        ({"resource": "api"}, "resource must be an absolute URI"),
        ({"resource": "https://api.example/#a"}, "resource must be an absolute URI"),
        ({"resource": "https://api.example/" + "x" * 1000}, "resource must be an absolute URI"),
        ({"resource": "https://ID.example/"}, "resource is this server itself"),
        ({"resource": f"{ISSUER}/admin/api"}, "resource is this server itself"),
        ({"name": 5}, "name must be text"),
        ({"scopes": "api:read"}, "scopes must be a list"),
        ({"scopes": [f"s{n}" for n in range(1001)]}, "scopes must hold at most"),
        ({"scopes": ["api read"]}, "scopes[0] must be one word"),
        ({"scopes": ["a", 5]}, "scopes[1] must be one word"),
        ({"scopes": ["x" * 256]}, "scopes[0] must be one word"),
        ({"scopes": ["openid"]}, "scopes[0] openid belongs to this server itself"),
        ({"scopes": ["admin:all"]}, "scopes[0] admin:all belongs to this server itself"),
        ({"scopes": {"a": 5}}, "scopes[0] must be described"),
        ({"scopes": {"a": "x" * 1001}}, "scopes[0] must be described"),
        ({"resource_servers": "a"}, "resource_servers must be a list"),
        ({"resource_servers": ["a"] * 1001}, "resource_servers must be a list"),
        ({"resource_servers": ["a", ""]}, "resource_servers[1] must be 1 to 255"),
        ({"policy": []}, "policy must be an object"),
        ({"policy": {"rotation": "keep"}}, "policy.rotation cannot be stated for a resource"),
    ],
)
def test_a_member_that_cannot_be_is_refused_by_its_path(members, sentence):
    assert sentence in refusal(**members)
