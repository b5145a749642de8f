"""What no single section can see: dangling names, overrides, entries of a run that cannot work together.

Each problem is (location, reason), the location a tuple of keys into params.yaml.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import ValidationError

from ebmrepro.checks import measured
from ebmrepro.params.base import NAME, NAME_IN_WORDS, Problem, nearest, no_such
from ebmrepro.params.kinds import FAMILIES, broken
from ebmrepro.params.root import ADAPTERS, REFERENCES, Params

# Larger bounds are written with an exponent.
READABLE = 1e15


def describe(error: dict, known: Iterable[str] = (), words: str = "") -> str:
    """One pydantic error as a clause for a person; `words` might have stood there too."""
    kind, context, value = error["type"], error.get("ctx", {}), error.get("input")
    got = {None: "null", True: "true", False: "false"}.get(value) if isinstance(value, bool | None) else None
    got = f"got {got or repr(value)}"
    if kind == "extra_forbidden":
        return f"unknown key{nearest(error['loc'][-1], known)}"
    if kind == "missing":
        return "required key is missing"
    if kind == "literal_error":
        return f"{got}{nearest(value, _options(context['expected']))}"
    if kind == "union_tag_invalid":
        tag, family = context["tag"], error["loc"][0]
        return broken(family, tag) or f"got {tag!r}{nearest(tag, _options(context['expected_tags']))}"
    if kind == "union_tag_not_found":
        return "required key 'kind' is missing"
    if kind == "value_error":
        return str(context["error"])
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return f"must be a mapping of keys to values, {got}"
    if kind in ("too_short", "too_long"):
        bound, word = ("least", "min") if kind == "too_short" else ("most", "max")
        count = context[f"{word}_length"]
        return f"must have at {bound} {count} item{'s' * (count > 1)}, {got}"
    if kind == "string_pattern_mismatch":
        name = context["pattern"] == NAME
        must = f"be {NAME_IN_WORDS}" if name else f"match {context['pattern']}"
        return f"must {must}, {got}"
    message = error["msg"].removeprefix("Input should be ")
    for side, than in (("le", "less"), ("ge", "greater")):
        if abs(bound := context.get(side, 0)) > READABLE:
            message = f"{than} than or equal to {bound:g}"
    return f"must be {message}{' or ' * bool(words)}{words}, {got}"


def present(data: Any, error: dict) -> tuple:
    """Where a pydantic error is in `data`: without the union tags, with a missing key's own name."""
    kept: list[str | int] = []
    for part in error["loc"]:
        if part in data if isinstance(data, dict) else isinstance(part, int):
            kept.append(part)
            data = data[part]
    return (*kept, error["loc"][-1]) if error["type"] == "missing" else tuple(kept)


def _options(text: str) -> list[str]:
    return [part.strip(" '") for part in text.replace(" or ", ",").split(",")]


def problems(params: Params) -> Iterator[Problem]:
    """Every cross-reference of `params` that cannot work, after what the authors of its kinds got wrong."""
    for family in FAMILIES:
        for name, entry in getattr(params, family).items():
            yield from (((family, name, "kind"), mistake) for mistake in type(entry).mistakes())
    unknown_data = [
        (("datasets", name, *place), reason)
        for name, dataset in params.datasets.items()
        for place, reason in dataset.problems(params.folders)
    ]
    yield from unknown_data
    # What is said of runs that cannot be resolved would only repeat it.
    dangling = bool(unknown_data)
    for name in params.runs:
        unresolved = [*_unresolved(params, name)] or [*_override_problems(params, name)]
        yield from unresolved
        dangling |= bool(unresolved)
        if not unresolved and not unknown_data:
            yield from _unfit(params, name)
    if not dangling:
        yield from measured.problems(params)


def _unresolved(params: Params, name: str) -> Iterator[Problem]:
    run, here = params.runs[name], ("runs", name)
    if run.dataset not in params.datasets:
        yield (*here, "dataset"), no_such("dataset", run.dataset, params.datasets)
    for stage, key, section, _ in REFERENCES:
        chosen, entries = getattr(getattr(run, stage), key), getattr(params, section)
        if chosen not in entries:
            yield (*here, stage, key), no_such(key, chosen, entries, section)


def _override_problems(params: Params, run: str) -> Iterator[Problem]:
    for stage in ("train", "sample", "evaluate"):
        chosen = getattr(params.runs[run], stage)
        sections = {key: section for where, key, section, _ in REFERENCES if where == stage}
        for key, changes in chosen.override.items():
            here = ("runs", run, stage, "override", key)
            if key not in sections:
                yield here, f"unknown key{nearest(key, sections)}"
                continue
            entry = getattr(params, sections[key])[getattr(chosen, key)]
            fields = type(entry).model_fields
            unknown = [word for word in changes if word not in fields]
            if unknown:
                yield from (((*here, word), f"unknown key{nearest(word, fields)}") for word in unknown)
            elif "kind" in changes:
                yield (*here, "kind"), f"a run cannot change the kind of its {key}: name another one"
            else:
                try:
                    ADAPTERS[key].validate_python(entry.model_dump() | changes)
                except ValidationError as failure:
                    error = min(failure.errors(), key=lambda error: error["type"] == "missing")
                    yield (*here, *present(changes, error)), describe(error)


def _unfit(params: Params, name: str) -> Iterator[Problem]:
    """What in run `name` cannot work, as its kinds say it; its names exist and its overrides are valid."""
    energy, objective, sampler, schedule = params.train_settings(name)
    dataset = params.datasets[params.runs[name].dataset]
    generation, evaluation = params.resolve(name, "generation"), params.resolve(name, "evaluation")
    unfit = list(energy.problems(dataset))
    places = [("train", "energy", unfit)]
    if not unfit:
        places += [
            ("train", "objective", objective.problems(energy, sampler, schedule, dataset)),
            ("train", "sampler", sampler.problems(energy, objective, schedule)),
            ("sample", "generation", generation.problems(energy, objective, sampler)),
        ]
    places.append(("train", "sampler", _too_small_to_blur(sampler, dataset)))
    places.append(("sample", "generation", _too_small_to_blur(generation, dataset)))
    places.append(("evaluate", "evaluation", evaluation.problems(dataset, energy, generation)))
    for stage, key, reasons in places:
        yield from ((("runs", name, stage, key), reason) for reason in reasons)


def _too_small_to_blur(chains: Any, dataset: Any) -> Iterator[str]:
    """Why images of the data set cannot pass the augmentation of `chains`, a sampler or a generation."""
    augmentation = getattr(chains, "augmentation", None)
    if augmentation and augmentation.blur and dataset.form == "images":
        reach, side = augmentation.blur_kernel // 2, min(dataset.sample_shape[1:])
        if reach >= side:
            yield f"a blur_kernel of {augmentation.blur_kernel} reaches over images of {side} pixels"
