"""What was found once and is asked for again: bounded, for strangers choose what is asked."""

from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Memory(Generic[K, V]):
    """Begins anew when it is full: what is asked often is soon there again."""

    __slots__ = ("_kept", "_most", "get")

    def __init__(self, most: int) -> None:
        self._kept: dict[K, V] = {}
        self._most = most
        self.get = self._kept.get

    def keep(self, key: K, value: V) -> V:
        if len(self._kept) >= self._most:
            self._kept.clear()
        self._kept[key] = value
        return value

    def forget(self, key: K) -> None:
        self._kept.pop(key, None)

    def clear(self) -> None:
        self._kept.clear()

    def __len__(self) -> int:
        return len(self._kept)
