"""Every method on every data set: how well it fits, what its samples are worth, what a step costs."""

from ebmrepro.params.methods import methods
from ebmrepro.shown import quality
from ebmrepro.shown.data import as_title, by_dataset
from ebmrepro.shown.loaders.compare import Compared
from ebmrepro.shown.loaders.evaluate import Measured
from ebmrepro.shown.quality import Measure, of_data, shared
from ebmrepro.tables.rows import NOTE, diverged_at
from ebmrepro.tables.table import MISSING, Table, format_mean_sd, mean_sd

COLUMNS = [
    "Data",
    "Method",
    "Likelihood or divergence",
    "Sample quality",
    "Milliseconds per step ↓",
    "Network evaluations per step ↓",
    "Seeds finished",
]
COSTS = ("seconds_per_step", "forward_passes", "backward_passes")


def make(items: list[Compared]) -> Table:
    """A row for each data set and method, last for each data set what the data themselves reach."""
    rows, records = [], []
    known = _measured_by_any(items)
    for item in items:
        for dataset, members in by_dataset(item.runs).items():
            measures = [shared(members, kinds) for kinds in (quality.FITS, quality.SAMPLES)]
            for member in sorted(members, key=lambda m: list(methods()).index(m.run.method)):
                cells, record = _member(member, measures, known)
                rows.append([as_title(dataset), *cells])
                records.append({"comparison": item.name} | record)
            references = [m and of_data(m, members) for m in measures]
            if any(value is not None for value in references):
                cells = [_reference(*pair) for pair in zip(measures, references, strict=True)]
                rows.append([as_title(dataset), "the data themselves", *cells, *[MISSING] * 3])
    return Table(COLUMNS, rows, records)


def note(items: list[Compared]) -> str:
    """How to read the table."""
    devices = ", ".join(dict.fromkeys(item.device for item in items))
    kinds = {quality.likelihood_kind(member) for item in items for member in item.runs}
    way = "; Inception FID: 10,000 samples against 10,000 training images, images resized as TensorFlow 1 did"
    inception = way if quality.SAMPLES[-1].metric in _measured_by_any(items) else ""
    parts = ["per test point or pattern"]
    if " (AIS)" in kinds:
        parts.append("with log Z by annealed importance sampling (AIS)")
    if " (bound)" in kinds:
        parts.append("a lower bound for a Helmholtz machine")
    return (
        f"{NOTE}. Log-likelihood: {', '.join(parts)}. W₂: 2-Wasserstein distance of samples to test points."
        " Classifier Fréchet distance: on features of a classifier trained on the same data, not an Inception"
        f" FID{inception}. A step is one training iteration, timed on {devices}, all methods in turns;"
        " network evaluations are forward + backward passes in units of one batch; Gibbs sweeps are none, and"
        " CD of an RBM has its gradient in closed form, without a backward pass. CD: chains from a replay"
        " buffer or from noise; CD-k: k steps from the data; PCD-k: persistent chains"
    )


def _measured_by_any(items: list[Compared]) -> set[str]:
    return {key for item in items for m in item.runs for metrics in m.metrics.values() for key in metrics}


def _member(member: Measured, measures: list[Measure | None], known: set[str]) -> tuple[list[str], dict]:
    """Cells and record of a run; the record has a column for every measure that any run has."""
    diverged = diverged_at(member)
    finished = [metrics for seed, metrics in member.metrics.items() if seed not in diverged]
    record = {
        "dataset": member.run.dataset,
        "run": member.run.name,
        "method": member.run.method,
        "seeds": len(member.outcomes),
        "finished": len(member.outcomes) - len(diverged),
        "diverged": " ".join(f"{seed}@{at}" for seed, at in diverged.items()),
    }
    cells = [member.run.label]
    for measure, kinds in zip(measures, (quality.FITS, quality.SAMPLES), strict=True):
        cells.append(_quality(member, measure, finished))
        for key in dict.fromkeys(kind.metric for kind in kinds if kind.metric in known):
            mean, sd = mean_sd(metrics.get(key) for metrics in finished)
            record |= {f"{key}_mean": mean, f"{key}_sd": sd}
    # What a step costs, a model that diverged later has shown as well.
    costs = {key: mean_sd(metrics.get(key) for metrics in member.metrics.values()) for key in COSTS}
    for key, (mean, sd) in costs.items():
        record |= {f"{key}_mean": mean, f"{key}_sd": sd}
    cells.append(format_mean_sd(*(None if part is None else 1000 * part for part in costs[COSTS[0]])))
    passes = [costs[key][0] for key in COSTS[1:]]
    cells.append(MISSING if None in passes else " + ".join(f"{value:.3g}" for value in passes))
    cells.append(f"{record['finished']} of {record['seeds']}")
    return cells, record


def _quality(member: Measured, measure: Measure | None, finished: list) -> str:
    if measure is None:
        return MISSING
    if not finished:
        return "diverged"
    kind = quality.likelihood_kind(member) if measure.metric == "test_log_likelihood" else ""
    value = format_mean_sd(*mean_sd(metrics.get(measure.metric) for metrics in finished))
    return f"{measure.words}{kind}: {value}"


def _reference(measure: Measure | None, value: float | None) -> str:
    return MISSING if value is None else f"{measure.words}: {format_mean_sd(value, None)}"
