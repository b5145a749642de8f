"""Touch this, and that is done anew: the same under both runners."""

from pathlib import Path

import pytest

RUNS = ("gaussian_mle", "gaussian_cd", "digits_icd", "shapes_colour", "bars_rbm")
TRAININGS = {f"train {run}" for run in RUNS}
# Times a step of each training of three experiments.
COMPARED = {"compare methods"}
WITH_RBM = {f"{stage} bars_rbm" for stage in ("train", "sample", "evaluate")} | COMPARED
VALUE = "\nTOUCHED = True\n"
REMARK = "\n# A remark.\n"

# What is appended to which module, and the jobs that this makes stale by themselves.
MODULES = {
    "the RBM": ("energies/rbm.py", VALUE, WITH_RBM),
    "a remark on the RBM": ("energies/rbm.py", REMARK, set()),
    "the KL term": ("objectives/icd.py", VALUE, {"train digits_icd"} | COMPARED),
    "what is said of ICD": ("params/objectives/icd.py", REMARK, set()),
    "Hamiltonian chains": ("mcmc/hmc.py", VALUE, {"train shapes_colour"}),
    "the optimiser's loop": ("training/loop.py", VALUE, TRAININGS | COMPARED),
    "a figure": ("plots/energy_gap.py", VALUE, {"figure digits_energy_gap"}),
    "a table": ("tables/gaussian.py", VALUE, {"table gaussian"}),
    "a check": ("checks/measured.py", VALUE, set()),
    "the command line": ("cli.py", VALUE, set()),
}


def assert_stale(copy, expected: set[str]) -> None:
    """DVC does these anew, and Snakemake these and what waits for them."""
    assert copy.planned() == copy.waiting_for(expected)
    assert copy.stale() == expected


@pytest.mark.parametrize("what", MODULES)
def test_a_module_makes_stale_what_uses_it(copy, what):
    module, text, expected = MODULES[what]
    path = copy / "src/ebmrepro" / module
    path.write_text(path.read_text() + text)
    assert_stale(copy, expected)


def test_the_langevin_step_makes_stale_what_steps_by_it(copy):
    path = copy / "src/ebmrepro/mcmc/langevin.py"
    path.write_text(path.read_text() + VALUE)
    planned, by_dvc = copy.planned(), copy.stale()
    assert planned == copy.waiting_for(by_dvc)
    assert {"train gaussian_cd", "train digits_icd", "sample gaussian_mle", "compose coloured"} <= by_dvc
    assert not {"train gaussian_mle", "train shapes_colour", "train bars_rbm", "sample bars_rbm"} & by_dvc


def test_a_new_file_in_any_room_makes_nothing_stale(copy):
    rooms = {path.parent for path in (copy / "src/ebmrepro").rglob("*.py")}
    assert len(rooms) > 20
    for room in rooms:
        (room / "newcomer.py").write_text('"""New here."""\n\nVALUE = 1\n')
    assert_stale(copy, set())


def test_a_remark_anywhere_reruns_the_check_alone(copy):
    for path in (copy / "src").rglob("*.py"):
        path.write_text(path.read_text() + REMARK)
    params = copy / "params.yaml"
    params.write_text(params.read_text() + REMARK)
    assert copy.planned() == set()
    done = copy.snakemake("--cores", "all")
    assert [line.split()[-1] for line in done.stderr.splitlines() if line.startswith("localrule ")] == [
        "check:",
        "all:",
    ]
    assert "up to date" in copy.run("dvc", "status").stdout
    assert copy.stale() == set()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "objective: cd, sampler: gaussian, schedule: short}",
            "objective: cd, sampler: gaussian, schedule: short,"
            " override: {schedule: {learning_rate: 0.002}}}",
            {"train gaussian_cd", "compare methods", "report"},
        ),
        ("checkpoint_seconds: 0.2", "checkpoint_seconds: 0.3", {"report"}),
        ("caption: Energy gap.", "caption: The gap.", {"figure digits_energy_gap", "report"}),
    ],
)
def test_a_setting_makes_stale_what_it_is_told_to(copy, old, new, expected):
    copy.edit(old, new)
    assert_stale(copy, expected)


def test_another_seed_trains_everything(copy):
    copy.edit("seeds: [0, 1]\n", "seeds: [0, 1, 2]\n")
    planned, by_dvc = copy.planned(), copy.stale()
    assert planned == copy.waiting_for(by_dvc)
    assert by_dvc >= TRAININGS and not any(job.startswith(("prepare", "sample")) for job in by_dvc)


def test_a_training_goes_on_after_an_unrelated_change(fresh):
    """Half-done work is dropped for what changes its meaning, and for nothing else."""
    fresh.edit("    iterations: 60\n", "    iterations: 300\n")
    fresh.run("ebm", "prepare", "digits")
    from test_pipeline_faults import stop_in_the_middle

    stop_in_the_middle(fresh)
    (kept,) = (fresh / ".work").glob("micro-digits_icd-*/")
    for module, text in (("data/shapes.py", VALUE), ("energies/conv.py", REMARK), ("params/root.py", VALUE)):
        path = fresh / "src/ebmrepro" / module
        path.write_text(path.read_text() + text)
    stop_in_the_middle(fresh)
    assert kept.is_dir()
    assert [path.name for path in (fresh / ".work").glob("micro-digits_icd-*/")] == [kept.name]
    path = fresh / "src/ebmrepro/energies/conv.py"
    path.write_text(path.read_text() + VALUE)
    stop_in_the_middle(fresh)
    assert not kept.exists(), "another network has no use for it"


def folder_preset(copy, images: Path) -> None:
    """Adds to params.yaml a data set of the images in a folder."""
    copy.edit("folders: {}", f"folders: {{pictures: {images}}}")
    copy.edit(
        "energies:\n  quadratic",
        "  pictures: {kind: image_folder, folder: pictures, seed: 0, size: 8, channels: 1, limit: null,"
        " test_fraction: 0.5, corrupt: stop, inception: null,"
        " classifier: {epochs: 1, batch_size: 4, width: 4, minimum_accuracy: 0.0}}\n\nenergies:\n  quadratic",
    )


def test_two_images_of_equal_size_swapped_are_seen_by_both(copy):
    import numpy as np
    from PIL import Image

    images = copy / "pictures"
    for number in range(12):
        path = images / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((8, 8), 20 * number, np.uint8)).save(path)
    folder_preset(copy, Path("pictures"))
    first, second = images / "a/2.png", images / "b/3.png"
    longer = max(first.stat().st_size, second.stat().st_size)
    for path in (first, second):
        # What follows the end of an image is no part of it.
        path.write_bytes(path.read_bytes().ljust(longer, b"\0"))
    made = "results/micro/prepare/pictures/manifest.json"
    copy.snakemake("--cores", "all", made, "contents/pictures.json", "jobs.json")
    copy.run("dvc", "commit", "--force", "-q", "contents@pictures", "check", "prepare@pictures")
    assert "prepare pictures" not in copy.planned() | copy.stale()
    first.rename(images / "x")
    second.rename(first)
    (images / "x").rename(second)
    assert "prepare pictures" in copy.planned()
    assert "contents@pictures" in copy.run("dvc", "status").stdout
    assert "prepare pictures" in copy.stale()
