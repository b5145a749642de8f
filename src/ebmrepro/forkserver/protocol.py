"""What makes two processes alike, and what they say to each other.

They speak over a Unix socket of packets, each a JSON object. Client: `alike` and `job`, with its standard
input, output and error. Server: `pid` of the process that does the job, or nothing but `refused`; then its
`status`, as of waitpid. A connection that ends says that the other side is dead.
"""

import json
import os
import resource
import socket
import sys
from pathlib import Path

# Where `ebm` finds the server, relative to the folder it runs in: a socket's path may have 107 bytes.
VARIABLE = "EBM_FORKSERVER"
SOCKET = Path(".snakemake/forkserver.sock")
# More than a socket takes in one packet: an environment that is larger is not sent.
LARGEST = 1 << 20
# Variables that no library reads when it is loaded; a job gets its own.
OF_A_JOB = {"PATH", "PWD", "OLDPWD", "SHLVL", "_", "TMPDIR", "TMP", "TEMP", "TEMPDIR"}
PREFIXES_OF_A_JOB = ("EBM_", "SNAKEMAKE_")
# A container's files, processes and devices are not this machine's.
NAMESPACES = ("mnt", "pid", "net", "user")
LIMITS = sorted(name for name in dir(resource) if name.startswith("RLIMIT_"))


def likeness() -> dict[str, object]:
    """All that a fork has from its parent and a job may not have otherwise: if it is the same in two
    processes, a fork of either can do the other's job."""
    variables = {
        name: value
        for name, value in os.environ.items()
        if name not in OF_A_JOB and not name.startswith(PREFIXES_OF_A_JOB)
    }
    return {
        "python": [os.path.realpath(sys.prefix), list(sys.flags)],
        "user": [os.getresuid(), os.getresgid(), sorted(os.getgroups())],
        "machine": [os.readlink(f"/proc/self/ns/{name}") for name in NAMESPACES],
        "cgroup": Path("/proc/self/cgroup").read_text(encoding="utf-8"),
        "limits": [resource.getrlimit(getattr(resource, name)) for name in LIMITS],
        "cores": sorted(os.sched_getaffinity(0)),
        "priority": os.getpriority(os.PRIO_PROCESS, 0),
        "variables": variables,
    }


def differences(asked: dict, mine: dict) -> list[str]:
    """What differs between two `likeness`es, the variables by their names."""
    unlike = [name for name in mine if name != "variables" and asked.get(name) != mine[name]]
    theirs, ours = asked["variables"], mine["variables"]
    return unlike + sorted(name for name in theirs.keys() | ours.keys() if theirs.get(name) != ours.get(name))


def packed(**words: object) -> bytes:
    """A packet."""
    return json.dumps(words).encode()


def received(connection: socket.socket) -> dict | None:
    """The next packet; None if the other side is dead."""
    try:
        packet = connection.recv(LARGEST)
    except ConnectionError:
        return None
    return json.loads(packet) if packet else None
