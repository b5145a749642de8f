"""A real Slurm of two nodes on this machine: munged, slurmctld and two slurmd, started and ended here."""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "workflow/slurm/test_cluster.conf"
# Jobs do not inherit SLURM_CONF, so that the configuration must lie where every Slurm program looks.
SYSTEM = Path("/etc/slurm")
CONFIGURATION = ("slurm.conf", "gres.conf")
PREFIX = "slurm-check-"
NODES = ("n1", "n2")
GPUS_EACH = 2
PROGRAMS = (
    *("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol", "sinfo", "srun"),
    "setpriv",
)


class Cluster:
    """The daemons, by the process ids that were started here and no others."""

    def __init__(self) -> None:
        missing = [name for name in PROGRAMS if shutil.which(name) is None]
        if missing:
            raise RuntimeError(
                f"{missing[0]} is not installed: install Slurm and munge (Debian: slurm-wlm, munge)"
            )
        if os.geteuid() != 0:
            raise RuntimeError(
                "only root may start a Slurm that runs jobs: call make test-slurm as root, in a container"
                " or a virtual machine"
            )
        _clear_what_a_killed_check_left()
        here = [name for name in CONFIGURATION if os.path.lexists(SYSTEM / name)]
        if here:
            raise RuntimeError(f"{SYSTEM / here[0]} exists: this machine has a Slurm of its own, left alone")
        # Short, since the path of a socket may have 107 characters; readable for munge's clients.
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        self.folder.chmod(0o755)
        self.processes: dict[str, subprocess.Popen] = {}

    def start(self) -> None:
        """Start all daemons and wait until both nodes are idle."""
        SYSTEM.mkdir(exist_ok=True)
        (self.folder / "state").mkdir()
        ports = _free_ports(3)
        words = {
            "@HOST@": socket.gethostname(),
            "@FOLDER@": str(self.folder),
            "@PORT@": str(ports[0]),
            "@PORT1@": str(ports[1]),
            "@PORT2@": str(ports[2]),
        }
        text = TEMPLATE.read_text()
        for word, value in words.items():
            text = text.replace(word, value)
        (self.folder / "slurm.conf").write_text(text)
        lines = []
        for node in NODES:
            for place in range(GPUS_EACH):
                device = self.folder / f"{node}.gpu{place}"
                # A device file is all that Slurm looks for: this one is /dev/null by another name.
                os.mknod(device, 0o666 | 0o020000, os.makedev(1, 3))
                lines.append(f"NodeName={node} Name=gpu File={device}\n")
        (self.folder / "gres.conf").write_text("".join(lines))
        for name in CONFIGURATION:
            (SYSTEM / name).symlink_to(self.folder / name)
        key = self.folder / "munge.key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o400)
        munged = ["munged", "--foreground", "--force", f"--key-file={key}"]
        munged += [f"--socket={self.folder}/munge.socket", f"--pid-file={self.folder}/munged.pid"]
        munged += [f"--log-file={self.folder}/munged.log", f"--seed-file={self.folder}/munged.seed"]
        self._launch("munged", *munged)
        self._wait(lambda: (self.folder / "munge.socket").exists(), "munged")
        self._launch("slurmctld", "slurmctld", "-D")
        for node in NODES:
            self.start_node(node)
        self.wait_for_nodes()

    def wait_for_nodes(self) -> None:
        """Wait until all nodes are idle."""
        self._wait(lambda: set(self.node_states().values()) == {"idle"}, "slurmctld and slurmd")

    def start_node(self, node: str) -> None:
        """Start the slurmd of a node."""
        self._launch(node, "slurmd", "-D", "-N", node)

    def kill_slurmd(self, node: str) -> None:
        """kill -9 of a node's slurmd alone: its jobs live on, and Slurm no longer hears of them."""
        daemon = self.processes.pop(node)
        daemon.send_signal(signal.SIGKILL)
        daemon.wait()

    def kill_node(self, node: str) -> None:
        """kill -9 of a node's slurmd, then of what it left running: the node has lost its power."""
        self.kill_slurmd(node)
        self._kill_jobs(node)

    def node_states(self) -> dict[str, str]:
        """What sinfo says of each node."""
        listed = self.ask("sinfo", "--noheader", "--Node", "--format=%N %T", check=False).stdout
        return dict(line.split() for line in listed.splitlines())

    def ask(self, *command: str, check: bool = True) -> subprocess.CompletedProcess:
        """A Slurm command and what it printed."""
        return subprocess.run(command, capture_output=True, text=True, check=check, timeout=60)

    def stop(self) -> None:
        """End the jobs, then the daemons, and forget the configuration."""
        if "slurmctld" in self.processes:
            self.ask("scancel", "--user=root", "--signal=KILL", "--full", check=False)
            self.ask("scancel", "--user=root", check=False)
            self._settle()
        for process in reversed(self.processes.values()):
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        # What outlived its job, as a Snakemake may, would go on in a folder that nobody looks at.
        for node in NODES:
            self._kill_jobs(node)
        for name in CONFIGURATION:
            if (SYSTEM / name).is_symlink() and (SYSTEM / name).readlink().parent == self.folder:
                (SYSTEM / name).unlink()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _kill_jobs(self, node: str) -> None:
        for pid in _processes_of(node, f"{self.folder}/slurmd.{node}.log"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _settle(self) -> None:
        end = time.monotonic() + 30
        while self.ask("squeue", "--noheader", check=False).stdout.strip() and time.monotonic() < end:
            time.sleep(0.2)

    def _launch(self, name: str, *command: str) -> None:
        # They end with this process, also if that is killed.
        with open(self.folder / f"{name}.out", "ab") as log:
            self.processes[name] = subprocess.Popen(
                ("setpriv", "--pdeathsig", "TERM", *command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _wait(self, ready, what: str, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not ready():
            if time.monotonic() > end:
                logs = "".join(path.read_text()[-2000:] for path in sorted(self.folder.glob("*.out")))
                raise RuntimeError(f"{what} did not start in {seconds:.0f} s:\n{logs}")
            time.sleep(0.2)


def _clear_what_a_killed_check_left() -> None:
    """Links to a configuration whose daemon is dead: every Slurm program would wait for that daemon."""
    for link in (SYSTEM / name for name in CONFIGURATION):
        if not link.is_symlink() or not link.readlink().parent.name.startswith(PREFIX):
            continue
        folder = link.readlink().parent
        with contextlib.suppress(FileNotFoundError, ValueError):
            daemon = int((folder / "slurmctld.pid").read_text())
            if Path(f"/proc/{daemon}").exists():
                raise RuntimeError(f"another check runs its Slurm (process {daemon}): wait for it to end")
        link.unlink()
        shutil.rmtree(folder, ignore_errors=True)


def jobs_of(folder: Path) -> list[dict]:
    """The `ebm` processes at work in `folder`: pid, start, command, node, GPU and Slurm job."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            if len(words) < 3 or not words[1].endswith("/ebm") or Path(os.readlink(entry / "cwd")) != folder:
                continue
            environment = dict(
                line.split("=", 1)
                for line in (entry / "environ").read_bytes().decode(errors="replace").split("\0")
                if "=" in line
            )
            # The 22nd field, of which 20 follow the name in brackets; in ticks since the machine's start.
            ticks = int((entry / "stat").read_text().rpartition(")")[2].split()[19])
        except (OSError, ValueError):
            continue  # ended while it was looked at
        found.append(
            {
                "pid": int(entry.name),
                "start": ticks / os.sysconf("SC_CLK_TCK"),
                "command": " ".join(words[2:]).strip(),
                "node": environment.get("SLURMD_NODENAME"),
                "gpu": environment.get("CUDA_VISIBLE_DEVICES"),
                "job": environment.get("SLURM_JOB_ID"),
            }
        )
    return found


def _free_ports(number: int) -> list[int]:
    sockets = [socket.socket() for _ in range(number)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _processes_of(node: str, log: str) -> list[int]:
    """The processes of a node's jobs, by their environment, and the slurmstepds above them, by their log."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        # Ended while it was looked at, or not ours to look at: no process of the node.
        with contextlib.suppress(OSError):
            environment = (entry / "environ").read_bytes().split(b"\0")
            logs = {os.readlink(link) for link in (entry / "fd").iterdir()}
            if f"SLURMD_NODENAME={node}".encode() in environment or log in logs:
                found.append(int(entry.name))
    return found
