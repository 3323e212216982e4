import inspect

import pytest

from mintmark.protocol import errors
from mintmark.protocol.errors import (
    InsufficientScope,
    InsufficientUserAuthentication,
    InvalidGrant,
    OAuthError,
    Refusal,
    TooManyAttempts,
    UntrustedRequest,
)

CLASSES = [found for _, found in inspect.getmembers(errors, inspect.isclass) if issubclass(found, Refusal)]
WITH_A_CODE = [found for found in CLASSES if found not in (Refusal, OAuthError)]


def test_a_refusal_says_what_the_operator_should_know_and_writes_nothing_unless_told():
    plain = InvalidGrant("the code has expired")
    full = InvalidGrant("no", check="reuse", expected="the heir", got=7, remember=("end",))

    assert ("the code has expired", "InvalidGrant", "", None, ()) == (
        plain.description,
        plain.check,
        plain.expected,
        plain.got,
        plain.remember,
    )
    assert ("reuse", "the heir", 7, ("end",)) == (full.check, full.expected, full.got, full.remember)
    assert "no" == str(full)


@pytest.mark.parametrize("refusal", WITH_A_CODE)
def test_every_refusal_has_a_code_of_plain_letters_and_a_status_of_the_asker_or_of_overload(refusal):
    assert refusal.code.replace("_", "").isalpha()
    assert refusal.code.islower()
    assert 400 <= refusal.status < 500 or 503 == refusal.status


@pytest.mark.parametrize("refusal", [found for found in CLASSES if issubclass(found, UntrustedRequest)])
def test_a_refusal_of_an_untrusted_request_is_never_one_that_goes_back_to_a_client(refusal):
    assert not issubclass(refusal, OAuthError)


def test_some_refusals_say_more():
    slow = TooManyAttempts("wait", 7, check="sign-in")

    assert (7, "sign-in", 429) == (slow.retry_after, slow.check, slow.status)
    assert "admin:read" == InsufficientScope("no", "admin:read").scope


def test_a_person_who_proved_too_little_hears_what_would_be_enough():
    """RFC 9470 §3."""
    refusal = InsufficientUserAuthentication("more", "urn:a urn:b", 300, got="urn:c", client_id="shop")

    assert ("insufficient_user_authentication", 401) == (refusal.code, refusal.status)
    assert ("urn:a urn:b", 300, "shop") == (refusal.acr_values, refusal.max_age, refusal.client_id)
    assert ("urn:a urn:b", "urn:c") == (refusal.expected, refusal.got)
