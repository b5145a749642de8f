"""The whole of preset paper at micro size: from the archives to the report, in the order of the graph."""

import functools
import graphlib
import json
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from catalogue_server import running
from dvc.repo import Repo
from paper_micro import CATALOGUE, JUDGED, SIZES, micro, paper, publish
from paper_weights import make_weights
from pipeline_tools import make_checkout

from ebmrepro import cli
from ebmrepro.files import workspace
from ebmrepro.files.workspace import map_tensors
from ebmrepro.params.catalogue import load_catalogue
from ebmrepro.params.root import Params
from ebmrepro.params.stages import STAGES
from ebmrepro.reproduction.decision import VERDICTS
from ebmrepro.reproduction.published import PublishedNumber, load_published
from ebmrepro.stages import report

# What differs from the preset that ships: sizes, places, and how much is asked for.
OTHER = {"seeds", "device", "threads", "catalogue", "sha256", "modes", "references", "override"}


class Finished(NamedTuple):
    """`jobs`: by command the files that the graph says it leaves; `requests`: paths that were asked for."""

    folder: Path
    params: Params
    jobs: dict[str, list[Path]]
    requests: list[str]


def in_order(folder: Path) -> dict[str, list[Path]]:
    """Commands of DVC's graph, what one needs before it, with the files that each leaves."""
    with Repo(str(folder)) as repo:
        graph = repo.index.graph
        order = graphlib.TopologicalSorter({stage: list(graph[stage]) for stage in graph}).static_order()
        return {stage.cmd: [Path(out.fs_path) for out in stage.outs] for stage in order}


def at_micro_size(number: PublishedNumber, samples: int) -> PublishedNumber:
    """The rule of a number measured of `samples` samples: their number is part of a metric's name."""
    if number.rule is None:
        return number
    metric = number.rule.metric.replace("_10000", f"_{samples}")
    return number.model_copy(update={"rule": number.rule.model_copy(update={"metric": metric})})


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Finished:
    """Every job of the graph has run, in this process: so many starts would take longer than the jobs."""
    folder = tmp_path_factory.mktemp("paper")
    source = folder / "micro.yaml"
    with running() as server, pytest.MonkeyPatch.context() as patch:
        publish(folder, server, paper())
        source.write_text(json.dumps(micro(paper(), make_weights(folder / "weights"))), encoding="utf-8")
        make_checkout(folder, source)
        jobs = in_order(folder)
        patch.chdir(folder)
        # params.yaml stands still: it is read once.
        patch.setattr(cli, "load_params", functools.cache(cli.load_params))
        params = cli.load_params()
        samples = params.resolve(JUDGED[0], "evaluation").counts[0]
        published = load_published()
        numbers = [at_micro_size(number, samples) for number in published.numbers]
        patch.setattr(report, "load_published", lambda: published.model_copy(update={"numbers": numbers}))
        for command in jobs:
            patch.setattr(sys, "argv", command.split())
            with pytest.raises(SystemExit) as ending:
                cli.main()
            # Its sentence stands in what pytest captured.
            assert not ending.value.code, command
        return Finished(folder, params, jobs, [path for path, _ in server.requests])


def differences(found, shipped, where: tuple = ()):
    """Paths of keys whose values differ, as deep as both are mappings."""
    if isinstance(found, dict) and isinstance(shipped, dict):
        for key in found.keys() | shipped.keys():
            yield from differences(found.get(key), shipped.get(key), (*where, key))
    elif found != shipped:
        yield where


def test_it_is_the_papers_preset_but_for_sizes_and_places():
    shipped = paper()
    small = micro(shipped, dict.fromkeys(("clean", "legacy_tensorflow"), "0" * 64))
    assert {name: list(entries) for name, entries in small.items() if isinstance(entries, dict)} == {
        name: list(entries) for name, entries in shipped.items() if isinstance(entries, dict)
    }
    changed = OTHER | {key for sizes in SIZES.values() for key in sizes}
    for place in differences(small, shipped):
        assert changed & set(place), ".".join(map(str, place))
    for section in ("compositions", "protocols", "figures", "tables"):
        assert small[section] == shipped[section]


def test_every_job_is_done_and_leaves_what_the_graph_says(finished):
    asked = [
        f"ebm {stage.name} {item}"
        for stage in STAGES
        if stage.section
        for item in getattr(finished.params, stage.section)
    ]
    assert set(finished.jobs) == {*asked, "ebm check", "ebm collect", "ebm report"}
    for command, files in finished.jobs.items():
        for file in files:
            assert file.is_file() and file.stat().st_size, f"{command} left no {file}"


def test_open_sets_are_downloaded_once_and_the_others_never(finished):
    entries = load_catalogue(str(finished.folder / CATALOGUE))
    wanted = set()
    for dataset in finished.params.datasets.values():
        if entries[dataset.entry].access == "open":
            files = entries[dataset.entry].files_of((dataset.train, dataset.test))
            wanted |= {f"/{dataset.entry}/{file.name}" for file in files}
    assert len(wanted) > 5 and sorted(finished.requests) == sorted(wanted)


def test_samples_have_the_shape_of_their_data_and_enough_of_them_a_fid(finished):
    of_fid = 0
    for name, run in finished.params.runs.items():
        data, counts = (
            finished.params.datasets[run.dataset],
            finished.params.resolve(name, "evaluation").counts,
        )
        energy = finished.params.resolve(name, "energy")
        drawn, _ = map_tensors(finished.folder / f"results/paper/sample/{run.experiment}/{name}.safetensors")
        measured = finished.folder / f"results/paper/evaluate/{run.experiment}/{name}.json"
        seeds = workspace.load_json(measured)["seeds"]
        assert set(seeds) == {str(seed) for seed in finished.params.seeds_of(name)}
        for seed, found in seeds.items():
            samples = drawn[f"{seed}/samples"]
            count = finished.params.resolve(name, "generation").samples
            assert samples.dtype == np.uint8 and samples.shape == (count, 3, data.size, data.size)
            # Weight standardisation without a norm makes energies that no guard lets pass.
            assert found["outcome"] == "finished" or not (energy.normalise or energy.spectral_norm), name
            fids = [value for key, value in found["metrics"].items() if key.startswith("fid_")]
            assert len(fids) == len(counts) * len(data.inception.modes) * len(data.inception.references)
            assert all(value > 0 for value in fids)
            of_fid += len(fids)
    assert of_fid


def test_every_published_number_with_a_rule_is_judged_and_shown(finished):
    verdicts = workspace.load_json(finished.folder / "paper_figures/verdicts/paper.json")
    assert verdicts["preset"] == "paper"
    judged = {row["key"]: row for row in verdicts["numbers"] if row["rule"]}
    assert judged.keys() == {number.key for number in load_published().numbers if number.rule}
    page = (finished.folder / "paper_figures/report.html").read_text(encoding="utf-8")
    for key, row in judged.items():
        assert row["verdict"] in VERDICTS[:-1], f"{key}: {row['reason']}"
        assert row["reason"] in page
    for name in (*finished.params.figures, *finished.params.tables):
        assert name in page


@pytest.mark.parametrize("experiment", ["ablation", "architecture", "cifar10"])
def test_the_rows_of_a_stability_table_are_told_apart(finished, experiment):
    text = (finished.folder / f"paper_figures/paper/{experiment}_stability.md").read_text(encoding="utf-8")
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")]
    words = [tuple(row[: rows[0].index("Median survived ↑")]) for row in rows[2:]]
    assert len(words) == len(set(words)) == len(finished.params.runs_of(experiment))
