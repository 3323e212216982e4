"""The checker finds what it is there to find."""

from tests.faults import history
from tests.faults.history import Act, Row


def act(kind="refresh", outcome="done", *, subject="a", given="t0", began=0.0, ended=1.0, status=200, **got):
    return Act(kind, subject, given, began, ended, outcome, status, got)


def test_two_heirs_of_one_token_are_found_and_the_same_heir_twice_is_one_effect():
    same = [act(refresh_token="t1"), act(refresh_token="t1")]

    assert [] == history.single_use(same)
    assert 1 == len(history.single_use([*same, act(refresh_token="t2")]))


def test_a_refusal_and_an_unanswered_end_are_found():
    lost = act(outcome="unknown", status=0)

    assert 1 == len(history.nobody_was_refused([act(outcome="refused", status=400)]))
    assert [] == history.everybody_went_on([lost, act(began=2)])
    assert 1 == len(history.everybody_went_on([act(), lost]))


def test_a_500_is_a_fault_and_a_503_is_none():
    assert 1 == len(history.no_faults([act(outcome="unknown", status=500), act(outcome="unknown", status=503)]))


def test_what_began_after_an_acknowledged_end_is_found():
    end = act("end", began=1, ended=2)

    assert [] == history.nothing_after_an_end([end, act(began=1.9, ended=3)])
    assert 1 == len(history.nothing_after_an_end([end, act(began=2.1, ended=3)]))
    assert 1 == len(history.nothing_after_an_end([end, act("introspect", began=2.1, ended=3, active=True)]))
    assert [] == history.nothing_after_an_end([end, act("introspect", began=2.1, ended=3, active=False)])


def test_forks_gaps_and_dead_ends_are_no_chain():
    good = [Row(b"0", "a", True, b"1"), Row(b"1", "a", True, b"2"), Row(b"2", "a", False, None)]

    assert [] == history.chains(good)
    assert history.chains([*good, Row(b"3", "a", False, None)])
    assert history.chains(good[:2])
    assert history.chains([good[0], good[2]])
    assert history.chains([Row(b"0", "a", True, b"1"), Row(b"1", "a", True, None), Row(b"2", "a", False, None)])


def test_a_token_that_was_given_and_is_not_stored_is_found():
    stored = {b"t1": Row(b"t1", "a", False, None)}

    assert [] == history.acknowledged([act(refresh_token="t1")], stored, str.encode)
    assert 1 == len(history.acknowledged([act(refresh_token="t2")], stored, str.encode))
