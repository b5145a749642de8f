"""What every objective that is registered must do, with each energy and sampler that it says it suits."""

import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
import torch

from ebmrepro.checks.load import load_params
from ebmrepro.checks.problems import problems
from ebmrepro.machine.progress import Progress
from ebmrepro.params.energies.rbm import RBMEnergy
from ebmrepro.params.kinds import kinds
from ebmrepro.params.methods import methods
from ebmrepro.params.root import Run
from ebmrepro.training.checkpoint import StopSignal, load_checkpoint, save_checkpoint
from ebmrepro.training.log import COMMON, columns_of
from ebmrepro.training.loop import Training

MICRO = load_params(Path(__file__).parents[1] / "micro_params.yaml")
OBJECTIVES = kinds("objectives")
DATA = ("gaussian", "rings", "digits", "shapes", "bars")


def variants(kind) -> list:
    """Entries of an objective made of its fields' examples: the first of each, then each other by itself."""
    fields = {name: field.examples for name, field in kind.model_fields.items() if name != "kind"}
    first = {name: examples[0] for name, examples in fields.items()} | {"kind": kind.name()}
    others = [first | {name: one} for name, examples in fields.items() for one in examples[1:]]
    return [kind.model_validate(settings) for settings in (first, *others)]


def parameters():
    """The micro parameters with one run, and objectives made of examples beside their own."""
    entries = {
        f"{name}_{number}": entry
        for name, kind in OBJECTIVES.items()
        for number, entry in enumerate(variants(kind))
    }
    samplers = dict(MICRO.samplers)
    # Room for as many samples as the examples' entropy waits for.
    points = samplers["points"]
    samplers["roomy"] = points.model_copy(
        update={"buffer": points.buffer.model_copy(update={"size": 2000}), "augmentation": None}
    )
    shown = ("compositions", "ood", "denoisings", "comparisons", "protocols", "figures", "tables")
    energies = {**MICRO.energies, "rbm_real": RBMEnergy(kind="rbm", hidden=3, visible="gaussian")}
    changes = {"objectives": {**MICRO.objectives, **entries}, "samplers": samplers, "energies": energies}
    return MICRO.model_copy(update=changes | {section: {} for section in shown})


PARAMS = parameters()


def with_run(dataset: str, energy: str, objective: str, sampler: str):
    base = MICRO.runs["gaussian_mle"].model_dump()
    train = {"energy": energy, "objective": objective, "sampler": sampler, "schedule": "short"}
    run = Run.model_validate(base | {"dataset": dataset, "train": train})
    return PARAMS.model_copy(update={"runs": {"it": run}})


def refusals(params) -> list[str]:
    return [why for where, why in problems(params) if where[:3] == ("runs", "it", "train")]


ALL = list(product(DATA, PARAMS.energies, PARAMS.objectives, PARAMS.samplers))
REFUSED = {names: refusals(with_run(*names)) for names in ALL}
SUITED = [names for names, reasons in REFUSED.items() if not reasons]


def training_of(names) -> Training:
    """A training of this combination on invented data of the data set's form and shape."""
    params = with_run(*names)
    settings, dataset = params.train_settings("it"), params.datasets[names[0]]
    draw = torch.Generator().manual_seed(0)
    shape = (20, *dataset.sample_shape)
    data = {
        "vectors": lambda: torch.randn(shape, generator=draw),
        "binary": lambda: torch.randint(2, shape, generator=draw).float(),
        "images": lambda: torch.randint(256, shape, generator=draw, dtype=torch.uint8),
    }[dataset.form]()
    values = dataset.attributes.get(getattr(settings.energy, "condition", None))
    labels = None if values is None else torch.arange(20) % len(values)
    return Training(settings, data, 0, labels)


def test_every_objective_suits_something_and_is_refused_with_a_sentence_elsewhere():
    trained = {PARAMS.objectives[objective].kind for _, _, objective, _ in SUITED}
    assert trained == set(OBJECTIVES)
    for names, reasons in REFUSED.items():
        assert all(len(reason.split()) > 3 and "\n" not in reason for reason in reasons), names


@pytest.mark.parametrize("kind", OBJECTIVES.values(), ids=OBJECTIVES)
def test_settings_are_described_and_methods_known(kind):
    for name, field in kind.model_fields.items():
        assert name == "kind" or (field.description and field.examples), name
    known = {method.key for method in kind.methods}
    for entry, sampler in product(variants(kind), PARAMS.samplers.values()):
        assert entry.method(sampler) in known <= set(methods())
        assert len(set(columns_of(entry, sampler))) == len(columns_of(entry, sampler)) and entry.times >= 1


@pytest.mark.parametrize("names", SUITED, ids=" ".join)
def test_steps_are_finite_resume_to_the_same_bits_and_log_what_is_declared(names, tmp_path):
    straight, stopped = training_of(names), training_of(names)
    logged: set[str] = set()
    for iteration in range(4):
        if iteration == 2:
            save_checkpoint(tmp_path / "checkpoint", stopped.tensors())
            stopped = training_of(names)
            stopped.load(load_checkpoint(tmp_path / "checkpoint"))
        scalars = straight.step()
        stopped.step()
        # A scalar without a column raises.
        straight.log.add(iteration, scalars)
        assert all(value.isfinite() for value in scalars.values()), scalars
        logged |= scalars.keys()
    stopped.log = straight.log
    ours, theirs = stopped.tensors(), straight.tensors()
    assert ours.keys() == theirs.keys()
    for name in ours:
        assert ours[name].numpy().tobytes() == theirs[name].numpy().tobytes(), name
    assert {"energy_positive", "loss", "gradient_norm"} <= logged
    objective = straight.settings.objective
    assert ("energy_gap" in logged) == objective.chain
    # Of the ICD terms the entropy waits for the buffer; what a comparison finds is no scalar of a step.
    late = {"loss_entropy", "kl_cosine", "kl_norm_ratio"}
    assert set(objective.logged()) - late <= logged <= {*COMMON, *objective.logged()}


@pytest.mark.parametrize("kind", OBJECTIVES.values(), ids=OBJECTIVES)
def test_an_objective_imports_no_chain(kind):
    """Chains come with the sampler: a change of a step makes stale only what runs it."""
    code = "import sys, {}; print([name for name in sys.modules if name.startswith('ebmrepro.mcmc')])"
    command = [sys.executable, "-c", code.format(kind.implementation.partition(":")[0])]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_comparison_of_gradients_logs_its_own_columns(tmp_path):
    names = next(n for n in SUITED if getattr(PARAMS.objectives[n[2]], "compare_full", False))
    training = training_of(names)
    training.run(tmp_path / "checkpoint", StopSignal(), Progress("test", 10**9))
    row = dict(zip(["iteration", *training.log.columns], training.log.rows[-1], strict=True))
    assert -1 <= row["kl_cosine"] <= 1 + 1e-6 and row["kl_norm_ratio"] > 0
