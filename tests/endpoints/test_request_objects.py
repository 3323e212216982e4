"""Requests inside signed objects, by value and by reference, and whatever is no such thing (OIDC Core §6, RFC 9101)."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from mintmark import references
from tests import receiving
from tests.issuer import API, CALLBACK, CHALLENGE, NOON, SCOPE, boxes, claims, hidden, start
from tests.receiving import *  # noqa: F403  the fixture

RSA_KEY, OTHER_KEY = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
EC_KEY = ec.generate_private_key(ec.SECP256R1())
AT = int(NOON.timestamp())


def public(key: Any, kid: str) -> dict[str, Any]:
    algorithm: Any = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    return {**json.loads(algorithm.to_jwk(key.public_key())), "kid": kid}


JWKS = {"keys": [public(RSA_KEY, "rsa"), public(EC_KEY, "ec")]}
INSIDE: Mapping[str, Any] = {
    "iss": "web", "aud": "https://id.example", "client_id": "web", "response_type": "code", "redirect_uri": CALLBACK,
    "scope": SCOPE, "state": "inside", "nonce": "inside", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
}  # fmt: skip


def signed(key=RSA_KEY, alg="RS256", header=None, **changed):
    """None leaves a member out."""
    members = {name: value for name, value in {**INSIDE, **changed}.items() if value is not None}
    return jwt.encode(members, key, alg, headers={"kid": "rsa" if alg != "ES256" else "ec", **(header or {})})


def unsigned(**changed):
    nobody: Any = None
    return jwt.encode({**INSIDE, **changed}, nobody, "none")


def beside(request=None, **more):
    """What OIDC Core §6.1 has beside the object."""
    found = {"client_id": "web", "response_type": "code", "scope": "openid", "redirect_uri": CALLBACK, **more}
    return {name: value for name, value in ({"request": request} | found).items() if value is not None}


@pytest.fixture
async def knowing(issuer):
    """On both databases, with a client whose keys are known."""
    await issuer.change_client("web", jwks=JWKS)
    return issuer


@pytest.fixture
async def sqlite_knowing(sqlite_issuer):
    await sqlite_issuer.change_client("web", jwks=JWKS)
    return sqlite_issuer


async def ask(issuer, params, **options):
    return await issuer.http.get("/authorize", params=params, **options)


def answered(answer):
    assert answer.is_redirect, answer.text
    location = answer.headers["location"]
    assert location.startswith(CALLBACK), location
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


async def refused(issuer, params):
    """error, check; and nothing of it is kept, nor anything that was in it told."""
    before = await issuer.rows()
    got = answered(await ask(issuer, params))
    assert before == await issuer.rows()
    return got["error"], issuer.refusals("check")[-1]


# ── by value


async def test_what_stands_inside_wins_at_every_step(knowing):
    got = await knowing.go_on(knowing.http, await ask(knowing, beside(signed(), state="outside", nonce="outside")))
    tokens = (await knowing.redeem(got["code"])).json()

    assert "inside" == got["state"]
    assert "inside" == claims(tokens["id_token"])["nonce"]
    assert SCOPE == tokens["scope"]


@pytest.mark.parametrize(("key", "alg"), [(RSA_KEY, "RS256"), (RSA_KEY, "PS256"), (EC_KEY, "ES256")])
async def test_any_algorithm_by_a_private_key_will_do_where_none_is_registered(sqlite_knowing, key, alg):
    got = await sqlite_knowing.go_on(sqlite_knowing.http, await ask(sqlite_knowing, beside(signed(key, alg))))

    assert "code" in got


async def test_an_object_alone_is_enough_and_then_nothing_beside_it_counts(sqlite_knowing):
    params = {"client_id": "web", "request": signed(state=None), "state": "outside"}
    got = await sqlite_knowing.go_on(sqlite_knowing.http, await ask(sqlite_knowing, params))

    assert ("code" in got, "state" in got) == (True, False)


async def test_a_client_that_demands_signatures_is_asked_for_them_and_only_what_is_inside_counts(sqlite_knowing):
    await sqlite_knowing.change_client("web", require_signed_request_object=True, request_object_signing_alg="none")
    plain = await refused(sqlite_knowing, sqlite_knowing.request())
    nobody = await refused(sqlite_knowing, beside(unsigned()))
    await sqlite_knowing.change_client("web", request_object_signing_alg="RS256")
    got = await sqlite_knowing.go_on(
        sqlite_knowing.http, await ask(sqlite_knowing, beside(signed(state=None), state="x"))
    )
    page = await ask(sqlite_knowing, beside(signed(redirect_uri=None)))

    assert ("invalid_request", "signed request") == plain
    assert ("request_not_supported", "unsigned request object") == nobody
    assert ("code" in got, "state" in got) == (True, False)
    assert 400 == page.status_code


async def test_claims_and_resources_inside_are_json(sqlite_knowing):
    wanted = {"userinfo": {"name": None}}
    token = signed(scope="openid api:read", claims=wanted, max_age=60, resource=[API, "https://id.example"])
    got = await sqlite_knowing.go_on(sqlite_knowing.http, await ask(sqlite_knowing, beside(token)))
    tokens = (await sqlite_knowing.redeem(got["code"])).json()
    told = await sqlite_knowing.http.get("/userinfo", headers={"authorization": f"Bearer {tokens['access_token']}"})

    assert {API, "https://id.example"} == set(claims(tokens["access_token"])["aud"])
    assert "Alice Example" == told.json()["name"]


@pytest.mark.parametrize(
    ("token", "check"),
    [
        ("nonsense", "request object"),
        ("a.b.c.d.e", "request object"),
        (signed("s" * 64, "HS256"), "request object"),
        (signed(header={"typ": "at+jwt"}), "request object"),
        (signed(header={"typ": "client-authentication+jwt"}), "request object"),
        (signed(header={"crit": ["exp"], "exp": 1}), "request object"),
        (signed(header={"jwk": public(OTHER_KEY, "rsa")}), "request object"),
        (signed(OTHER_KEY), "request object signature"),
        (signed(header={"kid": "nobody"}), "request object signature"),
        (signed()[:-4] + "AAAA", "request object signature"),
        (signed(iss="other"), "request object names"),
        (signed(aud="https://other.example"), "request object names"),
        (signed(client_id="other"), "request object names"),
        (signed(sub="web"), "request object names"),
        (signed(request="e.y.J"), "nested request"),
        (signed(request_uri="https://web.example/r"), "nested request"),
        (signed(exp=AT), "request object time"),
        (signed(nbf=AT + 100), "request object time"),
        (signed(iat=AT + 100), "request object time"),
        (signed(response_type="none"), "request object response_type"),
        (signed(state={"a": 1}), "request object member"),
        (signed(nonce="a\0b"), "request object member"),
    ],
)
async def test_whatever_is_no_request_object_of_this_client_goes_back_as_such(sqlite_knowing, token, check):
    assert ("invalid_request_object", check) == await refused(sqlite_knowing, beside(token))


async def test_a_token_of_ours_passes_for_no_request(sqlite_knowing):
    tokens = await sqlite_knowing.tokens()

    for token in (tokens["id_token"], tokens["access_token"]):
        assert "invalid_request_object" == (await refused(sqlite_knowing, beside(token)))[0]


async def test_what_is_wrong_inside_goes_back_by_what_stands_inside(sqlite_knowing):
    got = answered(await ask(sqlite_knowing, beside(signed(prompt="none", redirect_uri=CALLBACK + "?tenant=1"))))
    long = await refused(sqlite_knowing, beside(signed(nonce="n" * 11_000)))

    assert ("login_required", "inside", "1") == (got["error"], got["state"], got["tenant"])
    assert ("invalid_request", "request length") == long


@pytest.mark.parametrize("address", ["https://evil.example/cb", CALLBACK + "/"])
async def test_an_address_that_is_not_registered_is_a_page_wherever_it_counts(sqlite_knowing, address):
    """Inside; and outside where nothing inside takes its place, or the object is not to be believed."""
    pages = [
        await ask(sqlite_knowing, beside(signed(redirect_uri=address))),
        await ask(sqlite_knowing, beside(signed(redirect_uri=None), redirect_uri=address)),
        await ask(sqlite_knowing, beside(signed(OTHER_KEY), redirect_uri=address)),
    ]

    assert [400, 400, 400] == [page.status_code for page in pages]
    assert {True} == {'<p id="error">invalid_request</p>' in page.text for page in pages}


async def test_an_address_beside_an_object_that_has_one_counts_for_nothing(sqlite_knowing):
    """OIDC Core §6.1: what stands inside takes its place."""
    answer = await ask(sqlite_knowing, beside(signed(), redirect_uri="https://evil.example/cb"))

    assert "code" in await sqlite_knowing.go_on(sqlite_knowing.http, answer)


async def test_without_an_address_beside_it_what_cannot_be_trusted_is_a_page(sqlite_knowing):
    page = await ask(sqlite_knowing, beside(signed(OTHER_KEY), redirect_uri=None))

    assert 400 == page.status_code
    assert '<p id="error">invalid_request_object</p>' in page.text
    assert "web.example" not in page.text


async def test_only_the_algorithm_that_is_registered_is_taken(sqlite_knowing):
    await sqlite_knowing.change_client("web", request_object_signing_alg="ES256")

    assert ("invalid_request_object", "request object") == await refused(sqlite_knowing, beside(signed()))
    assert (
        (await ask(sqlite_knowing, beside(signed(EC_KEY, "ES256")))).headers["location"].startswith(sqlite_knowing.url)
    )


async def test_an_unsigned_object_is_taken_from_whoever_registered_none_and_from_nobody_else(sqlite_knowing):
    stranger = await refused(sqlite_knowing, beside(unsigned()))
    await sqlite_knowing.change_client("web", request_object_signing_alg="none")
    got = await sqlite_knowing.go_on(sqlite_knowing.http, await ask(sqlite_knowing, beside(unsigned(), state="x")))

    assert ("request_not_supported", "unsigned request object") == stranger
    assert ("inside", True) == (got["state"], "code" in got)
    assert ("invalid_request_object", "request object") == await refused(sqlite_knowing, beside(signed()))
    assert "invalid_request_object" == (await refused(sqlite_knowing, beside(unsigned() + "x")))[0]


async def test_a_posted_request_may_bring_an_object_too(sqlite_knowing):
    answer = await sqlite_knowing.http.post("/authorize", data=beside(signed()))
    got = await sqlite_knowing.go_on(sqlite_knowing.http, answer)
    bad = await sqlite_knowing.http.post("/authorize", data=beside(signed(OTHER_KEY)))

    assert 303 == answer.status_code
    assert "inside" == got["state"]
    assert "invalid_request_object" == answered(bad)["error"]


async def test_a_client_without_keys_has_no_signed_requests(sqlite_issuer):
    assert ("invalid_request_object", "request object signature") == await refused(sqlite_issuer, beside(signed()))


async def test_one_object_twice_or_both_kinds_at_once_are_refused(sqlite_knowing):
    both = await refused(sqlite_knowing, beside(signed(), request_uri="https://web.example/r"))
    twice = await refused(sqlite_knowing, [*beside(signed()).items(), ("request", signed())])

    assert ("invalid_request", "request and request_uri") == both
    assert ("invalid_request", "repeated parameter") == twice


# ── by reference


def brings(token, content_type="application/oauth-authz-req+jwt"):
    body = token.encode()
    head = (
        f"HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return receiving.says(head.encode() + body)


@pytest.fixture
async def reaching(database):
    """An issuer that may fetch from loopback addresses, on both databases."""
    async for one in start(database, MINTMARK_OUTBOUND_ALLOW="127.0.0.0/8"):
        await one.change_client("web", jwks=JWKS)
        yield one


@pytest.fixture
async def sqlite_reaching(sqlite_database):
    async for one in start(sqlite_database, MINTMARK_OUTBOUND_ALLOW="127.0.0.0/8"):
        await one.change_client("web", jwks=JWKS)
        yield one


async def at(issuer, receiver, answer, **members):
    """What is registered, and where it is."""
    found = await receiver(answer)
    await issuer.change_client("web", request_uris=[found.url], **members)
    return found


async def test_an_object_by_reference_is_fetched_once_and_never_again(reaching, receiver):
    place = await at(reaching, receiver, brings(signed() + "\n"))
    answer = await ask(reaching, beside(request_uri=place.url, state="outside"))
    place.answer = brings(signed(state="changed meanwhile"))
    got = await reaching.go_on(reaching.http, answer)

    assert "inside" == got["state"]
    assert 1 == len(place.came)
    assert ("GET", "/hook") == (place.came[0].method, place.came[0].target)
    assert "cookie" not in place.came[0].headers


@pytest.mark.parametrize("content_type", ["application/jose", "text/plain", "application/octet-stream"])
async def test_its_media_type_does_not_matter(sqlite_reaching, receiver, content_type):
    place = await at(sqlite_reaching, receiver, brings(signed(), content_type))
    answer = await ask(sqlite_reaching, beside(request_uri=place.url))

    assert "/login?" in answer.headers["location"]


async def test_a_fragment_may_be_registered_or_left_free(sqlite_reaching, receiver):
    place = await at(sqlite_reaching, receiver, brings(signed()))
    free = await ask(sqlite_reaching, beside(request_uri=place.url + "#version-2"))
    await sqlite_reaching.change_client("web", request_uris=[place.url + "#version-1"])
    right = await ask(sqlite_reaching, beside(request_uri=place.url + "#version-1"))
    wrong = await refused(sqlite_reaching, beside(request_uri=place.url + "#version-2"))

    assert all("/login?" in answer.headers["location"] for answer in (free, right))
    assert ("invalid_request_uri", "request_uri") == wrong
    assert ["/hook", "/hook"] == [one.target for one in place.came]


async def test_an_address_that_is_not_registered_is_never_asked(sqlite_reaching, receiver):
    place = await at(sqlite_reaching, receiver, brings(signed()))
    for uri in (place.url + "?x=1", place.url + "/", place.url.replace("127.0.0.1", "127.0.0.2"), "urn:nothing", "x"):
        assert ("invalid_request_uri", "request_uri") == await refused(sqlite_reaching, beside(request_uri=uri))

    assert [] == place.came


@pytest.mark.parametrize(
    "answer",
    [
        receiving.status(404), receiving.status(500), receiving.status(302, "location: https://web.example/"),
        receiving.says(b"HTTP/1.1 200 OK\r\ncontent-length: 5000000\r\n\r\n" + b"x" * 5_000_000), receiving.huge,
        receiving.says(b"nonsense\r\n\r\n"), receiving.says(b""),
    ],
)  # fmt: skip
async def test_an_address_that_gives_no_object_is_invalid_request_uri(sqlite_reaching, receiver, answer):
    place = await at(sqlite_reaching, receiver, answer)

    assert ("invalid_request_uri", "request_uri fetch") == await refused(sqlite_reaching, beside(request_uri=place.url))


async def test_what_is_no_object_there_is_invalid_request_object(sqlite_reaching, receiver):
    place = await at(sqlite_reaching, receiver, receiving.says(receiving.OK))

    assert ("invalid_request_object", "request object") == await refused(sqlite_reaching, beside(request_uri=place.url))


async def test_an_unsigned_one_by_reference_needs_none_to_be_registered_too(sqlite_reaching, receiver):
    place = await at(sqlite_reaching, receiver, brings(unsigned()))
    stranger = await refused(sqlite_reaching, beside(request_uri=place.url))
    await sqlite_reaching.change_client("web", request_object_signing_alg="none")
    answer = await ask(sqlite_reaching, beside(request_uri=place.url))

    assert ("request_uri_not_supported", "unsigned request object") == stranger
    assert "/login?" in answer.headers["location"]


async def test_a_private_address_is_never_asked_whoever_registered_it(sqlite_knowing, receiver):
    place = await at(sqlite_knowing, receiver, brings(signed()))

    assert ("invalid_request_uri", "request_uri fetch") == await refused(sqlite_knowing, beside(request_uri=place.url))
    assert 0 == place.connections


async def test_one_that_never_answers_ends_in_time_and_nobody_else_waits(sqlite_reaching, receiver, monkeypatch):
    monkeypatch.setattr(references, "SECONDS", 0.5)
    place = await at(sqlite_reaching, receiver, receiving.hangs)
    asking = [asyncio.create_task(ask(sqlite_reaching, beside(request_uri=place.url))) for _ in range(20)]
    await asyncio.sleep(0.1)
    other = await asyncio.wait_for(ask(sqlite_reaching, sqlite_reaching.request("other")), 0.3)
    errors = [answered(await one)["error"] for one in asking]

    assert 303 == other.status_code
    assert ["invalid_request_uri"] * 20 == errors
    assert references.AT_ONCE_OF_ONE == place.connections  # the others were told at once


async def test_whoever_reloads_a_page_of_the_request_causes_no_fetch(sqlite_reaching, receiver):
    place = await at(sqlite_reaching, receiver, brings(signed()))
    answer = await ask(sqlite_reaching, beside(request_uri=place.url))
    page = await sqlite_reaching.http.get(answer.headers["location"])
    for _ in range(3):
        await sqlite_reaching.http.get(answer.headers["location"])
    form = {**hidden(page.text), "username": "alice", "password": "correct horse battery staple"}
    back = await sqlite_reaching.http.post("/login", data=form)
    consent = await sqlite_reaching.http.get(
        (await sqlite_reaching.http.get(back.headers["location"])).headers["location"]
    )

    assert {"profile", "email", "offline_access", "api:read", "api:write"} == set(boxes(consent.text))
    assert 1 == len(place.came)


async def test_a_request_of_ours_may_be_posted(sqlite_knowing):
    first = await sqlite_knowing.http.post("/authorize", data=sqlite_knowing.request())
    ours = {name: values[0] for name, values in parse_qs(urlsplit(first.headers["location"]).query).items()}
    again = await sqlite_knowing.http.post("/authorize", data=ours)

    assert first.headers["location"] == again.headers["location"]
    assert 1 == await sqlite_knowing.count("requests")
