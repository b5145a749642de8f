"""A polite stop: SIGTERM and SIGINT let the iteration end and the checkpoint be written."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager


class Interrupted(Exception):
    """Training stopped on a signal, its state saved; `signum` is the signal."""

    def __init__(self, signum: int):
        super().__init__(f"stopped by {signal.Signals(signum).name}; run again to go on")
        self.signum = signum


class StopSignal:
    """`requested` is the number of the signal that asked to stop, 0 if none did."""

    def __init__(self):
        self.requested = 0


@contextmanager
def stop_signal() -> Iterator[StopSignal]:
    """Catch SIGTERM and SIGINT inside the block; a second one ends the process as usual."""
    stop = StopSignal()

    def once(signum: int, frame) -> None:
        stop.requested = signum
        signal.signal(signum, previous[signum])

    previous = {s: signal.signal(s, once) for s in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for signum, handler in previous.items():
            signal.signal(signum, handler)
