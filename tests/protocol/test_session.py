from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.protocol.making import NOW, session

SECOND = timedelta(seconds=1)
SPANS = st.timedeltas(timedelta(0), timedelta(days=3))


def test_a_session_lives_until_it_idles_ends_or_is_over():
    assert session().is_live(NOW)
    assert not session(ended_at=NOW).is_live(NOW)
    assert not session(idle_expires_at=NOW).is_live(NOW)
    assert session(idle_expires_at=NOW + SECOND).is_live(NOW)
    assert not session(expires_at=NOW).is_live(NOW)


@given(SPANS, SPANS, SPANS, SPANS)
def test_a_session_that_is_over_is_over_ever_after(idle, lifetime, then, later):
    found = session(idle_expires_at=NOW + idle, expires_at=NOW + lifetime)

    assert found.is_live(NOW + then) or not found.is_live(NOW + then + later)


@pytest.mark.parametrize(("ago", "wants"), [(timedelta(seconds=59), False), (timedelta(minutes=1), True)])
def test_last_use_is_written_once_a_minute(ago, wants):
    assert wants == session(last_used_at=NOW - ago).wants_touch(NOW)
