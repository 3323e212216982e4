"""What an operator may ask of an invitation."""

from datetime import UTC, datetime, timedelta

import pytest

from mintmark.protocol import invitation
from mintmark.protocol.link import Link
from mintmark.protocol.person_record import RecordRefused

NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


def test_what_is_not_said_has_its_default():
    found = invitation.read({"email": None, "groups": None, "expires_at": None, "mail": None}, NOW)

    assert (None, (), False, NOW + timedelta(days=7)) == (found.email, found.groups, found.mail, found.expires_at)


def test_all_that_is_said_is_kept_in_its_link():
    found = invitation.read({"email": "a@b.example", "groups": ["staff"], "expires_at": "1d", "mail": True}, NOW)
    link = Link(b"x" * 32, "invite", None, found.email, invitation.detail(found), None, 0, NOW, found.expires_at, None)
    kept = invitation.of(link)

    assert (b"x" * 32).hex() == kept.id
    assert ("a@b.example", ("staff",), True) == (kept.email, kept.groups, kept.mailed)
    assert kept.is_live(NOW)
    assert not kept.is_live(NOW + timedelta(days=1))


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        ({"mial": True}, "mial"),
        ({"email": "nobody"}, "email"),
        ({"groups": "staff"}, "groups"),
        ({"mail": "yes"}, "mail"),
        ({"mail": True}, "mail"),
        ({"expires_at": "yesterday"}, "expires_at"),
        ({"expires_at": "91d"}, "expires_at"),
    ],
)
def test_what_makes_no_sense_is_refused(sent, path):
    with pytest.raises(RecordRefused) as caught:
        invitation.read(sent, NOW)

    assert path == caught.value.path
