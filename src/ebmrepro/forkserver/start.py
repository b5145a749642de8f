"""Snakemake, starting the server."""

import os
import subprocess
import sys

from ebmrepro.forkserver.protocol import SOCKET

# Not `-m`: a job's usage line would name that module in the place of `ebm`.
SERVE = "from ebmrepro.forkserver.server import main; main()"


def variables_of(threads: int) -> dict[str, str]:
    """What Snakemake sets in the environment of a job of so many threads."""
    names = ("OMP_NUM", "GOTO_NUM", "OPENBLAS_NUM", "MKL_NUM", "VECLIB_MAXIMUM", "NUMEXPR_NUM")
    return {f"{name}_THREADS": str(threads) for name in names}


def start_server(threads: int) -> None:
    """Start this folder's server, for jobs of so many `threads`; it ends with this process.

    Nothing is started where the system lacks what it needs (Linux).
    """
    if not hasattr(os, "pidfd_open"):
        return
    SOCKET.parent.mkdir(exist_ok=True)
    with SOCKET.with_suffix(".log").open("wb") as log:
        subprocess.Popen(
            [sys.executable, "-c", SERVE, str(os.getpid())],
            env=os.environ | variables_of(threads),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
        )
