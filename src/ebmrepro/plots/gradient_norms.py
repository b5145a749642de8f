"""Norm of the KL term's gradient beside the CD term's: is the term that CD drops negligible?"""

from ebmrepro.plots import curves, style
from ebmrepro.shown.loaders.train import Curves
from ebmrepro.shown.runs import as_title

TERMS = (("gradient_norm_kl", "KL term", "#0072B2"), ("gradient_norm_cd", "CD term", "#D55E00"))


def draw(runs: list[Curves]) -> style.Drawing:
    """One panel for each run that has both terms; raises NothingToShow if none has."""
    otherwise = "no run of the experiment has both a KL term and a CD term"
    both = curves.logged(*(column for column, _, _ in TERMS))
    shown, absent = style.suited(runs, both, otherwise, "; without both terms")
    made, panels = style.panels(len(shown), 2.0)
    for axes, member in zip(panels, shown, strict=True):
        for column, label, colour in TERMS:
            table = curves.by_seed(member.log, column)
            # A norm of exactly zero has no place on a logarithmic axis.
            table = table.where(table > 0)
            curves.draw(axes, table, member.outcomes, label, {"color": colour, "linestyle": "-"})
        axes.set(yscale="log", xlabel="iteration", ylabel="gradient norm")
        axes.set_title(f"{as_title(member.run.dataset)}, {member.run.label}", loc="left")
        axes.legend()
    return made, (
        "Euclidean norm over all parameters, each term weighted as in the loss, before clipping. Runs with"
        f" both terms: {', '.join(run.run.name for run in shown)}{absent or '.'} {curves.NOTE}."
        f" {curves.divergence_note(shown)}"
    )
