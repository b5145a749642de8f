"""Where results came from: the records that a run leaves, and the RO-Crate made of them."""

import importlib.metadata
import json
import shutil
import sys
from pathlib import Path

import pytest
from pipeline_tools import ROOT, Checkout, commit, kill_group

from ebmrepro.checks.load import load_params
from ebmrepro.files.workspace import file_sha256, load_json, save_json
from ebmrepro.flow.jobs import all_jobs

EXPORT = "workflow/provenance/export_crate.py"
VALIDATE = ROOT / "workflow/provenance/validate_crate.py"
# Recommended by the profiles and left out, because nobody here knows them: an address of the project, who
# ran it, who publishes it. 5.1 asks the same of a module that is a file of the crate.
UNKNOWN = {
    "process-run-crate-0.5_3.2",
    "process-run-crate-0.5_5.1",
    "process-run-crate-0.5_8.6",
    "ro-crate-1.1_22.2",
    "ro-crate-1.1_22.3",
}


@pytest.fixture(scope="module")
def crate(finished, tmp_path_factory) -> Path:
    """The crate of a finished run."""
    folder = tmp_path_factory.mktemp("crates") / "crate"
    finished.run(sys.executable, EXPORT, str(folder))
    return folder


def graph(folder: Path) -> dict[str, dict]:
    """The crate's entities by identifier."""
    metadata = json.loads((folder / "ro-crate-metadata.json").read_text())
    return {entity["@id"]: entity for entity in metadata["@graph"]}


def references(entity: dict, key: str) -> set[str]:
    """Identifiers that a property of an entity names."""
    value = entity.get(key, [])
    return {one["@id"] for one in (value if isinstance(value, list) else [value])}


def validate(checkout: Checkout, folder: Path, *options: str, code: int) -> str:
    return checkout.run(sys.executable, str(VALIDATE), str(folder), *options, code=code).stdout


def records(checkout: Checkout) -> dict[str, dict]:
    """Every record by command."""
    found = [load_json(path) for path in (checkout / "provenance").rglob("*.json")]
    return {record["command"]: record for record in found}


def test_every_job_leaves_a_record_of_the_commit_it_ran_from(finished, monkeypatch):
    monkeypatch.chdir(finished.folder)
    jobs = {job.command: job for job in all_jobs(load_params())}
    found = records(finished)
    head = finished.run("git", "rev-parse", "HEAD").stdout.strip()
    assert found.keys() == jobs.keys()
    for command, record in found.items():
        assert record["code"]["commit"] == head and record["code"]["dirty"] is False
        assert record["runner"] == "snakemake"
        assert set(record["outputs"]) == set(jobs[command].outputs)
        assert set(record["inputs"]) == set(jobs[command].inputs)
        assert record["outputs"] == {path: file_sha256(Path(path)) for path in record["outputs"]}
        assert record["environment"]["packages_unlike_lock"] == []
        # All code of the package that the job loaded is code that both runners watch.
        assert record["code"]["unwatched"] == [], command
    assert found["ebm train gaussian_cd"]["machine"]["torch"]
    assert found["ebm train gaussian_cd"]["machine"]["device"] == "cpu"


def test_the_validator_accepts_the_crate(finished, crate):
    assert "is a valid provenance-run-crate-0.5" in validate(finished, crate, code=0)


def test_of_what_the_profiles_recommend_only_what_nobody_knows_is_missing(finished, crate):
    options = ("--requirement-severity", "recommended", "--output-format", "json")
    text = validate(finished, crate, *options, code=1)
    report = json.loads(text[text.index("{") : text.rindex("}") + 1])
    assert {issue["check"]["identifier"] for issue in report["issues"]} == UNKNOWN


@pytest.mark.parametrize("damage", ["missing file", "no instrument", "step of no workflow"])
def test_the_validator_refuses_a_damaged_crate(finished, crate, tmp_path, damage):
    folder = tmp_path / "damaged"
    shutil.copytree(crate, folder)
    if damage == "missing file":
        (folder / "results/micro/train/gaussian/gaussian_cd.json").unlink()
    else:
        path = folder / "ro-crate-metadata.json"
        metadata = json.loads(path.read_text())
        entities = {entity["@id"]: entity for entity in metadata["@graph"]}
        if damage == "no instrument":
            del entities["#job/train/gaussian_cd"]["instrument"]
        else:
            del entities["Snakefile"]["step"]
        path.write_text(json.dumps(metadata))
    validate(finished, folder, code=1)


def test_the_crate_says_what_made_what(finished, crate):
    entities = graph(crate)
    model = "results/micro/train/gaussian/gaussian_cd.safetensors"
    train, sample = entities["#job/train/gaussian_cd"], entities["#job/sample/gaussian_cd"]
    assert model in references(train, "result") and model in references(sample, "object")
    assert entities[model]["sha256"] == file_sha256(crate / model) == file_sha256(finished / model)
    settings = entities["#parameter/train/gaussian_cd/objective"]
    assert settings["@id"] in references(train, "object")
    assert json.loads(settings["value"])["kind"] == "cd"
    assert references(entities["#run"], "object") == {"params.yaml"}
    assert "paper_figures/report.html" in references(entities["#run"], "result")
    head = finished.run("git", "rev-parse", "HEAD").stdout.strip()
    assert entities["Snakefile"]["version"] == head
    engine = entities["https://snakemake.github.io"]
    assert engine["softwareVersion"] == importlib.metadata.version("snakemake")
    drawn = references(entities["#job/table/gaussian"], "object")
    assert "results/micro/evaluate/gaussian/gaussian_mle.json" in drawn
    # The crate holds what runs it again.
    for name in (
        "Snakefile",
        "dvc.yaml",
        "requirements.lock",
        "src/ebmrepro/cli.py",
        "workflow/rules/jobs.smk",
    ):
        assert (crate / name).read_bytes() == (finished / name).read_bytes()
    assert not list(crate.rglob("__pycache__"))


def test_tensors_can_stay_out_and_are_named_all_the_same(finished, copy, tmp_path):
    """From a folder as the image completes it, which holds no README, no licence and no Makefile."""
    for name in ("README.md", "LICENSE", "Makefile"):
        (copy / name).unlink()
    image = f"sha256:{'ab' * 32}"
    for path in (copy / "provenance").rglob("*.json"):
        record = load_json(path)
        record["environment"]["image"] = image
        save_json(path, record)
    folder = tmp_path / "light"
    copy.run(sys.executable, EXPORT, str(folder), "--no-tensors")
    assert not list(folder.rglob("*.safetensors"))
    model = "results/micro/train/gaussian/gaussian_cd.safetensors"
    entities = graph(folder)
    assert entities[f"#{model}"]["sha256"] == file_sha256(finished / model)
    (named,) = references(entities["#job/train/gaussian_cd"], "containerImage")
    assert entities[named]["sha256"] == "ab" * 32
    validate(finished, folder, code=0)


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        ("results/micro/evaluate/gaussian/gaussian_cd.json", "is missing or another file"),
        ("src/ebmrepro/stages/report.py", "the code of the stage has changed since"),
        ("params.yaml", "in params.yaml has changed since"),
        ("provenance/micro/train/gaussian_cd.json", "`ebm train gaussian_cd` writes it"),
    ],
)
def test_a_crate_is_refused_where_the_records_are_not_of_what_lies_here(copy, edit, reason):
    path = copy / edit
    if edit.startswith("provenance"):
        path.unlink()
    elif edit == "params.yaml":
        copy.edit("    samples: 100\n", "    samples: 90\n")
    else:
        path.write_text(path.read_text() + "\nTOUCHED = True\n")
    done = copy.run(sys.executable, EXPORT, "crate", code=1)
    assert reason in done.stderr and len(done.stderr.strip().splitlines()) == 1
    assert not (copy / "crate").exists()


def test_an_input_that_was_made_anew_is_noticed_behind_a_record_of_its_own(copy):
    """The report was drawn from other figures: its record says so though every file has one."""
    copy.run("ebm", "compare", "methods")
    done = copy.run(sys.executable, EXPORT, "crate", code=1)
    assert "it read another" in done.stderr


def test_a_clone_that_pulls_the_results_makes_the_same_crate(copy, tmp_path):
    commit(copy, "results")
    clone = Checkout(tmp_path / "clone")
    copy.run("git", "clone", "-q", str(copy.folder), str(clone.folder))
    shutil.copytree(copy / ".dvc/cache", clone / ".dvc/cache")
    clone.run("dvc", "checkout", "-q")
    for checkout in (copy, clone):
        checkout.run(sys.executable, EXPORT, "crate")
    assert graph(copy / "crate") == graph(clone / "crate")


def test_a_training_that_was_killed_says_so(copy):
    """And DVC is named where it ran the job."""
    name = "digits_icd"
    for path in (copy / "results/micro/train/digits").glob(f"{name}.*"):
        path.unlink()
    shutil.rmtree(copy / ".dvc/cache")
    attempts = copy / f".work/provenance/micro/train/{name}"
    process = copy.start("ebm", "train", name)
    while process.poll() is None and not list(attempts.glob("*.json")):
        pass
    kill_group(process)
    copy.run("dvc", "repro", "--single-item", f"train@{name}")
    record = records(copy)[f"ebm train {name}"]
    assert record["runner"] == "dvc"
    assert [attempt["outcome"] for attempt in record["attempts"]] == ["killed", "done"]
    assert not attempts.exists() or not list(attempts.iterdir())
