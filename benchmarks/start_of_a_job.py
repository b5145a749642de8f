"""Seconds of small jobs, each as a process of its own and as a fork of the server.

    OMP_NUM_THREADS=1 python benchmarks/start_of_a_job.py

The jobs of the micro preset's first data set and run, in a temporary folder, in turns; the fastest of five
counts: what else the machine does can only add time.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ebmrepro.forkserver.protocol import SOCKET, VARIABLE
from ebmrepro.forkserver.start import start_server, variables_of

ROOT = Path(__file__).parents[1]
EBM = Path(sys.executable).with_name("ebm")
JOBS = (
    ("check",),
    ("prepare", "gaussian"),
    ("train", "gaussian_mle"),
    ("sample", "gaussian_mle"),
    ("evaluate", "gaussian_mle"),
)
TURNS = 5


def seconds(job: tuple[str, ...], variables: dict[str, str]) -> float:
    """Wall time of `ebm JOB`."""
    start = time.perf_counter()
    subprocess.run([EBM, *job], env=os.environ | variables, check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    """Print a row for each job."""
    threads = variables_of(threads=1)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        shutil.copy(ROOT / "workflow/presets/micro.yaml", "params.yaml")
        os.environ.update(threads)
        start_server(1)
        while not SOCKET.exists():
            time.sleep(0.1)
        time.sleep(20)  # It imports all that it will.
        print("job | own process, s | fork, s | ratio")
        for job in JOBS:
            turns = [(seconds(job, {}), seconds(job, {VARIABLE: str(SOCKET)})) for _ in range(TURNS)]
            own, forked = (min(column) for column in zip(*turns, strict=True))
            print(f"{' '.join(job)} | {own:.2f} | {forked:.2f} | {own / forked:.1f}")


if __name__ == "__main__":
    main()
