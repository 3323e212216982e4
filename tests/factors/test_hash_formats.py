import base64
import hashlib

import bcrypt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from passlib import hash as passlib

from mintmark.factors import hash_formats
from mintmark.factors.hash_memory import HashMemory

PASSWORD = "correct horse ä"
MEMORY = HashMemory(64)
CHEAP = {
    "argon2": {"memory_cost": 64, "time_cost": 1, "parallelism": 1},
    "bcrypt": {"rounds": 4},
    "bcrypt_sha256": {"rounds": 4},
    "django_argon2": {"memory_cost": 64, "time_cost": 1, "parallelism": 1},
    "django_bcrypt": {"rounds": 4},
    "django_bcrypt_sha256": {"rounds": 4},
    "django_pbkdf2_sha1": {"rounds": 10},
    "django_pbkdf2_sha256": {"rounds": 10},
    "ldap_bcrypt": {"rounds": 4},
    "ldap_pbkdf2_sha1": {"rounds": 10},
    "ldap_pbkdf2_sha256": {"rounds": 10},
    "ldap_pbkdf2_sha512": {"rounds": 10},
    "ldap_salted_sha1": {},
    "ldap_salted_sha256": {},
    "ldap_salted_sha512": {},
    "ldap_sha256_crypt": {"rounds": 1000},
    "ldap_sha512_crypt": {"rounds": 1000},
    "pbkdf2_sha1": {"rounds": 10},
    "pbkdf2_sha256": {"rounds": 10},
    "pbkdf2_sha512": {"rounds": 10},
    "phpass": {"rounds": 7},
    "scrypt": {"rounds": 4},
    "sha256_crypt": {"rounds": 1000},
    "sha512_crypt": {"rounds": 1000},
}
ARGON2 = "$argon2id$v=19$m={},t={},p=1$MDEyMzQ1Njc4OWFiY2RlZg$" + "A" * 43
SCRYPT = "$scrypt$ln={},r=8,p={}$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E"


@pytest.mark.parametrize("name", CHEAP)
def test_every_format_is_taken_over_and_checked(name):
    stored = getattr(passlib, name).using(**CHEAP[name]).hash(PASSWORD)
    found = hash_formats.read(stored)

    assert found.scheme == hash_formats.check(stored)
    assert found.matches(PASSWORD, MEMORY)
    assert not found.matches("correct horse a", MEMORY)


@pytest.mark.parametrize("kind", ["I", "D", "ID"])
def test_every_kind_of_argon2_is_taken_over(kind):
    stored = passlib.argon2.using(type=kind, **CHEAP["argon2"]).hash(PASSWORD)

    assert hash_formats.read(stored).matches(PASSWORD, MEMORY)


@pytest.mark.parametrize(
    ("stored", "password"),
    [
        # Made by libxcrypt and by OpenSSL alike.
        ("$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", "Hello world!"),
        (
            "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
            "Hello world!",
        ),
        # From the tests of phpass, crypt_blowfish and libargon2.
        ("$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0", "test12345"),
        ("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"),
        ("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "password"),
    ],
)
def test_what_other_programs_made_matches(stored, password):
    assert hash_formats.read(stored).matches(password, MEMORY)


def test_a_scrypt_hash_is_the_key_of_its_rfc():
    key = hashlib.scrypt(b"pleaseletmein", salt=b"SodiumChloride", n=16384, r=8, p=1, dklen=32)
    salt, tag = (base64.b64encode(part).decode().rstrip("=") for part in (b"SodiumChloride", key))

    assert key.hex().startswith("7023bdcb3afd7348461c06cd81fd38eb")  # RFC 7914 §12
    assert hash_formats.read(f"$scrypt$ln=14,r=8,p=1${salt}${tag}").matches("pleaseletmein", MEMORY)


def test_the_other_form_of_scrypt_is_taken_over():
    stored = passlib.scrypt.using(rounds=4, ident="$7$").hash(PASSWORD)

    assert hash_formats.read(stored).matches(PASSWORD, MEMORY)


def test_names_in_braces_may_be_in_either_case():
    stored = passlib.ldap_salted_sha1.hash(PASSWORD).replace("{SSHA}", "{ssha}")
    crypt = "{crypt}" + passlib.bcrypt.using(rounds=4).hash(PASSWORD)

    assert hash_formats.read(stored).matches(PASSWORD, MEMORY)
    assert hash_formats.read(crypt).matches(PASSWORD, MEMORY)


@pytest.mark.parametrize("password", ["é" * 50, "x" * 71 + "é", "x" * 71 + "\N{GRINNING FACE}", "x" * 500])
def test_bcrypt_looks_at_seventy_two_bytes_as_the_foreign_system_did(password):
    found = hash_formats.read(bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(4)).decode())

    assert found.matches(password, MEMORY)
    assert found.matches(password + "more", MEMORY)
    assert not found.matches(password[:30], MEMORY)


@pytest.mark.parametrize("name", ["sha256_crypt", "sha512_crypt"])
def test_a_password_longer_than_crypt_takes_matches_nothing(name):
    stored = getattr(passlib, name).using(rounds=1000).hash("x" * 512)

    assert not hash_formats.read(stored).matches("x" * 512, MEMORY)


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "correct horse",
        "{CLEARTEXT}correct horse",
        "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
        "{MD5}X03MO1qnZdYdgyfeuILPmQ==",
        "{SMD5}jNoSMNY0cybfuBWiaGlFw3Mfi/U=",
        "{CRYPT}rl0uE0wU1nMrY",
        "rl0uE0wU1nMrY",
        "$1$deadbeef$Q7g0UO4hRC0mgQUQ/qkjZ0",
        "$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8",
        "sha1$f8793$c4cd18eb02375a037885706d414d68d521ca18c7",
        "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19",
        "md5d8578edf8458ce06fbc5bb76a58c5ca4",
        "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjlO/O817G3uBnIFNjnQJuesI68OTLiBFdcbYEdFCoEOfaS35inzé",
        "$2x$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaRAO.HyWyL8OxbwSdYMoxo0e",
        "$2b$12$abcdefghijklmnopqrstuu",
        "$2b$99$AwRBrSgJP6nfPcqGBqHXuOhEDh0EMdxyWW2Ey1bVRNrHDr7Jmf8.G",
        "$argon2id$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg",
        "$argon2id$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$AAAAAA",
        "$argon2id$v=19$m=64,t=1,p=1,data=AAAA$MDEyMzQ1Njc4OWFiY2RlZg$" + "A" * 43,
        "$argon2id$v=19$m=64,t=1,p=1,keyid=AAAA$MDEyMzQ1Njc4OWFiY2RlZg$" + "A" * 43,
        "$argon2id$v=19$m=8,t=1,p=4$MDEyMzQ1Njc4OWFiY2RlZg$" + "A" * 43,
        "$argon2x$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$" + "A" * 43,
        "$scrypt$foo",
        "$scrypt$ln=4,r=0,p=1$aaaa$" + "A" * 43,
        "$pbkdf2-sha256$" + "9" * 5000,
        "{SSHA}AAAA",
        "pbkdf2_sha256$",
        "$P$",
    ],
)
def test_plain_unsalted_weak_and_broken_hashes_are_refused_without_being_repeated(stored):
    with pytest.raises(ValueError, match=r"^must be ") as refused:
        hash_formats.check(stored)

    words = str(refused.value)
    assert len(stored) < 8 or stored[8:] not in words
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    "stored",
    [
        ARGON2.format(262144, 10),
        ARGON2.format(19456, 2),
        SCRYPT.format(17, 4),
        SCRYPT.format(18, 1),
        "$2b$14$AwRBrSgJP6nfPcqGBqHXuOhEDh0EMdxyWW2Ey1bVRNrHDr7Jmf8.G",
        "$pbkdf2-sha256$5000000$916rtZYyptRaK8UY43xvTQ$eQUPauXZlyMTiCUeQUPauXZlyMTiCUeQUPauXZlyMTM",
    ],
)
def test_dear_hashes_are_taken_over(stored):
    assert hash_formats.check(stored)


@pytest.mark.parametrize(
    "stored",
    [
        ARGON2.format(262145, 1),
        ARGON2.format(4_000_000_000, 1),
        ARGON2.format(262144, 12),
        ARGON2.format(8, 4_000_000_000),
        SCRYPT.format(19, 1),
        SCRYPT.format(31, 1),
        SCRYPT.format(17, 5),
        "$2b$15$AwRBrSgJP6nfPcqGBqHXuOhEDh0EMdxyWW2Ey1bVRNrHDr7Jmf8.G",
        "$2b$31$AwRBrSgJP6nfPcqGBqHXuOhEDh0EMdxyWW2Ey1bVRNrHDr7Jmf8.G",
        "$pbkdf2-sha256$5000001$916rtZYyptRaK8UY43xvTQ$eQUPauXZlyMTiCUeQUPauXZlyMTiCUeQUPauXZlyMTM",
        "$5$rounds=999999999$aaaaaaaa$" + "a" * 43,
        "$P$S" + "a" * 30,
    ],
)
def test_hashes_that_cost_too_much_are_refused(stored):
    with pytest.raises(ValueError, match=r"^must take at most (256 MiB of memory|about 2 s) to check"):
        hash_formats.check(stored)


@given(st.sampled_from([*hash_formats._SCHEMES, *hash_formats._WRAPPERS]), st.text(alphabet="$=,./{}aA19mtplnrv\x00é"))
def test_nothing_that_is_stored_is_ever_more_than_refused(start, rest):
    try:
        found = hash_formats.read(start + rest)
    except ValueError:
        return
    assert found.seconds >= 0


def test_a_hash_is_not_shown():
    stored = passlib.bcrypt.using(rounds=4).hash(PASSWORD)

    assert stored[7:] not in repr(hash_formats.read(stored))
