import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol import password_rules
from mintmark.protocol.password_rules import Rules

RULES = Rules(15, 256)
COMMON = frozenset({"password", "letmeinletmeinplease", "qwerty"})


def refusal(password, rules=RULES, words=()):
    return password_rules.refusal(password, rules, COMMON, words)


@pytest.mark.parametrize(
    "password", ["correct horse battery staple", "ein langer Satz ohne Sinn", "пароль из трёх слов"]
)
def test_a_few_words_are_enough(password):
    assert refusal(password) is None


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "at least 15"), ("fourteen chars", "at least 15"), ("x" * 257, "at most 256"),
        ("LetMeInLetMeInPlease", "common"), ("Password!1234567890", "common"), ("aaaaaaaaaaaaaaaa", "repeats"),
        ("abcabcabcabcabcab", "repeats"), ("hunter22hunter22h", "repeats"), ("efghijklmnopqrstu", "repeats"),
        ("09876543210987654", "repeats"), ("POIUYTREWQMNBVCXZ", "repeats"),
    ],
)  # fmt: skip
def test_why_a_password_is_refused_is_a_sentence(password, why):
    said = refusal(password)

    assert said is not None
    assert why in said
    assert said.endswith((".", "again.", "remember."))


@pytest.mark.parametrize("password", ["alice@example.org", "alice-example-org-al", "ALICE.LIDDELL1234"])
def test_a_name_that_is_known_makes_no_password(password):
    words = password_rules.words_of("alice.liddell", "alice@example.org", "alice-example-org", None, "")

    assert "name" in str(refusal(password, words=words))
    assert refusal("alice has quite a long one of her own", words=words) is None


def test_short_names_are_no_reason():
    assert refusal("bob and alpacas by night", words=("bob", "al")) is None


def test_names_are_what_they_are_and_the_parts_of_an_address():
    assert ("bob", "bob@b.example", "b.example") == password_rules.words_of("bob", "bob@b.example", None, "")


@given(st.text(min_size=15, max_size=200, alphabet=st.characters(exclude_categories=["Cs"])))
def test_the_same_keys_are_the_same_password_however_they_are_written(text):
    forms = {password_rules.normalised(unicodedata.normalize(form, text)) for form in ("NFC", "NFD", "NFKC", "NFKD")}

    assert 1 == len(forms)


@given(st.text(alphabet="abc", max_size=40), st.text(max_size=40))
def test_a_longer_rule_never_lets_through_what_a_shorter_refused_for_another_reason(one, other):
    for text in (one, other):
        if refusal(text, Rules(15, 256)) is None:
            assert refusal(text, Rules(8, 256)) is None
