"""`ebm`, handing its job over: it imports nothing that takes time."""

import os
import select
import signal
import socket
import sys
from contextlib import suppress

from ebmrepro.forkserver.protocol import VARIABLE, likeness, packed, received

# Passed on to the process that does the job. Where this one is killed, the server kills that.
PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)


def hand_over() -> None:
    """Let the server that `VARIABLE` names do the job of this command line and end as that ended.

    Returns, nothing done, if there is none, if it refuses, or if it died and the job with it.
    """
    path = os.environ.get(VARIABLE)
    if path is None:
        return
    try:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.connect(path)
        job = {"arguments": sys.argv, "folder": os.getcwd(), "umask": _umask(), "variables": {**os.environ}}
        socket.send_fds(connection, [packed(alike=likeness(), job=job)], [0, 1, 2])
    except OSError:
        return
    doing: list[int] = []
    before = {signum: signal.signal(signum, _passing_on(doing)) for signum in PASSED_ON}
    try:
        answer = received(connection)
        if answer is None or "refused" in answer:
            return
        doing.append(answer["pid"])
        if (end := received(connection)) is None:
            # The kernel kills the job with the server; it writes to the same files as this process will.
            _wait_for_end_of(answer["pid"])
            return
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
    _end_like(end["status"])


def _passing_on(doing: list[int]):
    def handler(signum: int, frame: object) -> None:
        if doing:
            with suppress(ProcessLookupError):
                os.kill(doing[0], signum)
        else:
            _end_like(signum)

    return handler


def _end_like(status: int) -> None:
    """End as a process of `status` (of waitpid) did: with its exit code or by its signal."""
    if os.WIFSIGNALED(status):
        signum = os.WTERMSIG(status)
        if signum != signal.SIGKILL:
            signal.signal(signum, signal.SIG_DFL)
        os.kill(os.getpid(), signum)
    sys.exit(os.waitstatus_to_exitcode(status))


def _wait_for_end_of(pid: int) -> None:
    with suppress(ProcessLookupError):
        ended = os.pidfd_open(pid)
        select.select([ended], [], [])
        os.close(ended)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
