"""A Docker daemon for one check: started, used and ended by it, its data in a folder of its own."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BASE = "localhost/ebm-base"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
# Where the base keeps the certificates of this machine, out of reach of the base's own package of them.
INSIDE = "/etc/ssl/build-machine.crt"
READ_BY = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE")


class Failed(Exception):
    """A check failed, or cannot be made here; the message says why."""


class Clock:
    """Seconds that a step took, known after it."""

    seconds = 0.0


def say(text: str) -> None:
    """One line of the report."""
    print(f"           {text}", flush=True)


@contextmanager
def step(what: str) -> Iterator[Clock]:
    """Time what the block does and print it."""
    clock, start = Clock(), time.monotonic()
    yield clock
    clock.seconds = time.monotonic() - start
    print(f"{clock.seconds:8.1f} s {what}", flush=True)


class Daemon:
    """dockerd in `folder`; call it with the arguments of `docker`."""

    IMAGE = "ebm-reproduction:check"

    def __init__(self, folder: Path):
        self.folder = folder
        self.address = f"unix://{folder}/docker.sock"
        self._process: subprocess.Popen | None = None
        self.client = ""

    def __enter__(self) -> "Daemon":
        if os.geteuid() != 0:
            raise Failed("a Docker daemon of its own needs root: sudo make test-image")
        for tool in ("dockerd", "debootstrap"):
            if shutil.which(tool) is None:
                raise Failed(f"{tool} is missing: apt-get install docker.io debootstrap")
        self.client = client_that_builds()
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder / "dockerd.log", "ab") as log:
            self._process = subprocess.Popen(
                [
                    *("dockerd", "--data-root", self.folder / "data", "--exec-root", self.folder / "exec"),
                    *("--pidfile", self.folder / "docker.pid", "--host", self.address),
                    # Containers have the machine's network (build) or none (run): no bridge, no firewall.
                    *("--bridge=none", "--iptables=false", "--ip6tables=false"),
                ],
                stdout=log,
                stderr=log,
                # Ctrl-C is for the check, which then ends the daemon.
                start_new_session=True,
            )
        try:
            self._wait()
            self._import_base()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *ignored: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def run(self, *arguments: str) -> subprocess.CompletedProcess:
        """`docker ARGUMENTS...`, however it ends."""
        return subprocess.run(
            [self.client, *arguments],
            env=self._environment(),
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )

    def both(self, *arguments: str) -> str:
        """Standard output and error of `docker ARGUMENTS...`, which must succeed."""
        done = self._succeeded(*arguments)
        return done.stdout + done.stderr

    def __call__(self, *arguments: str) -> str:
        """Standard output of `docker ARGUMENTS...`, which must succeed."""
        return self._succeeded(*arguments).stdout

    def _succeeded(self, *arguments: str) -> subprocess.CompletedProcess:
        done = self.run(*arguments)
        if done.returncode:
            output = (done.stdout + done.stderr)[-3000:]
            raise Failed(f"docker {' '.join(arguments)} ended with {done.returncode}:\n{output}")
        return done

    def build(self, context: Path, tag: str | None = None) -> None:
        """`make image` in `context`, on the local base."""
        given = {
            "DOCKER": self.client,
            "IMAGE": tag or self.IMAGE,
            "BASE_IMAGE": BASE,
            # The daemon has no bridge.
            "BUILD_OPTIONS": "--network host",
        }
        words = ["make", "-C", str(context), "image", *(f"{name}={value}" for name, value in given.items())]
        made = subprocess.run(words, env=self._environment(), capture_output=True, text=True, check=False)
        if made.returncode:
            raise Failed(f"make image ended with {made.returncode}:\n{(made.stdout + made.stderr)[-3000:]}")

    def _environment(self) -> dict[str, str]:
        # The flags of the `make` that runs this check are not for the one that it runs.
        kept = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS")}
        return kept | {"DOCKER_HOST": self.address, "DOCKER_BUILDKIT": "1"}

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while self.run("info").returncode:
            if self._process.poll() is not None or time.monotonic() > deadline:
                log = (self.folder / "dockerd.log").read_text(errors="replace")
                raise Failed(f"dockerd does not start here:\n{log[-1500:]}")
            time.sleep(0.2)

    def _import_base(self) -> None:
        """A minimal system of this machine's distribution, trusting the certificates this machine trusts."""
        if self.run("image", "inspect", BASE).returncode == 0:
            return
        root = self.folder / "base"
        with step("base from debootstrap"):
            shutil.rmtree(root, ignore_errors=True)
            made = subprocess.run(
                ["debootstrap", "--variant=minbase", codename(), str(root)], capture_output=True, text=True
            )
            if made.returncode:
                raise Failed(f"debootstrap failed: {made.stdout[-1000:]}{made.stderr[-500:]}")
            (root / "etc/ssl").mkdir(parents=True, exist_ok=True)
            shutil.copy(CERTIFICATES, root / INSIDE.lstrip("/"))
            archive = self.folder / "base.tar"
            subprocess.run(["tar", "-C", str(root), "-cf", str(archive), "."], check=True)
            trust = "ENV " + " ".join(f"{name}={INSIDE}" for name in READ_BY)
            self("import", "--change", trust, str(archive), BASE)
            archive.unlink()
            shutil.rmtree(root)


def codename() -> str:
    """Debian's or Ubuntu's name for the release of this machine."""
    text = Path("/etc/os-release").read_text(encoding="utf-8")
    found = re.search(r"^VERSION_CODENAME=(\w+)", text, re.MULTILINE)
    if not found:
        raise Failed("/etc/os-release names no release that debootstrap could make")
    return found[1]


def client_that_builds() -> str:
    """A `docker` with BuildKit: newer clients need the plugin buildx for it, which may not be there."""
    for folder in os.get_exec_path():
        client = shutil.which("docker", path=folder)
        if client is None:
            continue
        version = subprocess.run([client, "--version"], capture_output=True, text=True).stdout
        major = int(re.search(r"(\d+)\.", version)[1])
        buildx = subprocess.run([client, "buildx", "version"], capture_output=True).returncode == 0
        if buildx or major < 23:
            return client
    raise Failed("no docker client here can build: apt-get install docker.io, or the plugin docker-buildx")
