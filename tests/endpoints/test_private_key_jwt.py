"""Clients that sign an assertion instead of sending a secret (RFC 7523, OIDC Core §9)."""

import asyncio
import base64
import itertools
import json
from dataclasses import replace
from functools import partial

import pytest
from authlib.oauth2.rfc7523 import private_key_jwt_sign
from joserfc import jwk, jws

from mintmark.keys import algorithms
from mintmark.outbound import NotReached, Reply
from mintmark.store import purge
from mintmark.store.changes import Conflict
from tests.issuer import API, SECRET, claims, untraced

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
KEYS = {alg: algorithms.generate(alg) for alg in ("ES256", "RS256", "Ed25519")}
OTHER = algorithms.generate("ES256")
DOCUMENT = {
    "token_endpoint_auth_method": "private_key_jwt",
    "grant_types": ["client_credentials", "refresh_token"],
    "scope": "api:read",
}
numbers = itertools.count()


def public(private, **more):
    return {**algorithms.members(private.public_key()), **more}


def jwks(*privates):
    return {"keys": [public(private, kid=f"key-{number}") for number, private in enumerate(privates)]}


def encode(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def signed(issuer, alg="ES256", private=None, header=None, **changed):
    """... leaves a claim out."""
    now = int(issuer.moment[0].timestamp())
    plain = {"iss": "bank", "sub": "bank", "aud": issuer.url, "exp": now + 60, "iat": now, "jti": f"j{next(numbers)}"}
    said = {name: value for name, value in {**plain, **changed}.items() if value is not ...}
    parts = ".".join(encode(json.dumps(part).encode()) for part in ({"alg": alg, **(header or {})}, said))
    return f"{parts}.{encode(algorithms.ALGORITHMS[alg].signer(private or KEYS[alg])(parts.encode()))}"


def shown(assertion, **form):
    return {"client_assertion": assertion, "client_assertion_type": TYPE, **form}


async def ask(issuer, assertion, door="/token", **form):
    form = {"grant_type": "client_credentials"} | form if door == "/token" else form
    return await issuer.http.post(door, data=shown(assertion, **form))


async def registered(issuer, *privates, policy=None, **members):
    await issuer.add_client("bank", {**DOCUMENT, "jwks": jwks(*(privates or KEYS.values())), **members}, policy)


async def refused_because(issuer, answer):
    assert (401, "invalid_client") == (answer.status_code, answer.json()["error"])
    [check] = issuer.refusals("check")[-1:]
    return check


@pytest.mark.parametrize("alg", KEYS)
async def test_a_signed_assertion_proves_the_client(issuer, alg):
    await registered(issuer)
    answer = await ask(issuer, signed(issuer, alg))

    assert 200 == answer.status_code, answer.text
    assert "bank" == claims(answer.json()["access_token"])["sub"]


@pytest.mark.parametrize("alg", ["ES256", "RS256"])
async def test_another_librarys_assertion_proves_the_client(sqlite_issuer, alg):
    """joserfc signs, with a typ and a kid."""
    await registered(sqlite_issuer, KEYS[alg])
    now = int(sqlite_issuer.moment[0].timestamp())
    key = jwk.import_key(algorithms.to_der(KEYS[alg]), "EC" if alg == "ES256" else "RSA")
    said = {"iss": "bank", "sub": "bank", "aud": [sqlite_issuer.url], "exp": now + 60, "jti": "x"}
    header = {"alg": alg, "kid": "key-0", "typ": "client-authentication+jwt"}
    token = jws.serialize_compact(header, json.dumps(said), key)

    assert 200 == (await ask(sqlite_issuer, token, client_id="bank")).status_code


@pytest.mark.parametrize("door", ["/token", "/introspect", "/revoke"])
async def test_authlibs_assertion_is_made_out_to_the_token_endpoint_which_a_policy_lets_pass(sqlite_issuer, door):
    """Authlib says the token endpoint at every door (real clients)."""
    issuer = sqlite_issuer
    await registered(issuer)
    key = jwk.import_key(algorithms.to_der(KEYS["RS256"]), "RSA")
    now = int(issuer.moment[0].timestamp())

    def assertion():
        return private_key_jwt_sign(
            key, "bank", issuer.url + "/token", alg="RS256", issued_at=now, expires_at=now + 300
        )

    form = {"token": "x"} if door != "/token" else {}
    before = await ask(issuer, assertion(), door, **form)
    assert "assertion audience" == await refused_because(issuer, before)
    await issuer.set_policy({"require_issuer_audience": False}, at="client", name="bank")

    assert 200 == (await ask(issuer, assertion(), door, **form)).status_code
    if door == "/introspect":
        of_the_door = signed(issuer, aud=issuer.url + door)
        assert 200 == (await ask(issuer, of_the_door, door, **form)).status_code
    await issuer.set_policy({"require_issuer_audience": True})
    assert 401 == (await ask(issuer, assertion(), door, **form)).status_code


async def test_at_every_door_an_assertion_is_a_way_in(sqlite_issuer):
    issuer = sqlite_issuer
    await registered(issuer)
    token = (await ask(issuer, signed(issuer))).json()["access_token"]
    revoked = await ask(issuer, signed(issuer), "/revoke", token=token)
    told = await ask(issuer, signed(issuer), "/introspect", token=token)

    assert (200, {"active": False}) == (revoked.status_code, told.json())


async def test_one_assertion_is_good_once_and_fifty_at_once_are_one(issuer):
    await registered(issuer)
    assertion = signed(issuer)
    answers = await asyncio.gather(*(ask(issuer, assertion) for _ in range(50)))

    assert [200] + [401] * 49 == sorted(answer.status_code for answer in answers)
    assert "assertion replay" == await refused_because(issuer, await ask(issuer, assertion))
    assert "assertion replay" == await refused_because(issuer, await ask(issuer, assertion, "/revoke", token="x"))
    assert 1 == await issuer.count("assertions")


async def test_the_jti_of_one_client_is_not_anothers(sqlite_issuer):
    issuer = sqlite_issuer
    await registered(issuer)
    await issuer.add_client("second", {**DOCUMENT, "jwks": jwks(KEYS["ES256"])})

    assert 200 == (await ask(issuer, signed(issuer, jti="same"))).status_code
    assert 200 == (await ask(issuer, signed(issuer, jti="same", iss="second", sub="second"))).status_code


async def test_a_decision_that_is_made_again_is_no_second_use(issuer, monkeypatch):
    """A code that another request spends meanwhile: the door decides again, with the same assertion."""
    await registered(issuer)
    tokens = []
    commit = issuer.server.store.commit
    failed: list[object] = []

    async def fails_once(changes):
        if not failed and len(changes) and "assertions" not in str(changes[0]):
            failed.append(changes)
            raise Conflict
        await commit(changes)

    await issuer.set_policy({"access_token_format": "opaque"}, at="client", name="bank")
    monkeypatch.setattr(issuer.server.store, "commit", fails_once)
    tokens.append(await ask(issuer, signed(issuer)))

    assert (200, 1) == (tokens[0].status_code, len(failed))


async def test_what_proved_nothing_is_not_remembered(sqlite_issuer):
    await registered(sqlite_issuer)
    await ask(sqlite_issuer, signed(sqlite_issuer, private=OTHER))
    await ask(sqlite_issuer, signed(sqlite_issuer, aud="https://other.example"))

    assert 0 == await sqlite_issuer.count("assertions")


async def test_it_is_forgotten_when_it_is_no_longer_good(issuer):
    await registered(issuer)
    await ask(issuer, signed(issuer))
    await purge.purge(issuer.server.store, issuer.server.clock())
    assert 1 == await issuer.count("assertions")
    issuer.later(seconds=121)
    await purge.purge(issuer.server.store, issuer.server.clock())

    assert 0 == await issuer.count("assertions")


BAD = {
    "assertion form": [
        lambda issuer: "nonsense",
        lambda issuer: signed(issuer, header={"crit": ["exp"]}),
        lambda issuer: signed(issuer, header={"zip": "DEF"}),
        lambda issuer: signed(issuer, header={"b64": True}),
        lambda issuer: signed(issuer, header={"jwk": public(OTHER)}, private=OTHER),
        lambda issuer: signed(issuer, header={"typ": "at+jwt"}),
        lambda issuer: signed(issuer, header={"alg": "none"}),
        lambda issuer: signed(issuer, header={"alg": "HS256"}),
        lambda issuer: signed(issuer).rpartition(".")[0] + ".",
        lambda issuer: signed(issuer) + "A" * 20_000,
    ],
    "assertion issuer": [
        lambda issuer: signed(issuer, sub=...),
        lambda issuer: signed(issuer, iss="other"),
        lambda issuer: signed(issuer, iss=["bank"], sub=["bank"]),
    ],
    "assertion audience": [
        lambda issuer: signed(issuer, aud=...),
        lambda issuer: signed(issuer, aud=issuer.url + "/token"),
        lambda issuer: signed(issuer, aud=[issuer.url, "https://other.example"]),
    ],
    "assertion expiry": [
        lambda issuer: signed(issuer, exp=...),
        lambda issuer: signed(issuer, exp=int(issuer.moment[0].timestamp()) - 300),
        lambda issuer: signed(issuer, exp=int(issuer.moment[0].timestamp()) + 86_400),
    ],
    "assertion begin": [lambda issuer: signed(issuer, nbf=int(issuer.moment[0].timestamp()) + 61)],
    "assertion jti": [lambda issuer: signed(issuer, jti=...), lambda issuer: signed(issuer, jti="")],
    "assertion signature": [
        lambda issuer: signed(issuer, private=OTHER),
        lambda issuer: signed(issuer, header={"kid": "unknown"}),
        lambda issuer: signed(issuer, header={"kid": "key-1"}),
        lambda issuer: signed(issuer)[:-8] + "AAAAAAAA",
    ],
    "unknown client": [lambda issuer: signed(issuer, iss="nobody", sub="nobody")],
    "assertion method": [
        lambda issuer: signed(issuer, iss="web", sub="web"),
        lambda issuer: signed(issuer, iss="spa", sub="spa"),
    ],
}


@pytest.mark.parametrize(("check", "make"), [(check, make) for check, makes in BAD.items() for make in makes])
async def test_whatever_is_wrong_the_answer_is_the_same(sqlite_issuer, check, make):
    await registered(sqlite_issuer)
    wrong = await ask(sqlite_issuer, make(sqlite_issuer))
    told = await refused_because(sqlite_issuer, wrong)
    unknown = await ask(sqlite_issuer, signed(sqlite_issuer, iss="nobody", sub="nobody"))

    assert check == told
    assert untraced(unknown) == untraced(wrong)
    assert "www-authenticate" not in wrong.headers


async def test_two_ways_at_once_are_refused(sqlite_issuer):
    await registered(sqlite_issuer)
    form = shown(signed(sqlite_issuer), grant_type="client_credentials")
    basic = await sqlite_issuer.http.post("/token", data=form, auth=("bank", SECRET))
    posted = await sqlite_issuer.http.post("/token", data={**form, "client_id": "bank", "client_secret": SECRET})

    assert [(400, "invalid_request")] * 2 == [(one.status_code, one.json()["error"]) for one in (basic, posted)]


async def test_client_id_beside_an_assertion_must_be_its_own(sqlite_issuer):
    await registered(sqlite_issuer)

    assert 200 == (await ask(sqlite_issuer, signed(sqlite_issuer), client_id="bank")).status_code
    assert 401 == (await ask(sqlite_issuer, signed(sqlite_issuer), client_id="web")).status_code


@pytest.mark.parametrize("form", [{"client_assertion_type": TYPE}, {"client_assertion": "x"},
                                  {"client_assertion": "x", "client_assertion_type": "other"}])  # fmt: skip
async def test_an_assertion_and_its_type_belong_together(sqlite_issuer, form):
    answer = await sqlite_issuer.http.post("/token", data={"grant_type": "client_credentials", **form})

    assert "assertion type" == await refused_because(sqlite_issuer, answer)


async def test_who_registered_for_an_assertion_has_no_other_way(sqlite_issuer):
    """Not even a secret that is right: the policy "signed" is not met by what is not signed (CVE-2026-16093)."""
    await registered(sqlite_issuer)
    post = partial(sqlite_issuer.http.post, "/token")
    own = {"grant_type": "client_credentials"}
    for answer in (
        await post(data=own, auth=("bank", SECRET)),
        await post(data={**own, "client_id": "bank", "client_secret": SECRET}),
        await post(data={**own, "client_id": "bank"}),
    ):
        assert "client method" == await refused_because(sqlite_issuer, answer)


async def test_a_registered_alg_is_the_only_one(sqlite_issuer):
    await registered(sqlite_issuer, token_endpoint_auth_signing_alg="RS256")

    assert "assertion alg" == await refused_because(sqlite_issuer, await ask(sqlite_issuer, signed(sqlite_issuer)))
    assert 200 == (await ask(sqlite_issuer, signed(sqlite_issuer, "RS256"))).status_code


async def test_a_disabled_client_is_refused_although_it_proves_itself(sqlite_issuer):
    await registered(sqlite_issuer)
    await sqlite_issuer.disable_client("bank")

    answer = await ask(sqlite_issuer, signed(sqlite_issuer))
    assert "disabled client" == await refused_because(sqlite_issuer, answer)
    assert 0 == await sqlite_issuer.count("assertions")


async def test_a_client_without_keys_proves_nothing(sqlite_issuer):
    await sqlite_issuer.add_client("bank", DOCUMENT)
    answer = await ask(sqlite_issuer, signed(sqlite_issuer))

    assert "assertion signature" == await refused_because(sqlite_issuer, answer)


async def test_failures_are_counted_and_then_the_client_waits(sqlite_issuer):
    await registered(sqlite_issuer)
    for _ in range(200):
        await ask(sqlite_issuer, signed(sqlite_issuer, private=OTHER))
    answer = await ask(sqlite_issuer, signed(sqlite_issuer))

    assert 429 == answer.status_code


async def test_a_self_registered_client_may_name_the_token_endpoint(sqlite_issuer, monkeypatch):
    """OIDC Core §9 told clients so for ten years."""
    issuer = sqlite_issuer
    await registered(issuer)
    found = await issuer.server.registry.client("bank")
    self_registered = replace(found, self_registered=True)

    async def client(client_id):
        return self_registered

    monkeypatch.setattr(issuer.server.registry, "client", client)
    assert 200 == (await ask(issuer, signed(issuer, aud=issuer.url + "/token"))).status_code
    assert 401 == (await ask(issuer, signed(issuer, aud=issuer.url + "/revoke"))).status_code


# ── keys at an address


class There:
    """What stands at the client's jwks_uri."""

    def __init__(self):
        self.keys = []
        self.asked = 0
        self.fault = None

    async def ask(self, method, url, headers=(), body=b"", *, seconds, most):
        self.asked += 1
        if self.fault:
            raise self.fault
        return Reply(200, [], json.dumps({"keys": self.keys}).encode(), True)


@pytest.fixture
async def there(sqlite_issuer):
    found = There()
    object.__setattr__(sqlite_issuer.server, "outbound", found)
    await sqlite_issuer.add_client("bank", {**DOCUMENT, "jwks_uri": "https://bank.example/jwks"})
    return found


async def test_a_client_that_rotates_its_keys_proves_itself_with_the_new_one_a_minute_later(sqlite_issuer, there):
    """As oidcc-refresh-token-rp-key-rotation does it."""
    there.keys = [public(KEYS["ES256"], kid="first")]
    first = await ask(sqlite_issuer, signed(sqlite_issuer, header={"kid": "first"}))
    there.keys = [public(OTHER, kid="second")]
    sqlite_issuer.later(seconds=60)
    second = await ask(sqlite_issuer, signed(sqlite_issuer, private=OTHER, header={"kid": "second"}))
    gone = await ask(sqlite_issuer, signed(sqlite_issuer, header={"kid": "first"}))

    assert [200, 200, 401] == [first.status_code, second.status_code, gone.status_code]
    assert 2 == there.asked


async def test_without_a_kid_the_new_key_is_found_too(sqlite_issuer, there):
    there.keys = [public(KEYS["ES256"])]
    first = await ask(sqlite_issuer, signed(sqlite_issuer))
    there.keys = [public(OTHER)]
    sqlite_issuer.later(seconds=60)
    second = await ask(sqlite_issuer, signed(sqlite_issuer, private=OTHER))

    assert [200, 200] == [first.status_code, second.status_code]
    assert 401 == (await ask(sqlite_issuer, signed(sqlite_issuer))).status_code
    assert 2 == there.asked


async def test_a_flood_of_forged_kids_causes_few_fetches(sqlite_issuer, there):
    there.keys = [public(KEYS["ES256"], kid="first")]
    await asyncio.gather(*(ask(sqlite_issuer, signed(sqlite_issuer, header={"kid": f"k{n}"})) for n in range(100)))

    assert 1 == there.asked
    assert 200 == (await ask(sqlite_issuer, signed(sqlite_issuer, header={"kid": "first"}))).status_code


async def test_why_the_keys_could_not_be_had_is_for_operators_alone(sqlite_issuer, there):
    there.fault = NotReached("no connection: connection refused")
    answer = await ask(sqlite_issuer, signed(sqlite_issuer))

    assert "assertion signature" == await refused_because(sqlite_issuer, answer)
    assert "connection" not in answer.text
    assert "connection refused" in sqlite_issuer.refusals("expected")[-1]


async def test_the_tokens_of_such_a_client_are_for_its_resource(sqlite_issuer):
    await registered(sqlite_issuer)

    assert API == claims((await ask(sqlite_issuer, signed(sqlite_issuer))).json()["access_token"])["aud"]
