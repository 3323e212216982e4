"""What is remembered stays bounded, whatever is asked."""

from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol.memory import Memory


@given(st.integers(1, 5), st.lists(st.integers(0, 9), max_size=40))
def test_what_was_kept_last_is_there_and_there_is_never_more_than_the_most(most, keys):
    memory = Memory[int, str](most)
    for key in keys:
        assert str(key) == memory.keep(key, str(key))
        assert str(key) == memory.get(key)
        assert len(memory) <= most


def test_what_was_cleared_is_gone():
    memory = Memory[str, int](3)
    memory.keep("a", 1)
    memory.clear()

    assert (None, 0) == (memory.get("a"), len(memory))


def test_what_was_forgotten_is_gone_and_the_rest_is_there():
    memory = Memory[str, int](3)
    memory.keep("a", 1)
    memory.keep("b", 2)
    for key in ("a", "a", "unknown"):
        memory.forget(key)

    assert (None, 2, 1) == (memory.get("a"), memory.get("b"), len(memory))
