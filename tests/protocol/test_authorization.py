from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol import ids
from mintmark.protocol.authorization import SessionState
from tests.protocol.making import LIVE, NOW, authorization, holder, standing

MS = ids.ms(NOW)
SECOND = timedelta(seconds=1)
MOMENTS = st.integers(-3, 3).map(lambda days: NOW + timedelta(days=days))
MAYBE = st.none() | MOMENTS
WATERMARKS = st.integers(-3, 3).map(lambda days: MS + days * 86_400_000)


def over(found=None, *, issued=MS, now=NOW, client=0, everything=0, bound=False):
    return (found or standing()).over(issued, now, client_ended_before=client, all_ended_before=everything, bound=bound)


def test_what_nobody_ended_stands():
    assert None is over()


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (standing(authorization(ended_at=NOW)), "authorization ended"),
        (standing(authorization(ended_at=NOW + SECOND)), "authorization ended"),
        (standing(authorization(expires_at=NOW)), "authorization expired"),
        (standing(holder=None), "person disabled"),
        (standing(holder=holder(disabled_at=NOW)), "person disabled"),
        (standing(holder=holder(ended_before=MS)), "watermark"),
        (standing(holder=holder(sessions_ended_before=MS)), "sessions ended"),
        (standing(session=None), "session ended"),
        (standing(session=SessionState(NOW, NOW + SECOND, NOW)), "session ended"),
        (standing(session=SessionState(NOW, NOW, None)), "session ended"),
        (
            standing(
                session=SessionState(NOW - SECOND, NOW + SECOND, None), holder=holder(sessions_ended_before=MS - 1)
            ),
            "sessions ended",
        ),
    ],
)
def test_every_end_ends_what_hangs_on_it(found, why):
    assert why == over(found)


def test_a_watermark_ends_what_was_issued_up_to_its_millisecond_and_nothing_later():
    assert "watermark" == over(client=MS)
    assert "watermark" == over(everything=MS)
    assert None is over(client=MS - 1, everything=MS - 1)
    assert None is over(standing(holder=holder(ended_before=MS - 1, sessions_ended_before=MS - 1)))


@pytest.mark.parametrize("session", [None, SessionState(NOW, NOW, NOW)])
def test_what_does_not_end_with_the_session_outlives_it(session):
    ended = holder(sessions_ended_before=MS)

    assert None is over(standing(authorization(ends_with_session=False), ended, session))


@pytest.mark.parametrize("session", [None, SessionState(NOW, NOW, None), SessionState(NOW, NOW + SECOND, NOW)])
def test_where_policy_binds_it_to_the_session_by_now_it_does_not(session):
    found = standing(authorization(ends_with_session=False), session=session)

    assert "session ended" == over(found, bound=True)
    assert None is over(standing(authorization(ends_with_session=False)), bound=True)


@pytest.mark.parametrize("bound", [False, True])
def test_what_never_had_a_session_ends_with_none(bound):
    found = standing(authorization(session_id=None), holder(sessions_ended_before=MS), None)

    assert None is over(found, bound=bound)


def test_a_session_that_was_ended_with_all_others_gives_nothing_even_to_what_a_clock_ahead_issued_later():
    ended = standing(holder=holder(sessions_ended_before=MS))

    assert "sessions ended" == over(ended, issued=MS + 1)
    assert None is over(standing(holder=holder(sessions_ended_before=MS - 1)), issued=MS + 1)


def test_a_person_that_is_back_revives_nothing():
    """Disabling sets the watermark too, so that enabling again changes nothing for what was issued before."""
    assert "watermark" == over(standing(holder=holder(disabled_at=None, ended_before=MS)))


STANDINGS = st.builds(
    standing,
    st.builds(
        authorization,
        ends_with_session=st.booleans(),
        session_id=st.none() | st.just("sid"),
        expires_at=MOMENTS,
        ended_at=MAYBE,
    ),
    st.none() | st.builds(holder, disabled_at=MAYBE, ended_before=WATERMARKS, sessions_ended_before=WATERMARKS),
    st.none() | st.builds(SessionState, MOMENTS, MOMENTS, MAYBE),
)


@given(STANDINGS, WATERMARKS, WATERMARKS, WATERMARKS, MOMENTS, st.timedeltas(timedelta(0), timedelta(days=9)))
def test_what_is_over_is_over_ever_after(found, issued, client, everything, now, later):
    if over(found, issued=issued, client=client, everything=everything, now=now) is not None:
        assert over(found, issued=issued, client=client, everything=everything, now=now + later) is not None


@given(STANDINGS, WATERMARKS, WATERMARKS, WATERMARKS, st.integers(0, 10**9), st.integers(0, 10**9))
def test_no_later_watermark_and_no_earlier_issue_brings_anything_back(
    found, issued, client, everything, higher, earlier
):
    if over(found, issued=issued, client=client, everything=everything) is not None:
        moved = over(found, issued=issued - earlier, client=client + higher, everything=everything + higher)
        assert moved is not None


@given(STANDINGS, WATERMARKS)
def test_whatever_ended_by_itself_is_over(found, issued):
    parts = (found.authorization.ended_at, found.holder and found.holder.disabled_at)
    if any(part is not None for part in parts) or found.holder is None:
        assert over(found, issued=issued) is not None


def test_a_live_session_is_not_in_the_way():
    assert None is over(standing(session=LIVE))
