"""`make other-kernels`: which variable it takes, what it clones and what it brings back."""

import importlib.util
import subprocess

import pytest
from pipeline_tools import MICRO, ROOT

from ebmrepro.files import workspace

SCRIPT = ROOT / "workflow/kernels/other_kernels.py"
USUAL = {"convolution": "a", "product": "b", "exponential": "c"}
RULE = """
rule all:
    output:
        "made.txt",
    shell:
        "echo $A_VARIABLE $PYTHONPATH > {output}"
"""


@pytest.fixture(scope="module")
def kernels():
    spec = importlib.util.spec_from_file_location("other_kernels", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_first_variable_that_changes_convolutions_is_taken(kernels):
    def probe(variables):
        # A processor on which two of the variables change something.
        changed = {"AVX2": {"product": "x"}, "AVX": {"convolution": "y", "product": "x"}}
        return USUAL | next((changed[value] for value in variables.values() if value in changed), {})

    assert kernels.choose(probe) == ({"ONEDNN_MAX_CPU_ISA": "AVX"}, ["convolution", "product"])
    with pytest.raises(SystemExit, match=r"none of .*=SSE41 changes the bits of convolutions"):
        kernels.choose(lambda variables: USUAL)


def test_what_is_taken_here_changes_the_bits_of_convolutions(kernels):
    """The real probe, in processes of their own."""
    usual = kernels.bits({})
    assert usual == kernels.bits({"A_VARIABLE": "1"}) and set(usual) == set(USUAL)
    variables, changes = kernels.choose()
    found = kernels.bits(variables)
    assert [name for name in usual if found[name] != usual[name]] == changes and "convolution" in changes


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A commit of a preset with results, in the current directory."""
    monkeypatch.chdir(tmp_path)
    for name in ("params.yaml", "workflow/presets/micro.yaml"):
        workspace.write_text(tmp_path / name, MICRO.read_text(encoding="utf-8"))
    workspace.save_json(workspace.other_kernels_file("micro"), {"old": True})
    workspace.save_json(workspace.verdicts_file("micro"), {"here": True})
    workspace.write_text(tmp_path / ".gitignore", ".work/\n")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"]):
        subprocess.run([*git, *arguments], check=True)
    return tmp_path


def test_the_second_verdicts_come_back_with_what_made_them(kernels, checkout):
    seen = []

    def runner(folder, variables, target):
        # The results of before are not there, and so are no reason to leave anything out.
        seen.append((folder, [path for path in (folder / "results").rglob("*") if path.is_file()]))
        assert not (folder / target).exists() and (folder / "params.yaml").exists()
        workspace.save_json(folder / target, {"preset": "micro", "claims": [], "numbers": []})

    path = kernels.again({"A_VARIABLE": "2"}, ["convolution"], runner)
    found = workspace.load_json(path)
    assert path == workspace.other_kernels_file("micro") and found["preset"] == "micro"
    about = found["kernels"]
    assert (about["variables"], about["changes"]) == ({"A_VARIABLE": "2"}, ["convolution"])
    head = subprocess.check_output(["git", "rev-parse", "HEAD"], text=True).strip()
    assert about["commit"] == head and about["processor"] and about["versions"]["torch"]
    ((folder, before),) = seen
    assert before == [] and ".work/other_kernels/micro" in str(folder) and head[:12] in folder.name
    # What is here stays what it was.
    assert workspace.load_json(workspace.verdicts_file("micro")) == {"here": True}


def test_a_clone_that_was_stopped_goes_on(kernels, checkout):
    def stopped(folder, variables, target):
        (folder / "half").write_text("made")
        raise KeyboardInterrupt

    def goes_on(folder, variables, target):
        assert (folder / "half").read_text() == "made"
        workspace.save_json(folder / target, {"preset": "micro"})

    with pytest.raises(KeyboardInterrupt):
        kernels.again({"A": "2"}, [], stopped)
    assert workspace.load_json(workspace.other_kernels_file("micro")) == {"old": True}
    kernels.again({"A": "2"}, [], goes_on)


def test_a_checkout_with_changes_is_refused(kernels, checkout):
    (checkout / "new.py").write_text("1\n")
    with pytest.raises(SystemExit, match="is not what its commit says: commit what has changed"):
        kernels.again({"A": "2"}, [], None)
    assert not (checkout / ".work").exists()


def test_the_variable_reaches_the_jobs(kernels, tmp_path, monkeypatch):
    """Snakemake itself, on a flow of one rule."""
    workspace.write_text(tmp_path / "clone/Snakefile", RULE)
    monkeypatch.chdir(tmp_path)
    kernels.snakemake(tmp_path / "clone", {"A_VARIABLE": "value"}, "made.txt")
    assert (tmp_path / "clone/made.txt").read_text() == f"value {tmp_path / 'clone/src'}\n"
