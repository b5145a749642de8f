"""What no single section can see: dangling names, overrides, combinations that cannot work.

Each problem is (location, reason), the location a tuple of keys into params.yaml.
"""

import difflib
from collections.abc import Iterable, Iterator

from pydantic import ValidationError

from ebm.params.root import ADAPTERS, REFERENCES, Params

Problem = tuple[tuple[str | int, ...], str]

# Which evaluation can measure a run on a data set of each kind.
MEASURED_BY = {
    "gaussian": "gaussian",
    "density": "density",
    "digits": "images",
    "image_folder": "images",
}

# Kinds of data that a figure or table can show; those not named here show any.
IMAGES = {"digits", "image_folder"}
SHOWS = {
    "sample_grid": IMAGES,
    "chain_strip": IMAGES,
    "nearest_neighbours": IMAGES,
    "generation": IMAGES,
    "density_panels": {"density"},
    "density": {"density"},
    "gaussian": {"gaussian"},
}


def nearest(word: object, known: Iterable[str]) -> str:
    """'; did you mean ...?' or the list of what is possible."""
    known = sorted(map(str, known))
    close = difflib.get_close_matches(str(word), known, n=1, cutoff=0.5)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; possible: {', '.join(known)}" if known else ""


def describe(error: dict, known: Iterable[str] = ()) -> str:
    """One pydantic error as a clause for a person."""
    kind, context, value = error["type"], error.get("ctx", {}), error.get("input")
    if kind == "extra_forbidden":
        return f"unknown key{nearest(error['loc'][-1], known)}"
    if kind == "missing":
        return "required key is missing"
    if kind == "literal_error":
        return f"got {value!r}{nearest(value, _options(context['expected']))}"
    if kind == "union_tag_invalid":
        return f"got {context['tag']!r}{nearest(context['tag'], _options(context['expected_tags']))}"
    if kind == "union_tag_not_found":
        return "required key 'kind' is missing"
    if kind == "value_error":
        return str(context["error"])
    message = error["msg"].removeprefix("Input should be ")
    return f"must be {message}, got {value!r}"


def _options(text: str) -> list[str]:
    return [part.strip(" '") for part in text.replace(" or ", ",").split(",")]


def problems(params: Params) -> Iterator[Problem]:
    """Every cross-reference of `params` that cannot work."""
    dangling = False
    for name, run in params.runs.items():
        here = ("runs", name)
        unresolved = False
        if run.dataset not in params.datasets:
            unresolved = True
            yield (
                (*here, "dataset"),
                f"there is no dataset '{run.dataset}'{nearest(run.dataset, params.datasets)}",
            )
        for stage, key, section, _ in REFERENCES:
            chosen = getattr(getattr(run, stage), key)
            entries = getattr(params, section)
            if chosen not in entries:
                unresolved = True
                yield (
                    (*here, stage, key),
                    f"there is no {key} '{chosen}' in {section}{nearest(chosen, entries)}",
                )
        dangling |= unresolved
        if unresolved:
            continue
        overrides = list(_override_problems(params, name))
        yield from overrides
        if not overrides:
            yield from _combination_problems(params, name)
    for section in ("figures", "tables"):
        for name, shown in getattr(params, section).items():
            if shown.experiment not in params.experiments:
                yield (
                    (section, name, "experiment"),
                    f"no run belongs to experiment '{shown.experiment}'"
                    f"{nearest(shown.experiment, params.experiments)}",
                )
            elif not dangling:
                yield from _shown_problems(params, section, name)
    if len(set(params.seeds)) != len(params.seeds):
        yield ("seeds",), f"each seed must appear once, got {params.seeds}"


def _shown_problems(params: Params, section: str, name: str) -> Iterator[Problem]:
    shown = getattr(params, section)[name]
    kinds = {params.datasets[params.runs[run].dataset].kind for run in params.runs_of(shown.experiment)}
    suitable = SHOWS.get(shown.kind, kinds)
    if not kinds <= suitable:
        yield (
            (section, name, "kind"),
            f"{shown.kind} shows {' or '.join(sorted(suitable))} data, and experiment '{shown.experiment}'"
            f" has {' and '.join(sorted(kinds - suitable))}",
        )


def _override_problems(params: Params, run: str) -> Iterator[Problem]:
    for stage in ("train", "sample", "evaluate"):
        chosen = getattr(params.runs[run], stage)
        keys = [key for where, key, _, _ in REFERENCES if where == stage]
        for key, changes in chosen.override.items():
            here = ("runs", run, stage, "override", key)
            if key not in keys:
                yield here, f"unknown key{nearest(key, keys)}"
                continue
            section = next(ref[2] for ref in REFERENCES if ref[1] == key)
            entry = getattr(params, section)[getattr(chosen, key)]
            fields = type(entry).model_fields
            unknown = [word for word in changes if word not in fields]
            for word in unknown:
                yield (*here, word), f"unknown key{nearest(word, fields)}"
            if unknown:
                continue
            if "kind" in changes:
                yield (*here, "kind"), f"a run cannot change the kind of its {key}: name another one"
                continue
            try:
                ADAPTERS[key].validate_python(entry.model_dump() | changes)
            except ValidationError as failure:
                error = failure.errors()[0]
                inside = [part for part in error["loc"] if part in changes]
                yield (*here, *inside), describe(error)


def _combination_problems(params: Params, name: str) -> Iterator[Problem]:
    run, settings = params.runs[name], params.train_settings(name)
    dataset = params.datasets[run.dataset]
    evaluation = params.resolve(name, "evaluation")
    generation = params.resolve(name, "generation")
    train = ("runs", name, "train")
    if settings.objective.kind == "mle" and settings.energy.kind != "gaussian":
        yield (
            (*train, "objective"),
            f"mle needs an energy whose log Z is known (gaussian), not {settings.energy.kind}",
        )
    if settings.objective.kind != "mle" and settings.sampler.kind == "none":
        yield (*train, "sampler"), f"{settings.objective.kind} needs a Langevin sampler, not none"
    is_image = dataset.kind in IMAGES
    if (settings.energy.kind == "conv") != is_image:
        needed = "vectors" if is_image else "images"
        yield (*train, "energy"), f"a {settings.energy.kind} energy needs {needed}, not {dataset.kind} data"
    if settings.energy.kind == "conv" and getattr(dataset, "size", 8) < 8:
        yield (*train, "energy"), f"a conv energy needs images of at least 8x8 pixels, not {dataset.size}"
    if evaluation.kind != MEASURED_BY[dataset.kind]:
        yield (
            ("runs", name, "evaluate", "evaluation"),
            f"{dataset.kind} data are measured by an evaluation of kind"
            f" {MEASURED_BY[dataset.kind]}, not {evaluation.kind}",
        )
    augmented = [
        (stage, key)
        for stage, key, chain in (
            ("train", "sampler", settings.sampler),
            ("sample", "generation", generation),
        )
        if getattr(chain, "augmentation", None) is not None
    ]
    for stage, key in augmented:
        if not is_image:
            yield ("runs", name, stage, key), f"augmentation needs images, not {dataset.kind} data"
    if generation.start == "replay" and settings.sampler.kind == "none":
        yield (
            ("runs", name, "sample", "generation"),
            "start: replay needs a run trained with a replay buffer; this one has no chain",
        )
