"""Jobs that a server forks: as if each were a process started for it alone."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ebmrepro.forkserver.protocol import SOCKET, VARIABLE
from ebmrepro.forkserver.start import SERVE, variables_of

EBM = Path(sys.executable).with_name("ebm")
# Stands for Snakemake: starts the server as the Snakefile does and lives until it is told to end.
PARENT = "from ebmrepro.forkserver.start import start_server; start_server(1); input()"
LONG = ("    iterations: 12\n", "    iterations: 1000000\n")
OFTEN = ("    checkpoint_seconds: 30\n", "    checkpoint_seconds: 0.2\n")


class Machine:
    """A folder with a server, its parent, and `ebm` as Snakemake's shell calls it."""

    def __init__(self, folder: Path):
        self.folder = folder
        # pytest changes some of its own from one phase of a test to the next.
        self.environment = os.environ | variables_of(threads=1)
        command = [sys.executable, "-c", PARENT]
        self.parent = subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, env=self.environment)
        self.server = _until(lambda: children(self.parent.pid))[0]
        _until((folder / SOCKET).exists)

    def start(self, *arguments: str, served=True, prefix=(), **variables: str) -> subprocess.Popen:
        environment = self.environment | variables
        environment |= {VARIABLE: str(SOCKET)} if served else {}
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen([*prefix, EBM, *arguments], cwd=self.folder, env=environment, **options)

    def run(self, *arguments: str, **options) -> tuple[int, str, str]:
        process = self.start(*arguments, **options)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err

    def last_words(self) -> str:
        """The last line that the server printed, "" if it printed none."""
        return (self.folder / SOCKET).with_suffix(".log").read_text().rpartition("\n")[0].rpartition("\n")[2]

    def job(self) -> int:
        """The process that the server forked, once there is one."""
        return _until(lambda: children(self.server))[0]


def children(pid: int) -> list[int]:
    try:
        return [*map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
    except FileNotFoundError:
        return []


def lives(pid: int) -> bool:
    """Whether a process runs: one that ended and that nobody waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _until(found, seconds: float = 30):
    deadline = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)
    return value


def _working_in(folder: Path) -> Iterator[Machine]:
    machine = Machine(folder)
    yield machine
    machine.parent.kill()
    machine.parent.wait()
    _until(lambda: not lives(machine.server))


@pytest.fixture(scope="module")
def shared(tmp_path_factory, micro_text) -> Iterator[Machine]:
    """A machine that no test harms."""
    folder = tmp_path_factory.mktemp("shared")
    (folder / "params.yaml").write_text(micro_text, encoding="utf-8")
    # Jobs leave records where there is one.
    (folder / "dvc.yaml").touch()
    yield from _working_in(folder)


@pytest.fixture
def machine(workspace_folder) -> Iterator[Machine]:
    """A machine of one's own, in the current folder."""
    yield from _working_in(workspace_folder)


@pytest.fixture
def training(machine, edit) -> Iterator[subprocess.Popen]:
    """A training that the server's fork does, under way and far from its end."""
    assert machine.run("prepare", "gaussian")[0] == 0
    edit(*LONG)
    edit(*OFTEN)
    process = machine.start("train", "gaussian_mle")
    try:
        machine.job()
        _until(lambda: [*(machine.folder / ".work").glob("*/seed*.safetensors")])
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_job_handed_over_writes_the_same_bytes(shared):
    def made(served: bool) -> dict[str, bytes]:
        shutil.rmtree(shared.folder / "results", ignore_errors=True)
        for job in (("prepare", "gaussian"), ("train", "gaussian_mle"), ("sample", "gaussian_mle")):
            assert shared.run(*job, served=served)[0] == 0
        files = [path for path in (shared.folder / "results").rglob("*") if path.is_file()]
        return {str(path): path.read_bytes() for path in files}

    forked = made(served=True)
    assert len(forked) >= 5
    assert made(served=False) == forked


@pytest.mark.parametrize(
    "arguments", [("schema",), ("train", "nothing"), ("sample", "rings_icd"), ("no-such-command",)]
)
def test_exit_code_and_words_are_the_jobs(shared, arguments):
    assert shared.run(*arguments) == shared.run(*arguments, served=False)


def test_the_job_is_a_fork_of_the_server_in_the_folder_and_with_the_files_of_its_client(training, machine):
    job = Path(f"/proc/{machine.job()}")
    assert os.readlink(job / "cwd") == str(machine.folder)
    assert (job / "comm").read_text() == "ebm train gauss\n"
    # Standard output is the client's own.
    assert os.readlink(job / "fd/1") == os.readlink(f"/proc/{training.pid}/fd/1")
    training.terminate()
    training.wait(60)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_client_reaches_the_job(training, machine, signum):
    job = machine.job()
    training.send_signal(signum)
    _, words = training.communicate(timeout=60)
    assert training.returncode == 128 + signum
    assert f"stopped by {signum.name}" in words
    assert not lives(job)


def test_the_job_of_a_killed_client_is_killed(training, machine):
    job = machine.job()
    training.kill()
    _until(lambda: not lives(job))
    # The server goes on.
    assert machine.run("schema")[0] == 0
    assert lives(machine.server)


def test_a_killed_job_kills_its_client_alike(training, machine):
    os.kill(machine.job(), signal.SIGKILL)
    assert training.wait(60) == -signal.SIGKILL


def test_where_the_server_is_killed_the_client_does_the_job_itself(training, machine):
    job = machine.job()
    os.kill(machine.server, signal.SIGKILL)
    _until(lambda: not lives(job))

    # It goes on from the checkpoint, until it is asked to stop.
    def written() -> int:
        return max(path.stat().st_mtime_ns for path in machine.folder.glob(".work/*/seed*.safetensors"))

    before = written()
    _until(lambda: written() > before)
    training.terminate()
    assert training.wait(60) == 128 + signal.SIGTERM


def test_the_server_ends_with_its_parent_and_after_the_last_job(training, machine):
    machine.parent.kill()
    machine.parent.wait()
    _until(lambda: not (machine.folder / SOCKET).exists())
    # As without a server: a job of a Snakemake that was killed alone goes on.
    assert lives(machine.server)
    assert lives(machine.job())
    training.terminate()
    assert training.wait(60) == 128 + signal.SIGTERM
    _until(lambda: not lives(machine.server))


def test_a_server_whose_parent_is_gone_does_not_start(workspace_folder):
    ended = subprocess.Popen(["true"])
    ended.wait()
    command = [sys.executable, "-c", SERVE, str(ended.pid)]
    assert subprocess.run(command, timeout=60).returncode == 0
    assert not SOCKET.exists()


@pytest.mark.parametrize(
    ("unlike", "variables"),
    [
        ("ATEN_CPU_CAPABILITY", {"ATEN_CPU_CAPABILITY": "default"}),
        ("OMP_NUM_THREADS", {"OMP_NUM_THREADS": "2"}),
        ("SLURM_JOB_ID", {"SLURM_JOB_ID": "7"}),
    ],
)
def test_a_client_with_other_variables_does_its_job_itself(shared, unlike, variables):
    assert shared.run("schema", **variables)[0] == 0
    assert shared.last_words() == f"refused: ['{unlike}'] differ"


def test_a_client_under_another_limit_does_its_job_itself(shared):
    assert shared.run("schema", prefix=["bash", "-c", 'ulimit -n 500; exec "$0" "$@"'])[0] == 0
    assert shared.last_words() == "refused: ['limits'] differ"


def test_variables_of_a_job_reach_it(shared):
    before = shared.last_words()
    assert shared.run("prepare", "gaussian", EBM_IMAGE="sha256:0")[0] == 0
    assert shared.last_words() == before
    record = json.loads((shared.folder / "provenance/micro/prepare/gaussian.json").read_text())
    assert record["environment"]["image"] == "sha256:0"


def test_a_stale_socket_is_no_server(workspace_folder):
    SOCKET.parent.mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as dead:
        dead.bind(str(SOCKET))
    command = [EBM, "schema"]
    environment = os.environ | {VARIABLE: str(SOCKET)}
    assert subprocess.run(command, env=environment, capture_output=True, timeout=60).returncode == 0


@pytest.mark.parametrize("packet", [b"{", b"[]", b'{"job": {}}', b'{"alike": {"variables": {}}, "job": {}}'])
def test_what_others_send_is_refused(shared, monkeypatch, packet):
    monkeypatch.chdir(shared.folder)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as stranger:
        stranger.connect(str(SOCKET))
        stranger.send(packet)
        assert b"refused" in stranger.recv(1000)
    assert shared.run("schema")[0] == 0
    assert lives(shared.server)


def test_the_client_imports_nothing_that_takes_time():
    code = "import sys; import ebmrepro.forkserver.client; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"typer", "pydantic", "torch", "numpy", "ebmrepro.cli"} & {*loaded.stdout.split()}
