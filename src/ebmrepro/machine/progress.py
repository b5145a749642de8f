"""Progress for people: a bar with rate and time left on a terminal, plain lines in a log file."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

LINE_SECONDS = 10.0


class Progress:
    """Counts steps of one labelled piece of work; `advance` after each."""

    def __init__(self, label: str, total: int, bar=None):
        self.label, self.total, self.done, self._skipped = label, total, 0, 0
        self._bar, self._task = bar, bar and bar.add_task(label, total=total)
        self._start = self._last = time.monotonic()

    def advance_to(self, done: int) -> None:
        """Steps that an earlier, interrupted process already took: they do not count for the rate."""
        self._skipped += done
        self.done += done
        if self._bar:
            self._bar.update(self._task, advance=done)

    def advance(self, steps: int = 1) -> None:
        """So many more steps are done."""
        self.done += steps
        if self._bar:
            self._bar.update(self._task, advance=steps)
            return
        now = time.monotonic()
        if now - self._last >= LINE_SECONDS or self.done == self.total:
            self._last = now
            rate = (self.done - self._skipped) / max(now - self._start, 1e-9)
            left = (self.total - self.done) / max(rate, 1e-9)
            line = f"{self.label}: {self.done}/{self.total}, {rate:.2f}/s, {left:.0f} s left"
            print(line, file=sys.stderr, flush=True)


@contextmanager
def progress(label: str, total: int) -> Iterator[Progress]:
    """Progress on standard error, as a bar if that is a terminal."""
    if not sys.stderr.isatty():
        yield Progress(label, total)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    class Rate(TextColumn):
        def render(self, task):
            self.text_format = f"{task.speed:.1f}/s" if task.speed else ""
            return super().render(task)

    columns = "{task.description}", BarColumn(), MofNCompleteColumn(), Rate(""), TimeRemainingColumn()
    with Bar(*columns, console=Console(stderr=True)) as bar:
        yield Progress(label, total, bar)
