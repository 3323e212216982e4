"""Argon2 in memory that stays from hash to hash: to get as much from the system each time takes as long as a pass."""

import ctypes
import mmap
from contextlib import suppress
from typing import Any

from mintmark.protocol.errors import Overloaded

LARGE_PAGE = 2 << 20  # bytes
# Where the system knows them: large pages are found quicker, and no core dump shows what is in this memory.
_ADVICE = [getattr(mmap, name) for name in ("MADV_HUGEPAGE", "MADV_DONTDUMP") if hasattr(mmap, name)]
# argon2.h. By ctypes and not by cffi, whose functions want memory that can be written and run: where the operator has
# forbidden that (systemd's MemoryDenyWriteExecute), nobody could sign in.
_ALLOCATE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_void_p), ctypes.c_size_t)
_FREE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_size_t)
_FAILED = -22  # ARGON2_MEMORY_ALLOCATION_ERROR


class HashMemory:
    """A piece for each hash under way; several threads may ask at once.

    kib: of our own hashes. One that needs more gets it from the system, and gives it back.
    """

    def __init__(self, kib: int) -> None:
        self._size = kib << 10
        self._free: list[_Piece] = []
        self._is_used = False

    def checksum(self, parsed: Any, secret: bytes) -> bytes:
        """What libargon2 makes of the secret by the type, costs and salt that passlib has read from a hash.

        libargon2 wipes its memory when it is done. Raises Overloaded where there is none to be had.
        """
        piece = self._piece(parsed.memory_cost << 10)
        try:
            checksum = _checksum(parsed, secret, piece)
        except (RuntimeError, MemoryError) as error:  # what is left in a piece then goes with it
            problem = str(error) or type(error).__name__
        else:
            if piece is not None:
                self._free.append(piece)
            return checksum
        raise Overloaded("passwords cannot be checked now: try again", check="password hash", got=problem)

    def _piece(self, wanted: int) -> "_Piece | None":
        """None: libargon2 gets it from the system by itself, or says what is wrong."""
        if wanted > self._size:
            return None
        self._is_used = True
        with suppress(IndexError):
            return self._free.pop()
        with suppress(OSError, MemoryError):
            return _Piece(self._size)
        return None

    def let_go(self) -> None:
        """Gives back whatever nobody has a hash in right now."""
        self._free.clear()

    def let_go_if_idle(self) -> None:
        """The same, unless a hash was begun since it was asked for the last time."""
        if not self._is_used:
            self.let_go()
        self._is_used = False


class _Piece:
    """Memory, and the two functions by which libargon2 takes it and gives it back."""

    def __init__(self, size: int) -> None:
        self._memory = mmap.mmap(-1, size + LARGE_PAGE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        for advice in _ADVICE:
            with suppress(OSError):  # a kernel that was built without
                self._memory.madvise(advice)
        self._first = ctypes.c_char.from_buffer(self._memory)
        begin = ctypes.addressof(self._first)
        aligned = begin + -begin % LARGE_PAGE

        def allocate(where: Any, wanted: int) -> int:
            if wanted > size:
                return _FAILED
            where[0] = aligned
            return 0

        self.allocate = _ALLOCATE(allocate)
        self.free = _FREE(lambda *_: None)


def _checksum(parsed: Any, secret: bytes, piece: _Piece | None) -> bytes:
    from argon2.low_level import core, error_to_str, ffi

    checksum = ffi.new("uint8_t[]", parsed.checksum_size)
    password, salt = ffi.new("uint8_t[]", secret), ffi.new("uint8_t[]", parsed.salt)
    context = ffi.new(
        "argon2_context *",
        {
            "out": checksum,
            "outlen": parsed.checksum_size,
            "pwd": password,
            "pwdlen": len(secret),
            "salt": salt,
            "saltlen": len(parsed.salt),
            "t_cost": parsed.rounds,
            "m_cost": parsed.memory_cost,
            "lanes": parsed.parallelism,
            "threads": parsed.parallelism,
            "version": parsed.version,
        },
    )
    if piece is not None:
        context.allocate_cbk = ffi.cast("allocate_fptr", _address(piece.allocate))
        context.free_cbk = ffi.cast("deallocate_fptr", _address(piece.free))
    failure = core(context, parsed._get_backend_type(parsed.type).value)
    if failure:
        raise RuntimeError(error_to_str(failure))
    return bytes(ffi.buffer(checksum))


def _address(function: Any) -> int | None:
    return ctypes.cast(function, ctypes.c_void_p).value
