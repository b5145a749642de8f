"""`make other-kernels`: the preset of params.yaml judged on the same runs made with other kernels.

The last bits of a sum depend on the processor, and verdicts must not. A variable makes the libraries take
other kernels, a clone of this checkout at HEAD runs the flow with it, and its verdicts come back into
results/<preset>/other_kernels. The next `snakemake` shows both side by side; what differs is undecided. A
clone that was stopped goes on where it was.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from ebmrepro.checks.load import load_params
from ebmrepro.files import workspace
from ebmrepro.machine.hardware import processor
from ebmrepro.provenance.record import environment, git, revision
from ebmrepro.provenance.written import RECORDS

# The first changes all kernels of PyTorch itself, the others convolutions alone.
CANDIDATES = (
    ("ATEN_CPU_CAPABILITY", "default"),
    ("ONEDNN_MAX_CPU_ISA", "AVX2"),
    ("ONEDNN_MAX_CPU_ISA", "AVX"),
    ("ONEDNN_MAX_CPU_ISA", "SSE41"),
)
# In a process of its own: the libraries read their variables once.
PROBE = """
import hashlib, json, torch
from torch.nn.functional import conv2d
torch.manual_seed(0)
torch.set_num_threads(1)
images, kernel, matrix = torch.randn(8, 16, 8, 8), torch.randn(32, 16, 3, 3), torch.randn(64, 300)
found = {"convolution": conv2d(images, kernel, padding=1), "product": matrix @ torch.randn(300, 128)}
found["exponential"] = matrix.exp()
print(json.dumps({name: hashlib.sha256(x.numpy().tobytes()).hexdigest() for name, x in found.items()}))
"""
# Not in git, and too large to copy.
LINKED = ("data", "weights")


def bits(variables: Mapping[str, str]) -> dict[str, str]:
    """SHA-256 of what operations give with these variables, by operation."""
    command = [sys.executable, "-c", PROBE]
    return json.loads(subprocess.check_output(command, env=os.environ | variables, text=True))


def choose(probe: Callable[[Mapping[str, str]], dict[str, str]] = bits) -> tuple[dict[str, str], list[str]]:
    """The first variable that changes the bits of convolutions here, and all operations that it changes."""
    usual = probe({})
    for name, value in CANDIDATES:
        found = probe({name: value})
        if found["convolution"] != usual["convolution"]:
            return {name: value}, [operation for operation in usual if found[operation] != usual[operation]]
    names = ", ".join(f"{name}={value}" for name, value in CANDIDATES)
    sys.exit(f"other-kernels: none of {names} changes the bits of convolutions here: use another processor")


def clone(folder: Path, commit: str, preset: str) -> None:
    """This checkout at `commit` in `folder`, with the params.yaml that is here and without its results."""
    new = folder.with_name(f"{workspace.TEMPORARY}{folder.name}")
    shutil.rmtree(new, ignore_errors=True)
    new.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["git", "clone", "--quiet", "--no-checkout", ".", str(new)], check=True)
    subprocess.run(["git", "-C", str(new), "checkout", "--quiet", "--detach", commit], check=True)
    for made in (workspace.RESULTS, workspace.FIGURES, RECORDS):
        shutil.rmtree(new / made / preset, ignore_errors=True)
    (new / workspace.verdicts_file(preset)).unlink(missing_ok=True)
    shutil.copyfile("params.yaml", new / "params.yaml")
    for name in LINKED:
        if Path(name).is_dir():
            (new / name).symlink_to(Path(name).absolute())
    new.rename(folder)


def snakemake(folder: Path, variables: Mapping[str, str], target: Path) -> None:
    """Make `target` in `folder` by its own code."""
    command = [sys.executable, "-m", "snakemake", "--cores", "all", "--no-hooks", str(target)]
    own = {"PYTHONPATH": str(folder.absolute() / "src")}
    subprocess.run(command, cwd=folder, env=os.environ | variables | own, check=True)


def again(variables: dict[str, str], changes: list[str], run: Callable = snakemake) -> Path:
    """The verdicts of params.yaml's preset, made anew with `variables`; where they lie."""
    preset, code = load_params().preset, revision(Path())
    if code["dirty"] is not False:
        sys.exit("other-kernels: this checkout is not what its commit says: commit what has changed")
    word = "-".join([code["commit"][:12], *(f"{name}-{value}" for name, value in variables.items())])
    folder = Path(".work/other_kernels") / preset / word
    if not folder.exists():
        clone(folder, code["commit"], preset)
    run(folder, variables, workspace.verdicts_file(preset))
    about = {
        "variables": variables,
        "changes": changes,
        "processor": processor(),
        "versions": environment(folder)["versions"],
        "commit": git(folder, "rev-parse", "HEAD"),
    }
    found = workspace.load_json(folder / workspace.verdicts_file(preset))
    workspace.save_json(workspace.other_kernels_file(preset), found | {"kernels": about})
    return workspace.other_kernels_file(preset)


if __name__ == "__main__":
    chosen, changed = choose()
    (variable,) = (f"{name}={value}" for name, value in chosen.items())
    print(f"other-kernels: {variable} changes the bits of each {', '.join(changed)}", flush=True)
    print(f"other-kernels: verdicts in {again(chosen, changed)}; `snakemake` shows them beside those here")
