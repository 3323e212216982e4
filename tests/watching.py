"""Finds what holds an event loop up: `async with Watch() as watch: …`, then `watch.stalls` is empty or tells where.

A thread looks at the loop's thread from outside. That the machine had no time for it is no stall: what counts is that
it waited for something inside one step (a blocking call), or that it computed for as long.
"""

import asyncio
import sys
import threading
import time
import traceback
from pathlib import Path
from types import FrameType, TracebackType

WAITS = 0.5  # seconds that one step may wait: a commit of SQLite is made on the loop, and a disk may be busy
COMPUTES = 0.25  # seconds of CPU time that may pass between two beats
BEAT = 0.002
LOOKS = 0.05


class Watch:
    def __init__(self) -> None:
        self.stalls: list[str] = []
        self._beat_at = time.monotonic()
        self._ended = threading.Event()

    async def __aenter__(self) -> "Watch":
        self._loop_thread = threading.current_thread()
        self._beating = asyncio.create_task(self._beat())
        self._looking = threading.Thread(target=self._look, daemon=True)
        self._looking.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._ended.set()
        self._beating.cancel()
        await asyncio.to_thread(self._looking.join)

    async def _beat(self) -> None:
        used = time.thread_time()
        while True:
            await asyncio.sleep(BEAT)
            self._beat_at = time.monotonic()
            before, used = used, time.thread_time()
            if used - before > COMPUTES:
                self.stalls.append(f"it computed for {used - before:.2f} s")

    def _look(self) -> None:
        """Looks that found it waiting in one step, one after the other, make a stall."""
        waiting_since, told_of = 0.0, 0.0
        while not self._ended.wait(LOOKS):
            now, beat = time.monotonic(), self._beat_at
            if now - beat < LOOKS or not self._waits():
                waiting_since = 0.0
                continue
            waiting_since = waiting_since or now
            if now - waiting_since > WAITS and told_of != beat:
                told_of = beat
                self.stalls.append("it waits in\n" + "".join(traceback.format_stack(self._frame())))

    def _waits(self) -> bool:
        """Whether the thread sleeps, rather than waiting for a processor (proc_pid_stat(5))."""
        stat = Path(f"/proc/self/task/{self._loop_thread.native_id}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] in ("S", "D")

    def _frame(self) -> FrameType:
        return sys._current_frames()[self._loop_thread.ident or 0]
