"""A checksum proves a file whole, not that it is this job's: what was swapped or edited is refused."""

import os
import re
import shutil

import pytest

RESULTS = "results/micro"
# Two files of equal kind, and a job that reads the first, if any does.
SWAPS = {
    "results": ("evaluate/gaussian/gaussian_{}.json", "cd", "mle", "table gaussian"),
    "arrays": ("evaluate/{}.safetensors", "digits/digits_icd", "shapes/shapes_colour", None),
    "models": ("train/gaussian/gaussian_{}.safetensors", "cd", "mle", "sample gaussian_cd"),
    "logs": ("train/gaussian/gaussian_{}.csv", "cd", "mle", "evaluate gaussian_cd"),
    "outcomes": ("train/gaussian/gaussian_{}.json", "cd", "mle", "evaluate gaussian_cd"),
    "samples": ("sample/gaussian/gaussian_{}.safetensors", "cd", "mle", "evaluate gaussian_cd"),
    "data": ("prepare/{}/train.safetensors", "gaussian", "bars", "train gaussian_cd"),
}
NOT_ITS_OWN = "is not what its job wrote, but damaged, edited or another's: delete it, then"


def swap(one, other):
    """As `mv` does: with their times."""
    aside = one.with_name("aside")
    os.rename(one, aside)
    os.rename(other, one)
    os.rename(aside, other)


@pytest.mark.parametrize("kind", SWAPS)
def test_files_of_two_jobs_swapped_are_refused_by_whoever_reads_them(copy, kind):
    template, one, other, reader = SWAPS[kind]
    paths = [copy / f"{RESULTS}/{template.format(name)}" for name in (one, other)]
    swap(*paths)
    if reader:
        done = copy.run("ebm", *reader.split(), code=1)
        assert re.search(rf"{RESULTS}/\S+ {NOT_ITS_OWN}", done.stderr)
        assert len(done.stderr.strip().splitlines()) == 1
    lock = (copy / "dvc.lock").read_bytes()
    done = copy.run("ebm", "sync", code=1)
    # By their times Snakemake sees some of it.
    why = (NOT_ITS_OWN, "Snakemake still has something to do")
    assert "DVC was left as it is" in done.stderr and any(words in done.stderr for words in why)
    assert (copy / "dvc.lock").read_bytes() == lock
    swap(*paths)
    copy.run("ebm", "sync")
    if reader:
        copy.run("ebm", *reader.split())


@pytest.mark.parametrize("name", ["gaussian.md", "digits_samples.png"])
def test_a_figure_or_table_that_was_edited_is_not_shown(copy, name):
    path = copy / f"paper_figures/micro/{name}"
    times = os.stat(path).st_mtime_ns
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(times, times))
    done = copy.run("ebm", "report", code=1)
    assert f"{path.name} {NOT_ITS_OWN}" in done.stderr


UNVOUCHED = """
from ebmrepro.checks.load import load_params
from ebmrepro.provenance.written import unvouched
print("\\n".join(unvouched(load_params())))
"""


def test_what_was_made_from_other_inputs_is_not_recorded(copy):
    """Data of another seed, with their record, under models that were trained on those before."""
    assert copy.run("python", "-c", UNVOUCHED).stdout.strip() == ""
    params = copy / "params.yaml"
    text = params.read_text()
    seeded = re.sub(r"(gaussian: \{kind: gaussian.*?seed: )0", r"\g<1>5", text, count=1)
    assert seeded != text
    params.write_text(seeded)
    copy.run("ebm", "prepare", "gaussian")
    params.write_text(text)
    found = copy.run("python", "-c", UNVOUCHED).stdout
    data = f"{RESULTS}/prepare/gaussian/train.safetensors"
    assert f"{data} was made with other settings: `ebm prepare gaussian` makes it anew" in found
    for run in ("cd", "mle"):
        assert f"{RESULTS}/train/gaussian/gaussian_{run}.safetensors was made from another {data}" in found
    assert "digits" not in found
    assert "DVC was left as it is" in copy.run("ebm", "sync", code=1).stderr


def test_an_earlier_output_that_dvc_brings_back_is_still_its_jobs(copy):
    """DVC's run cache: a setting tried and taken back; no job runs, and no record is written."""
    model = copy / f"{RESULTS}/train/gaussian/gaussian_cd.safetensors"
    text, first = (copy / "params.yaml").read_text(), model.read_bytes()
    copy.edit(
        "objective: cd, sampler: gaussian, schedule: short}",
        "objective: cd, sampler: gaussian, schedule: short, override: {schedule: {learning_rate: 0.002}}}",
    )
    copy.run("dvc", "repro", "--quiet")
    assert model.read_bytes() != first
    (copy / "params.yaml").write_text(text)
    copy.run("dvc", "repro", "--quiet")
    assert model.read_bytes() == first
    copy.run("ebm", "sample", "gaussian_cd")
    copy.run("ebm", "restore")


def test_of_a_file_that_nobody_recorded_nothing_is_known(copy):
    shutil.rmtree(copy / "provenance")
    shutil.rmtree(copy / ".work", ignore_errors=True)
    copy.run("ebm", "table", "gaussian")
