"""Progress lines: plain, counted, and honest about work that an earlier process did."""

import re

from ebmrepro.machine.progress import Progress, progress


def test_a_log_gets_a_line_at_the_end(capfd):
    with progress("train x", 4) as bar:
        for _ in range(4):
            bar.advance()
    err = capfd.readouterr().err
    assert re.fullmatch(r"train x: 4/4, [\d.]+/s, 0 s left\n", err)


def test_resumed_steps_do_not_count_for_the_rate(monkeypatch, capfd):
    clock = iter([100.0, 120.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    bar = Progress("train x", 1001)
    bar.advance_to(999)
    bar.advance()
    # One step in 20 seconds, one left.
    assert capfd.readouterr().err == "train x: 1000/1001, 0.05/s, 20 s left\n"
