"""What every registered sampler and generation keeps. The settings are the examples of its fields."""

import subprocess
import sys

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from ebmrepro.energies.helmholtz import HelmholtzMachine
from ebmrepro.energies.rbm import RBM
from ebmrepro.machine.progress import Progress
from ebmrepro.mcmc.chain import chain, run_chain
from ebmrepro.mcmc.chunks import CHUNK, Target
from ebmrepro.mcmc.negatives import NegativeSampler
from ebmrepro.params.kinds import Kind, kinds

SHAPE, UNITS, TIMES = (3, 8, 8), (6,), 2
DIFFUSION = [(1.0, 0.5), (0.9, 0.6)]


class Quadratic(nn.Module):
    """E(x) = a |x|^2 / 2, of a condition (B, times) with a from `a` (times,)."""

    def __init__(self, *a: float):
        super().__init__()
        self.a = nn.Parameter(torch.tensor(a))

    def forward(self, x, condition=None):
        a = self.a[0] if condition is None else condition @ self.a
        return 0.5 * a * x.flatten(1).square().sum(1)


def _binary(needs: str) -> nn.Module | None:
    """A model of binary units if that is what a kind samples."""
    made = {"gibbs": lambda: RBM(6, 5), "ancestral": lambda: HelmholtzMachine(6, [3])}
    return made[needs]().requires_grad_(False) if needs in made else None


def _settings(kind: type[Kind], **changes) -> dict:
    fields = {key: field for key, field in kind.model_fields.items() if key != "kind"}
    examples = {key: field.examples[0] for key, field in fields.items()}
    return {"kind": kind.name()} | examples | {key: value for key, value in changes.items() if key in fields}


def _needs(kind: type[Kind]) -> str:
    return getattr(kind, "needs", kind.name())


def _cases(*families: str):
    return [
        pytest.param(kind, id=f"{family}-{name}")
        for family in families
        for name, kind in kinds(family).items()
    ]


SAMPLERS = _cases("samplers")
CHAINS = [case for case in SAMPLERS if case.values[0].implementation]
GENERATIONS = _cases("generations")


# ---------------------------------------------------------------------- settings


@pytest.mark.parametrize("kind", SAMPLERS + GENERATIONS)
def test_each_field_is_described_and_the_examples_fit_each_other(kind):
    for name, field in kind.model_fields.items():
        if name != "kind":
            assert field.description and field.description.endswith("."), name
            assert field.examples, name
    kind.model_validate(_settings(kind))


@pytest.mark.parametrize("kind", SAMPLERS + GENERATIONS)
def test_a_value_out_of_its_range_is_refused_with_a_sentence_that_names_the_field(kind):
    for name, schema in kind.model_json_schema()["properties"].items():
        outside = [
            # By more than a float rounds away.
            *([schema["minimum"] - abs(schema["minimum"]) - 1] if "minimum" in schema else []),
            *([schema["exclusiveMinimum"]] if "exclusiveMinimum" in schema else []),
            *([schema["maximum"] * 2 + 1] if "maximum" in schema else []),
            *(["nowhere"] if "enum" in schema else []),
            *([[1.0, 0.0]] if schema.get("minItems") == 2 else []),
        ]
        for value in outside:
            with pytest.raises(ValidationError) as refused:
                kind.model_validate(_settings(kind) | {name: value})
            (error,) = refused.value.errors()
            assert name in error["loc"] or "bound" in error["msg"]
    with pytest.raises(ValidationError, match="stepps"):
        kind.model_validate(_settings(kind) | {"stepps": 1})


def test_stages_import_no_kind_so_that_a_change_of_one_concerns_its_own_jobs_alone():
    stages = "import sys, ebmrepro.stages.train, ebmrepro.stages.sample, ebmrepro.stages.compose"
    code = f"{stages}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "ebmrepro.mcmc.negatives" in loaded.split()
    own = {case.values[0].implementation.split(":")[0] for case in CHAINS + GENERATIONS}
    # Score matching takes gradients in x, too, which stand beside the Langevin step.
    assert own & set(loaded.split()) <= {"ebmrepro.mcmc.langevin"}


# ---------------------------------------------------------------------- samplers


def _sampler(kind: type[Kind], **changes):
    """Settings of a chain of three steps, its energy and states to begin at."""
    config = kind.model_validate(_settings(kind, steps=3, **changes))
    energy = _binary(_needs(kind))
    shape = SHAPE if energy is None else UNITS
    x = torch.rand(4, *shape, generator=torch.Generator().manual_seed(2)).round()
    return config, energy or Quadratic(0.7), x


def _generator(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("kind", CHAINS)
def test_a_step_keeps_shape_and_dtype_and_is_finite_and_repeats(kind):
    config, energy, x = _sampler(kind)
    step = config.load()
    moved = step(energy, x, config, _generator(), 0, 3)
    assert moved.shape == x.shape and moved.dtype == x.dtype and not moved.requires_grad
    assert moved.isfinite().all() and not torch.equal(moved, x)
    assert torch.equal(moved, step(energy, x, config, _generator(), 0, 3))
    assert not torch.equal(moved, step(energy, x, config, _generator(5), 0, 3))


@pytest.mark.parametrize("kind", CHAINS)
def test_a_chain_is_its_steps_one_after_the_other_and_can_be_cut(kind):
    config, energy, x = _sampler(kind)
    states = list(chain(energy, x, config, _generator()))
    assert len(states) == config.steps == 3
    generator, state = _generator(), x
    for number in range(3):
        state = config.load()(energy, state, config, generator, number, 3)
        assert torch.equal(state, states[number])
    generator = _generator()
    middle = run_chain(energy, x, config, generator, 2, first=0, total=3)
    assert torch.equal(run_chain(energy, middle, config, generator, 1, first=2, total=3), states[-1])
    assert config.cost() >= 3


@pytest.mark.parametrize("kind", CHAINS)
def test_a_step_has_a_graph_or_says_that_there_is_none(kind):
    config, energy, x = _sampler(kind)
    try:
        moved = config.load()(energy, x, config, _generator(), 0, 3, create_graph=True)
    except ValueError as refused:
        assert "graph" in str(refused)
        return
    (gradient,) = torch.autograd.grad(moved.sum(), list(energy.parameters()))
    assert gradient.isfinite().all()
    assert torch.equal(moved.detach(), config.load()(energy, x, config, _generator(), 0, 3))


@pytest.mark.parametrize("start", ["data", "noise", "replay"])
@pytest.mark.parametrize("kind", CHAINS)
def test_the_negative_phase_starts_where_it_says_and_repeats(kind, start):
    config, energy, x = _sampler(kind, start=start, augmentation=None)
    sampler = NegativeSampler(config, x, False, _generator())
    begun = sampler.start(x)
    assert begun.shape == x.shape
    if start == "data":
        assert torch.equal(begun, x)
    elif config.start_box is None:
        assert set(begun.unique().tolist()) == {0.0, 1.0}
    else:
        low, high = config.start_box
        assert low <= begun.min() < begun.max() <= high
    ends, same = (NegativeSampler(config, x, False, _generator()).run(energy, x).x for _ in range(2))
    assert ends.shape == x.shape and torch.equal(ends, same)


@pytest.mark.parametrize("kind", [case for case in SAMPLERS if case not in CHAINS])
def test_without_a_chain_there_are_random_numbers_and_no_buffer(kind):
    generator = _generator()
    sampler = NegativeSampler(kind.model_validate(_settings(kind)), torch.zeros(4, 2), False, generator)
    assert sampler.generator is generator and sampler.buffer is None and sampler.config.cost() == 0


# ---------------------------------------------------------------------- generations


def _made(config, seed: int = 0):
    """What a generation draws, and how far its progress counted."""
    energy = _binary(_needs(type(config)))
    shape = SHAPE if energy is None else UNITS
    energy, over_time = energy or Quadratic(0.7), Quadratic(0.7, 1.5)
    progress = Progress("generate", 0)
    made = config.load()(
        config,
        Target(
            energy.requires_grad_(False),
            shape,
            seed,
            progress,
            over_time=over_time.requires_grad_(False),
            diffusion=DIFFUSION,
            buffer=torch.rand(20, *shape),
        ),
    )
    return made, progress.done, shape


def _generation(kind: type[Kind], **changes):
    small = {"samples": 12, "steps": 4, "rounds": 2, "strip_chains": 3, "strip_frames": 4}
    return kind.model_validate(_settings(kind, **small | changes))


@pytest.mark.parametrize("kind", GENERATIONS)
def test_it_draws_as_many_samples_as_it_says_and_the_strip_that_it_promises(kind):
    torch.manual_seed(0)
    config = _generation(kind)
    made, _, shape = _made(config)
    assert made.samples.shape == (12, *shape) and made.samples.isfinite().all()
    assert made.strip.shape[2:] == shape
    if config.step_words:
        assert made.strip.shape[:2] == (4, 3)
    assert torch.equal(made.strip[-1], made.samples[: made.strip.shape[1]])
    for frames in made.others.values():
        assert len(frames) == len(config.long_steps())
    assert bool(made.others) == bool(config.long_steps())


@pytest.mark.parametrize("samples", [12, CHUNK + 1])
@pytest.mark.parametrize("kind", GENERATIONS)
def test_its_progress_counts_what_its_steps_say(kind, samples):
    config = _generation(kind, samples=samples, augmentation=None, long_chains=None)
    _, done, _ = _made(config)
    assert done == -(-samples // CHUNK) * config.chain_steps(TIMES)
    assert config.cost(TIMES) == samples * config.chain_steps(TIMES)


@pytest.mark.parametrize("kind", GENERATIONS)
def test_long_chains_are_counted_too(kind):
    config = _generation(kind)
    _, done, _ = _made(config)
    assert done == config.chain_steps(TIMES) + 2 * max(config.long_steps(), default=0)


@pytest.mark.parametrize("kind", GENERATIONS)
def test_a_seed_decides_its_samples(kind):
    def drawn(seed: int):
        torch.manual_seed(0)
        return _made(_generation(kind), seed)[0]

    one, same, other = drawn(3), drawn(3), drawn(4)
    assert torch.equal(one.samples, same.samples) and torch.equal(one.strip, same.strip)
    assert not torch.equal(one.samples, other.samples)


@pytest.mark.parametrize("kind", GENERATIONS)
def test_a_tiny_one_is_the_same_kind_and_valid(kind):
    tiny = _generation(kind).tiny(2)
    assert type(tiny) is kind and kind.model_validate(tiny.model_dump()) == tiny
    made, done, shape = _made(tiny)
    assert made.samples.shape == (2, *shape) and done == tiny.chain_steps(TIMES) <= TIMES
