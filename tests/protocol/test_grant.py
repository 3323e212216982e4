from datetime import timedelta

from mintmark.protocol import limits
from mintmark.protocol.grant import Grant, Issued
from tests.protocol.making import API, NOW, client


def test_a_grant_to_a_client_for_itself_says_nothing_of_a_person():
    found = limits.effective([], now=NOW, offline=False, confidential=True, self_registered=False)
    earned = Grant(client(), found, ("api:read",), (API,), standing=None, refresh_token=None, id_token=False)
    token = Issued("j", "shop", "shop", ("api:read",), (API,), 1, NOW + timedelta(minutes=1), None)

    assert None is earned.nonce
    assert not earned.refreshed
    assert None is earned.answered_scope  # it is told the scope of the token
    assert None is token.authorization_id
