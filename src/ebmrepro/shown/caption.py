"""What every figure and table says about itself, in one place, so that its scope cannot be misread."""

from collections.abc import Sequence

from ebmrepro.params.root import Params

# Numbers of this preset alone stand for the paper's experiments.
PAPER_PRESET = "paper"

TEXT = {"\\": "backslash", "~": "asciitilde", "^": "asciicircum", "<": "less", ">": "greater", "|": "bar"}
MATH = {"±": "pm", "×": "times", "≤": "leq", "≥": "geq", "∇": "nabla", "θ": "theta"}
MATH |= {"↓": "downarrow", "↑": "uparrow"}
LATEX = (
    {sign: rf"\{sign}" for sign in "&%$#_{}"}
    | {sign: rf"\text{word}{{}}" for sign, word in TEXT.items()}
    | {sign: rf"$\{word}$" for sign, word in MATH.items()}
    | {"−": "$-$", "²": "$^2$", "₂": "$_2$", "⁺": "$^+$", "⁻": "$^-$", "–": "--", "—": "---"}
)


def where(params: Params, runs: list[str], counted: Sequence[int] | None = None) -> str:
    """Data and seeds of runs in a few words; of the seeds those that are `counted`, without that all."""
    names = dict.fromkeys(params.runs[run].dataset for run in runs)
    data = dict.fromkeys(params.datasets[name].describe(name) for name in names)
    return f"{'; '.join(data)}; {_seeds(params, runs, counted)}"


def _seeds(params: Params, runs: list[str], counted: Sequence[int] | None) -> str:
    """'seeds 0, 1, 2'; runs with others than most have are named with theirs."""
    groups: dict[str, list[str]] = {}
    for run in runs:
        seeds = [seed for seed in params.seeds_of(run) if counted is None or seed in counted]
        word = f"{'seed' if len(seeds) == 1 else 'seeds'} {', '.join(map(str, seeds)) or 'none'}"
        groups.setdefault(word, []).append(run)
    most = max(groups, key=lambda word: len(groups[word]))
    others = [f"{word} of {', '.join(members)}" for word, members in groups.items() if word != most]
    return "; ".join([most, *others])


def scope(params: Params, runs: list[str]) -> str:
    """One sentence: preset, data and seeds; unless the preset is `paper`, that it is not the paper's."""
    if params.preset == PAPER_PRESET:
        return f"Preset {params.preset} ({where(params, runs)})."
    what = "This is the demo" if params.preset == "demo" else f"This is preset {params.preset}"
    return f"{what} ({where(params, runs)}), not the paper's experiment."


def caption(params: Params, section: str, name: str, note: str = "") -> str:
    """One line for entry `name` of `section` (figures, tables): its caption, how to read it, its scope."""
    entry = getattr(params, section)[name]
    runs = params.shown_runs(entry.stage, entry.experiment)
    return " ".join(part for part in (_sentence(entry.caption), _sentence(note), scope(params, runs)) if part)


def escape_latex(text: str) -> str:
    """`text` for LaTeX's text mode: special characters escaped, the signs used here in math mode."""
    return text.translate(str.maketrans(LATEX))


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."
