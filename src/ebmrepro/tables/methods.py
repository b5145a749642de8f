"""Every method on every data set: how well it fits, what its samples are worth, what a step costs."""

from collections.abc import Mapping

from ebmrepro.params.methods import methods
from ebmrepro.shown.loaders.compare import COSTS, Compared
from ebmrepro.shown.loaders.evaluate import Measured
from ebmrepro.shown.quality import FITS, SAMPLES, Measure, likelihood_kind, of_data, shared
from ebmrepro.shown.runs import as_title, by_dataset
from ebmrepro.tables.rows import NOTE, Column, finished, finished_text, identity, metric_names, numbers_of
from ebmrepro.tables.table import MISSING, Made, Table, format_mean_sd

ABOUT = ["Data", "Method", "Likelihood or divergence", "Sample quality"]
ABOUT_STEP = ["Network evaluations per step ↓", "Milliseconds per step ↓", "Ratio of seconds ↓"]
ABOUT_STEP += ["Seeds finished"]
RATIO = ("baseline", "median", "low", "high", "turns")
# A model that diverged later has shown as well what a step costs.
STEP = [Column(key, "", every_seed=True) for key in COSTS]


def make(items: list[Compared]) -> Made:
    """A row for each data set and method, last for each data set what the data themselves reach."""
    table = Table([*ABOUT, *ABOUT_STEP])
    everyone = [member for item in items for member in item.runs]
    known = metric_names(everyone)
    columns = [*(Column(one.metric, "") for one in (*FITS, *SAMPLES) if one.metric in known), *STEP]
    for item in items:
        for dataset, members in by_dataset(item.runs).items():
            measures = [shared(members, kinds) for kinds in (FITS, SAMPLES)]
            for member in sorted(members, key=lambda m: list(methods()).index(m.run.method)):
                _, numbers = numbers_of(member, columns)
                seeds = {"seeds": len(member.outcomes), "finished": len(finished(member))}
                ratio = item.ratios.get(member.run.name, {})
                row = [as_title(dataset), member.run.label, *_cells(member, measures, numbers, ratio)]
                timed = {f"seconds_ratio_{key}": ratio.get(key) for key in RATIO}
                table.add(row, {"comparison": item.name} | identity(member) | seeds | numbers | timed)
            references = [measure and of_data(measure, members) for measure in measures]
            if any(value is not None for value in references):
                cells = [
                    MISSING if value is None else f"{measure.words}: {format_mean_sd(value, None)}"
                    for measure, value in zip(measures, references, strict=True)
                ]
                cells += [MISSING] * len(ABOUT_STEP)
                table.rows.append([as_title(dataset), "the data themselves", *cells])
    return table, _note(items, {likelihood_kind(member) for member in everyone}, SAMPLES[-1].metric in known)


def _note(items: list[Compared], kinds: set[str], with_inception: bool) -> str:
    devices = ", ".join(dict.fromkeys(item.device for item in items))
    way = "; Inception FID: 10,000 samples against 10,000 training images, images resized as TensorFlow 1 did"
    parts = ["per test point or pattern"]
    if " (AIS)" in kinds:
        parts.append("with log Z by annealed importance sampling (AIS)")
    if " (bound)" in kinds:
        parts.append("a lower bound for a Helmholtz machine")
    return (
        f"{NOTE}. Log-likelihood: {', '.join(parts)}. W₂: 2-Wasserstein distance of samples to test points."
        " Classifier Fréchet distance: on features of a classifier trained on the same data, not an Inception"
        f" FID{way if with_inception else ''}. A step is one training iteration. Network evaluations: forward"
        " + backward passes, counted, in units of one batch; Gibbs sweeps are none, and CD of an RBM has its"
        f" gradient in closed form, without a backward pass. Seconds: on {devices}, all methods in turns;"
        " ratio: to CD-k, or else CD, of the same experiment, the median over turns with an interval of 95%"
        " that needs no law; no verdict is based on it. CD:"
        " chains from a replay buffer or from noise; CD-k: k steps from the data; PCD-k: persistent chains"
    )


def _cells(member: Measured, measures: list[Measure | None], numbers: dict, ratio: Mapping) -> list[str]:
    """Quality, costs and seeds of a run with these numbers."""
    cells = [MISSING if one is None else _quality(member, one, numbers) for one in measures]
    seconds, forward, backward, both = (numbers[f"{key}_mean"] for key in COSTS)
    scaled = (None if part is None else 1000 * part for part in (seconds, numbers["seconds_per_step_sd"]))
    counts = MISSING if both is None else f"{both:.3g} = {forward:.3g} + {backward:.3g}"
    return [*cells, counts, format_mean_sd(*scaled), _ratio(member, ratio), finished_text(member)]


def _ratio(member: Measured, ratio: Mapping) -> str:
    """The median with its interval; the baseline itself is 1."""
    if not ratio:
        return MISSING
    if ratio["baseline"] == member.run.name:
        return "1"
    bounds = "" if ratio["low"] is None else f" [{ratio['low']:.3g}, {ratio['high']:.3g}]"
    return f"{ratio['median']:.3g}{bounds}"


def _quality(member: Measured, measure: Measure, numbers: dict) -> str:
    if not finished(member):
        return "diverged"
    kind = likelihood_kind(member) if measure.metric == "test_log_likelihood" else ""
    value = format_mean_sd(numbers[f"{measure.metric}_mean"], numbers[f"{measure.metric}_sd"])
    return f"{measure.words}{kind}: {value}"
