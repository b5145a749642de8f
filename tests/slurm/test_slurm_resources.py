"""What each job asks of a cluster, as a dry run shows it and as the functions behind it give it."""

import functools
import re
import sys
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from pipeline_tools import LISTS, ROOT, Checkout, make_checkout

from ebmrepro.checks.load import load_params

PRESETS = ROOT / "workflow/presets"
DAY, LEAST = 1440, 30
# Drawn, written and judged where Snakemake runs.
DRAWING = {"figure", "table", "report"}


def asked(checkout: Checkout, *arguments: str) -> dict[str, dict[str, int]]:
    """Command of each planned job that is sent -> gpu, mem_mb, runtime."""
    printed = checkout.snakemake("--dry-run", *arguments).stdout
    jobs, current = {}, {}
    for line in printed.splitlines():
        if line.strip().startswith("resources:"):
            current = {key: int(value) for key, value in re.findall(r"(gpu|mem_mb|runtime)=(\d+)", line)}
        elif line.startswith("Shell command: ebm "):
            command = line.removeprefix("Shell command: ebm ").split(" > ")[0]
            if command.split()[0] not in DRAWING | LISTS:
                jobs[command] = current
    assert jobs, printed
    return jobs


ON_GPU = ("compute: {device: cpu, threads: 1}", "compute: {device: auto, threads: 1}")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Callable[[str], Checkout]:
    """A checkout with a preset, the micro one on a processor or on a GPU."""
    made = {}

    def get(preset: str) -> Checkout:
        if preset not in made:
            name = preset.removesuffix(" on a GPU")
            made[preset] = make_checkout(tmp_path_factory.mktemp(name), PRESETS / f"{name}.yaml")
            if name != preset:
                made[preset].edit(*ON_GPU)
        return made[preset]

    return get


@pytest.fixture(scope="module")
def jobs(checkout) -> Callable[[str], dict]:
    """What the jobs of a preset ask for; each preset is planned once."""
    return functools.cache(lambda preset: asked(checkout(preset)))


def test_without_a_gpu_none_is_asked_for(jobs):
    assert {job["gpu"] for job in jobs("micro").values()} == {0}


def test_what_computes_asks_for_one_gpu_and_nothing_else_does(jobs):
    planned = jobs("micro on a GPU")
    without = {command for command, job in planned.items() if job["gpu"] == 0}
    # Neither a classifier nor Inception is part of preparing a Gaussian or patterns of bars.
    assert without == {"prepare gaussian", "prepare bars"}
    assert {job["gpu"] for command, job in planned.items() if command not in without} == {1}


@pytest.mark.parametrize("preset", ["micro", "paper"])
def test_every_job_asks_for_memory_and_a_time_that_sites_allow(jobs, preset):
    for command, job in jobs(preset).items():
        assert LEAST <= job["runtime"] <= DAY, command
        assert 2_000 <= job["mem_mb"] <= 16_000, command


def test_a_training_of_the_paper_asks_for_more_than_one_of_the_micro_preset(jobs):
    trained = [job for command, job in jobs("paper").items() if command.startswith("train ")]
    assert len(trained) == 38
    assert {job["gpu"] for job in trained} == {1}
    # Published images of any number, where the micro preset has some hundred points.
    assert {job["mem_mb"] for job in trained} == {16_000}
    assert max(job["runtime"] for job in trained) == DAY
    # 60 iterations of 16 examples.
    assert jobs("micro on a GPU")["train gaussian_cd"] == {"gpu": 1, "mem_mb": 4_000, "runtime": LEAST}


def test_the_command_line_has_the_last_word(checkout):
    jobs = asked(
        checkout("micro"), "--set-resources", "train:runtime=2880", "train:mem_mb=64000", "train:gpu=2"
    )
    for command, job in jobs.items():
        mine = {"gpu": 2, "mem_mb": 64_000, "runtime": 2_880}
        assert (job == mine) == command.startswith("train "), command


class Resources(dict):
    """What Snakemake makes of --default-resources: each with the text it was written as."""

    def __init__(self, **texts: str | None):
        super().__init__({name: SimpleNamespace(raw=text) for name, text in texts.items()})


@pytest.fixture
def rules(monkeypatch):
    """Names of resources.smk, which is plain Python, for the site's options."""
    source = (ROOT / "workflow/rules/resources.smk").read_text()

    def load(**site: str) -> SimpleNamespace:
        settings = SimpleNamespace(default_resources=Resources(**site), overwrite_resources={})
        names = {
            "PARAMS": load_params(PRESETS / "micro.yaml"),
            "sys": sys,
            "workflow": SimpleNamespace(is_main_process=False, resource_settings=settings),
        }
        exec(compile(source, "resources.smk", "exec"), names)
        return SimpleNamespace(**names)

    return load


def test_a_training_that_is_sent_again_waits_for_a_copy_that_lives_on(rules):
    made = rules(slurm_extra=None)
    assert made.later("train", {}, 1) is None and made.later("sample", {}, 2) is None
    assert [made.later("train", {}, attempt) for attempt in (2, 3, 4, 5)] == [
        f"--begin=now+{minutes}minutes" for minutes in (1, 10, 60, 60)
    ]


def test_the_options_of_a_site_stay_at_every_attempt(rules):
    made = rules(slurm_extra="'--reservation=week'")
    assert made.later("train", {}, 1) == made.later("sample", {}, 2) == "--reservation=week"
    assert made.later("train", {}, 2) == "--reservation=week --begin=now+1minutes"


@pytest.mark.parametrize(
    ("written", "names"),
    [
        (None, []),
        ("gpu", ["gpu"]),
        ("'gpu'", ["gpu"]),
        ("gpu,long-2", ["gpu", "long-2"]),
        # Decided for each job, not known here.
        ("'big' if threads > 4 else 'small'", []),
    ],
)
def test_partitions_are_read_from_what_was_asked_for(rules, written, names):
    assert list(rules(slurm_partition=written).partitions_asked_for()) == names
