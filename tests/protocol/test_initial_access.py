from datetime import timedelta

import pytest

from mintmark.protocol import initial_access
from mintmark.protocol.client_metadata import MetadataRefused
from mintmark.protocol.initial_access import Wanted
from tests.protocol.making import NOW


def test_one_use_and_no_end_where_nothing_else_is_said():
    assert Wanted("partners", 1, None) == initial_access.read({"name": "partners"}, NOW)
    assert Wanted("a", None, NOW + timedelta(days=1)) == initial_access.read(
        {"name": "a", "uses": None, "expires_at": "1d"}, NOW
    )


@pytest.mark.parametrize("sent", [{}, {"name": "a", "uses": 0}, {"name": "a", "uses": 1.0}, {"name": "a", "more": 1}])
def test_anything_else_is_refused(sent):
    with pytest.raises(MetadataRefused):
        initial_access.read(sent, NOW)
