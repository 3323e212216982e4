"""Software statements: believed where the operator named who signs them, and nowhere else (RFC 7591 §2.3)."""

import json
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from mintmark.endpoints import statements
from mintmark.settings import Settings
from tests.issuer import CALLBACK, NOON, start
from tests.registering import manage, register, registered

AUTHORITY = "https://directory.example"
KEY, STRANGER = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
SAID = {"iss": AUTHORITY, "client_name": "Approved Notes", "redirect_uris": [CALLBACK], "software_id": "notes"}


def keys(key=KEY):
    return {"keys": [ECAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": "1"}]}


def statement(claims=SAID, key=KEY, alg="ES256", **header):
    return jwt.encode(claims, key, alg, headers={"kid": "1", **header})


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "statements.json"
    path.write_text(json.dumps({AUTHORITY: keys()}))
    return path


@pytest.fixture
async def believing(sqlite_database, file):
    async for one in start(sqlite_database, MINTMARK_REGISTRATION_STATEMENTS=str(file)):
        yield one


async def test_what_the_statement_says_is_registered_and_it_is_echoed_as_it_came(believing):
    sent = statement()
    told = await registered(believing, {"client_name": "Mine", "contacts": ["a"], "software_statement": sent})
    read = (await manage(believing, told, "GET")).json()

    assert ("Approved Notes", "notes", ["a"], sent) == (
        told["client_name"], told["software_id"], told["contacts"], told["software_statement"],
    )  # fmt: skip
    assert sent == read["software_statement"]


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        (statement(key=STRANGER), "invalid_software_statement"),
        (statement({**SAID, "exp": int(NOON.timestamp()) - 60}), "invalid_software_statement"),
        (statement({**SAID, "aud": "https://elsewhere.example"}), "invalid_software_statement"),
        (statement(typ="at+jwt"), "invalid_software_statement"),
        (statement(crit=["x"], x=1), "invalid_software_statement"),
        (jwt.encode(SAID, "", "none"), "invalid_software_statement"),
        (jwt.encode(SAID, "s" * 32, "HS256"), "invalid_software_statement"),
        ("not a JWT", "invalid_software_statement"),
        (5, "invalid_software_statement"),
        ([], "invalid_software_statement"),
        (statement({**SAID, "iss": "https://stranger.example"}), "unapproved_software_statement"),
        (statement({"client_name": "Nobody's", "redirect_uris": [CALLBACK]}), "unapproved_software_statement"),
        (statement({**SAID, "redirect_uris": ["http://a.example/"]}), "invalid_redirect_uri"),
        (statement({**SAID, "grant_types": ["client_credentials"]}), "invalid_client_metadata"),
    ],
)
async def test_any_other_statement_is_refused_by_its_code(believing, sent, error):
    answer = await register(believing, software_statement=sent)

    assert (400, error) == (answer.status_code, answer.json()["error"]), answer.text


async def test_the_file_is_read_again_and_a_broken_one_believes_nobody(believing, file):
    file.write_text(json.dumps({AUTHORITY: keys(STRANGER)}))
    changed = await register(believing, software_statement=statement(key=STRANGER))
    file.write_text("{")
    broken = await register(believing, software_statement=statement(key=STRANGER))

    assert 201 == changed.status_code, changed.text
    assert "unapproved_software_statement" == broken.json()["error"]


async def test_where_nobody_is_named_nobody_is_believed(sqlite_issuer):
    answer = await register(sqlite_issuer, software_statement=statement())

    assert "unapproved_software_statement" == answer.json()["error"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "MINTMARK_REGISTRATION_STATEMENTS: "),
        ("[]", "must be an object of issuers and their JWK Sets"),
        ('{"https://a.example": {}}', "the JWK Set of https://a.example is no JWK Set"),
        (None, "MINTMARK_REGISTRATION_STATEMENTS cannot be read"),
    ],
)
def test_what_is_wrong_with_the_file_is_told_before_anybody_registers(file, content, sentence):
    file.unlink() if content is None else file.write_text(content)
    environment = {"MINTMARK_ISSUER": "https://id.example", "MINTMARK_SEALING_KEYS": "A" * 43}
    settings = Settings.load({**environment, "MINTMARK_REGISTRATION_STATEMENTS": str(file)})

    assert sentence in " ".join(statements.wrong(settings))


async def test_a_statement_that_is_nearly_over_is_good(believing):
    claims = {**SAID, "exp": int((NOON + timedelta(seconds=5)).timestamp())}

    assert 201 == (await register(believing, software_statement=statement(claims))).status_code
