"""What the work of each job costs, and what the job asks of a cluster for it."""

from pathlib import Path

import pytest

from ebmrepro.checks.load import load_params
from ebmrepro.flow.resources import (
    LEAST_MINUTES,
    MOST_MINUTES,
    Resources,
    minutes,
    passes,
    priorities,
    resources,
)

PRESETS = Path(__file__).parents[2] / "workflow/presets"
DAY, LEAST = 1440, 30
SECTIONS = {
    "prepare": "datasets", "train": "runs", "sample": "runs", "evaluate": "runs", "compose": "compositions",
    "detect": "ood", "denoise": "denoisings", "compare": "comparisons", "resample": "protocols",
}  # fmt: skip


@pytest.fixture(scope="module")
def preset(tmp_path_factory):
    """The parameters of a preset, with texts in it replaced by others."""

    def load(name: str, *edits: tuple[str, str]):
        text = (PRESETS / f"{name}.yaml").read_text()
        for old, new in edits:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path_factory.mktemp(name) / "params.yaml"
        path.write_text(text)
        return load_params(path)

    return load


ON_GPU = ("compute: {device: cpu, threads: 1}", "compute: {device: auto, threads: 1}")


def asked(params) -> dict[tuple[str, str], Resources]:
    """Stage and item of each job that is sent -> what it asks for."""
    return {
        (stage, item): resources(params, stage, item)
        for stage, section in SECTIONS.items()
        for item in getattr(params, section)
    }


def test_without_a_gpu_none_is_asked_for(preset):
    assert {job.gpu for job in asked(preset("micro")).values()} == {0}


def test_what_computes_asks_for_one_gpu_and_nothing_else_does(preset):
    params = preset("micro", ON_GPU)
    planned = asked(params)
    without = {job for job, needs in planned.items() if needs.gpu == 0}
    # Neither a classifier nor Inception is part of preparing a Gaussian or patterns of bars.
    assert without == {("prepare", "gaussian"), ("prepare", "bars")}
    assert {planned[job].gpu for job in planned.keys() - without} == {1}
    assert resources(params, "figure", "losses").gpu == resources(params, "report").gpu == 0


@pytest.mark.parametrize("name", ["micro", "paper"])
def test_every_job_asks_for_memory_and_a_time_that_sites_allow(preset, name):
    for job, needs in asked(preset(name)).items():
        assert LEAST <= needs.minutes <= DAY, job
        assert 2_000 <= needs.mem_mb <= 16_000, job


def test_a_training_of_the_paper_asks_for_more_than_one_of_the_micro_preset(preset):
    trained = [needs for (stage, _), needs in asked(preset("paper")).items() if stage == "train"]
    assert len(trained) == 38
    assert {job.gpu for job in trained} == {1}
    # Published images of any number, where the micro preset has some hundred points.
    assert {job.mem_mb for job in trained} == {16_000}
    assert max(job.minutes for job in trained) == DAY
    # 60 iterations of 16 examples.
    assert resources(preset("micro", ON_GPU), "train", "gaussian_cd") == (1, 4_000, LEAST)


def test_each_attempt_asks_for_more_until_a_day():
    first = Resources(gpu=1, mem_mb=4_000, minutes=400)
    assert [first.attempt(number).mem_mb for number in (1, 2, 3)] == [4_000, 8_000, 12_000]
    assert [first.attempt(number).minutes for number in (1, 2, 3, 4)] == [400, 800, 1200, DAY]
    assert {first.attempt(number).gpu for number in (1, 2)} == {1}


def test_the_time_of_a_training_grows_with_its_work(preset):
    micro = preset("micro")
    # Each of 60 iterations: 16 examples, 5 steps of two passes and 6 for the loss, with two seeds.
    assert passes(micro, "train", "gaussian_cd") == [60 * 16 * (5 * 2 + 6) * 2]
    # Two leapfrog steps are two steps.
    assert passes(micro, "train", "shapes_colour") == [8 * 16 * (2 * 2 * 2 + 6) * 2]
    longer = preset("micro", ("    iterations: 60\n", "    iterations: 6000000\n"))
    assert passes(longer, "train", "gaussian_cd")[0] == 100_000 * passes(micro, "train", "gaussian_cd")[0]
    # 72 million passes of small examples: an hour on a GPU, ten on a processor, beside getting started.
    assert minutes(micro, 72_000_000, micro.datasets["digits"]) == LEAST + 600
    on_gpu = preset("micro", ON_GPU)
    assert minutes(on_gpu, 72_000_000, on_gpu.datasets["digits"]) == LEAST + 60


def test_large_images_take_longer_by_their_area(preset):
    paper = preset("paper")
    small, large = paper.datasets["cifar10"], paper.datasets["celeba_hq_64"]
    assert (small.size, large.size) == (32, 64)
    passes = 3600 * 10_000  # An hour of 32x32 images.
    assert minutes(paper, passes, small) == LEAST + 60
    assert minutes(paper, passes, large) == LEAST + 240


def test_samples_cost_their_steps_and_long_chains_theirs(preset):
    params = preset("micro")
    for run in params.runs:
        generation, seeds = params.resolve(run, "generation"), len(params.seeds_of(run))
        times = getattr(params.resolve(run, "objective"), "times", 1)
        plain = generation.samples * generation.chain_steps(times)
        long = getattr(generation, "long_chains", None)
        if long is not None:
            plain += 2 * long.starts * long.chains * generation.long_steps()[-1]
        assert passes(params, "sample", run) == [2 * plain * seeds]


def test_a_likelihood_costs_its_chains_and_other_numbers_cost_none(preset):
    params = preset("paper")
    seen = set()
    for run in params.runs:
        likelihood = getattr(params.resolve(run, "evaluation"), "likelihood", None)
        steps = likelihood.chains * likelihood.temperatures * likelihood.steps if likelihood else 0
        assert passes(params, "evaluate", run) == [2 * steps * len(params.seeds_of(run))]
        seen.add(bool(steps))
    assert seen == {True, False}


def sampling(params, run: str, generation) -> int:
    times = getattr(params.resolve(run, "objective"), "times", 1)
    return 2 * generation.cost(times) * len(params.seeds_of(run))


def test_a_composition_runs_the_chains_of_each_of_its_models(preset):
    params = preset("micro")
    for name, composition in params.compositions.items():
        generation = params.generations[composition.generation]
        expected = sum(sampling(params, model.run, generation) for model in composition.models)
        assert expected and passes(params, "compose", name) == [expected]


def test_a_protocol_has_the_time_of_its_chains_and_of_its_numbers(preset):
    params = preset("micro")
    for name, protocol in params.protocols.items():
        dataset = params.datasets[protocol.dataset]
        sampled = sampling(params, protocol.run, params.generations[protocol.generation])
        evaluation = params.evaluations[protocol.evaluation]
        measured = 2 * evaluation.cost() * len(params.seeds_of(protocol.run))
        assert passes(params, "resample", name) == [sampled, measured]
        expected = minutes(params, sampled, dataset) + minutes(params, measured, dataset)
        assert resources(params, "resample", name).minutes == min(MOST_MINUTES, expected)
        assert expected >= 2 * LEAST_MINUTES


def test_a_long_training_and_its_data_come_first(preset):
    found = priorities(preset("demo"))
    trainings = {item: value for (stage, item), value in found.items() if stage == "train"}
    # 2,000 iterations of 784 pixels; the shapes have three seeds of 1,200, of 256 pixels each.
    assert sorted(trainings, key=trainings.get)[-2:] == ["shapes_shape", "mnist_icd"]
    assert found["prepare", "mnist"] == trainings["mnist_icd"]
    assert found["prepare", "shapes"] == trainings["shapes_shape"]
    # Never before another stage's turn.
    assert all(2 <= value < 3 for value in trainings.values())


def test_data_that_nothing_trains_on_have_no_priority_of_their_own(preset):
    assert ("prepare", "digits") not in priorities(preset("mnist"))
