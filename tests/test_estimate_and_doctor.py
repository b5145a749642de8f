"""What a user asks before and instead of a run."""

import re

import pytest


@pytest.mark.parametrize("batch", [None, 4])
def test_estimate_prices_every_run_and_the_whole(workspace_folder, ebm, batch):
    from ebmrepro.checks.load import load_params

    ended = ebm("estimate", "--steps", "2", *(() if batch is None else ("--batch", str(batch))))
    assert ended.code == 0
    rows = {}
    for line in ended.out.splitlines():
        cells = [cell.strip() for cell in line.strip("│").split("│")]
        if len(cells) == 6:
            rows[cells[0]] = [float(cell) for cell in cells[1:] if cell]
    params = load_params()
    sampled = {name: rows.pop(name) for name in (*params.protocols, *params.compositions)}
    assert {seeds for seeds, _ in sampled.values()} == {len(params.seeds)}
    assert set(rows) == set(params.runs)
    for run, (seconds, iterations, seeds, train, _) in rows.items():
        assert seconds > 0
        assert iterations == params.train_settings(run).schedule.iterations
        assert seeds == len(params.seeds_of(run))
        assert abs(train - seconds * iterations * seeds / 3600) < 1e-3
    assert re.search(r"micro: \d+\.\d+ h of training", ended.out)
    assert ("scaled from 4 images at a time" in ended.out) == (batch is not None)
    assert not list(workspace_folder.glob("results*")), "an estimate leaves nothing behind"


def test_doctor_finds_what_is_wrong(workspace_folder, ebm, edit):
    fine = ebm("doctor")
    assert fine.code == 0 and "BAD" not in fine.out
    edit("preset: micro", "prest: micro")
    ill = ebm("doctor")
    assert ill.code == 1
    assert "BAD  params.yaml" in ill.out and "did you mean 'preset'?" in ill.out


def test_the_catalogue_says_how_each_set_is_got(workspace_folder, ebm, monkeypatch):
    from ebmrepro.params.catalogue import load_catalogue

    monkeypatch.setenv("COLUMNS", "200")
    listed = ebm("catalogue").out
    for name, entry in load_catalogue().items():
        (line,) = [line for line in listed.splitlines() if f" {name} " in line]
        assert ("downloaded" in line) == (entry.access == "open")
        told = ebm("catalogue", name).out
        for file in entry.files:
            assert file.name in told and all(fact in told for fact in (*file.checksums, *file.urls))
        assert entry.licence in told and entry.citation in told
        if entry.access != "open":
            assert all(words in told for words in (entry.how_to_get, *entry.acceptance))
    unknown = ebm("catalogue", "cifar1")
    assert (
        unknown.code == 1
        and unknown.err == "ebm: catalogue: there is no data set 'cifar1'; did you mean 'cifar10'?\n"
    )
