"""The process that forks (start.py starts it), its argument the process number of Snakemake.

It imports libraries alone, none of this package's modules that a job uses: a job runs the code that its
record names, which may have changed since Snakemake started.
"""

import ctypes
import gc
import json
import os
import selectors
import signal
import socket
import struct
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from ebmrepro.forkserver.protocol import LARGEST, SOCKET, differences, likeness, packed

# What takes the stages long to import, in the order in which jobs need it. None of it starts a device, or a
# thread that goes on.
PRELOADED = (
    "typer",
    "rich",
    "pydantic",
    "ruamel.yaml",
    "torch",
    "safetensors.numpy",
    "safetensors.torch",
    "scipy.stats",
    "scipy.optimize",
    "pandas",
    "matplotlib.figure",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_pdf",
    "kornia",
)
PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15


class Server:
    """Forks a process for each job that a client like itself asks for.

    It ends when the process `parent` has ended and no job is left.
    """

    def __init__(self, parent: int, path: Path):
        """Listens at `path`, which no other server uses; ProcessLookupError if there is no such `parent`."""
        self.path = path
        # As it is read from a packet, where a tuple is a list.
        self.alike = json.loads(packed(**likeness()))
        self.selector = selectors.DefaultSelector()
        self.jobs: dict[int, socket.socket] = {}
        self._watch(os.pidfd_open(parent), self._stop)
        path.unlink(missing_ok=True)
        self.listener: socket.socket | None = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        mask = os.umask(0o177)
        self.listener.bind(str(path))
        os.umask(mask)
        self.file = path.stat().st_ino
        self.listener.listen(64)
        self._watch(self.listener, self._accept)

    def run(self) -> dict | None:
        """Serve. None at the server's own end; the job to be done in the process that was forked for it."""
        modules = iter(PRELOADED)
        while self.listener is not None or self.jobs:
            module = next(modules, None)
            if module is not None:
                with suppress(ImportError):
                    import_module(module)
            # Whoever asked meanwhile need not wait for the other modules.
            for key, _ in self.selector.select(None if module is None else 0):
                if (job := key.data(key.fileobj)) is not None:
                    return job
        return None

    def _watch(self, what: int | socket.socket, then: Callable) -> None:
        self.selector.register(what, selectors.EVENT_READ, then)

    def _stop(self, parent: int) -> None:
        self.selector.unregister(parent)
        self.selector.unregister(self.listener)
        self.listener.close()
        self.listener = None
        # The next Snakemake's server may have its own there by now.
        with suppress(FileNotFoundError):
            if self.path.stat().st_ino == self.file:
                self.path.unlink()

    def _accept(self, listener: socket.socket) -> dict | None:
        files: list[int] = []
        try:
            connection, _ = listener.accept()
        except OSError:
            return None
        try:
            # A client that was stopped before it spoke must not stop the others.
            connection.settimeout(5.0)
            packet, files, _, _ = socket.recv_fds(connection, LARGEST, 3)
            asked = _read(packet, connection)
            if unlike := ["words"] if asked is None else differences(asked["alike"], self.alike):
                print(f"refused: {unlike} differ", file=sys.stderr, flush=True)
                connection.send(packed(refused=unlike))
                connection.close()
                return None
            return self._fork(connection, asked["job"], files)
        except OSError:
            connection.close()
            return None
        finally:
            for file in files:
                os.close(file)

    def _fork(self, connection: socket.socket, job: dict, files: list[int]) -> dict | None:
        me = os.getpid()
        if pid := os.fork():
            ended = os.pidfd_open(pid)
            self.jobs[ended] = connection
            with suppress(OSError):
                connection.send(packed(pid=pid))
            self._watch(ended, lambda ended: self._ended(ended, pid))
            # A client says nothing more: its connection can be read once it is dead.
            self._watch(connection, lambda connection: self._abandoned(connection, pid))
            return None
        os.setsid()
        control = ctypes.CDLL(None).prctl
        control(PR_SET_PDEATHSIG, signal.SIGKILL)
        # Its command line is the server's; top and ps show this beside it, of 15 bytes.
        control(PR_SET_NAME, " ".join(["ebm", *job["arguments"][1:]]).encode())
        if os.getppid() != me:
            os._exit(1)
        for number, file in enumerate(files):
            os.dup2(file, number)
        for key in [*self.selector.get_map().values()]:
            os.close(key.fd) if isinstance(key.fileobj, int) else key.fileobj.close()
        self.selector.close()
        connection.close()
        return job

    def _ended(self, ended: int, pid: int) -> None:
        _, status = os.waitpid(pid, 0)
        connection = self.jobs.pop(ended)
        with suppress(OSError):
            connection.send(packed(status=status))
        self.selector.unregister(ended)
        os.close(ended)
        with suppress(KeyError):
            self.selector.unregister(connection)
        connection.close()

    def _abandoned(self, connection: socket.socket, pid: int) -> None:
        """The job of a client that was killed is killed, and what it started."""
        if connection not in self.jobs.values():
            return
        self.selector.unregister(connection)
        os.kill(pid, signal.SIGKILL)
        # None yet, if it was forked just now.
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def _read(packet: bytes, connection: socket.socket) -> dict | None:
    """What a client of this user asks for; None if it is another's or asks for nothing."""
    _, user, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    if user != os.getuid():
        return None
    try:
        asked = json.loads(packet)
    except ValueError:
        return None
    return asked if isinstance(asked, dict) and {"alike", "job"} <= asked.keys() else None


def main() -> None:
    """Serve; in a process that was forked for a job, do it."""
    parent = int(sys.argv[1])
    try:
        server = Server(parent, SOCKET)
    except ProcessLookupError:
        return
    # What a collection of garbage looks through is copied to the process that looks.
    gc.disable()
    if (job := server.run()) is None:
        return
    os.chdir(job["folder"])
    os.umask(job["umask"])
    os.environ.clear()
    os.environ.update(job["variables"])
    tempfile.tempdir = None
    sys.argv = job["arguments"]
    gc.freeze()
    gc.enable()
    from ebmrepro.cli import main as command_line

    command_line()
