"""A rule that is younger than the run which it judges is found, by what git says."""

import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

from ebmrepro.checks.load import load_params
from ebmrepro.files.workspace import save_json
from ebmrepro.provenance.rules_first import ROOM, broken_promises
from ebmrepro.reproduction.rules import load_rules

DEMO = Path(__file__).parents[2] / "workflow/presets/demo.yaml"
CLAIMS, PUBLISHED = f"{ROOM}/claims.yaml", f"{ROOM}/published.yaml"
# A rule of the demo, in the file's words and in the sentence.
RULE = "metric: kl_to_cd_gradient, threshold: 0.1}"
NAMED = "claim kl_not_negligible: the lower_bound of icd in kl_to_cd_gradient (digits)"


def with_seeds(count: int):
    """The demo, every run with so many of its registered seeds and one that is not registered."""
    params = load_params(DEMO)
    seeds = [*load_rules().registered["demo"][:count], 0]
    runs = {
        name: run.model_copy(update={"train": run.train.model_copy(update={"seeds": None})})
        for name, run in params.runs.items()
    }
    return params.model_copy(update={"seeds": seeds, "runs": runs})


@pytest.fixture
def checkout(tmp_path):
    """A repository with today's rules. `commit(path, text)` changes a file of it and gives the commit."""
    folder = tmp_path / "checkout"

    def git(*arguments: str) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
        command = ["git", *who, "-C", str(folder), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def commit(changes: dict[str, str]) -> str:
        for name, text in changes.items():
            (folder / name).write_text(text, encoding="utf-8")
        git("add", "."), git("commit", "--allow-empty", "-m", "rules")
        return git("rev-parse", "HEAD")

    (folder / ROOM).mkdir(parents=True)
    git("init")
    return folder, commit


def text(name: str) -> str:
    return files("ebmrepro.reproduction").joinpath(Path(name).name).read_text(encoding="utf-8")


def today() -> dict[str, str]:
    return {name: text(name) for name in (CLAIMS, PUBLISHED)}


def record(folder: Path, commit: str | None, dirty: bool = False, run: str = "digits_icd") -> None:
    code = {"commit": commit, "dirty": dirty}
    save_json(folder / f"provenance/demo/train/{run}.json", {"code": code})


def test_rules_that_were_committed_before_the_runs_are_promises_kept(checkout):
    folder, commit = checkout
    record(folder, commit(today()))
    assert broken_promises(folder, with_seeds(8)) == []
    # Words decide nothing, wherever they stand.
    words = (
        text(CLAIMS).replace("# Nats a point.", "# Another comment.").replace("Better than CD-k", "Over it")
    )
    assert words != text(CLAIMS)
    record(folder, commit({CLAIMS: words}))
    assert broken_promises(folder, with_seeds(8)) == []


@pytest.mark.parametrize(
    ("old", "sentence"),
    [
        ((RULE, RULE.replace("0.1", "0.2")), f"{NAMED} has changed"),
        ((RULE, RULE.replace("kl_to", "l_to")), f"{NAMED} is new"),
        (("  - key: pcd_improves", "  - key: pcd_is_better"), "claim pcd_is_better: "),
        (
            ("kl: {absolute: 0.01}", "kl: {absolute: 0.1}"),
            "bas_rbm_pcd and bas_rbm_cd in kl (rbm) has changed",
        ),
        (("minimum_pairs: 8", "minimum_pairs: 3"), "claim pcd_improves: the paired_comparison"),
        (("  demo: [10,", "  demo: [9, 10,"), "the list of registered seeds has changed"),
        (("  demo:", "  demos:"), "the list of registered seeds has changed"),
        (("minimum_pairs: 8\n", ""), "are of another form than today's"),
        (("claims:\n", "claims: [\n"), "are of another form than today's"),
    ],
)
def test_a_rule_that_is_younger_than_a_run_is_named_with_the_commit(checkout, old, sentence):
    folder, commit = checkout
    assert old[0] in text(CLAIMS)
    before = commit(today() | {CLAIMS: text(CLAIMS).replace(*old)})
    record(folder, before)
    record(folder, commit(today()), run="digits_cd")
    found = broken_promises(folder, with_seeds(8))
    assert any(sentence in words for words in found)
    # The other run is of today's rules.
    assert all(f"commit {before} of 1 trainings, such as digits_icd" in words for words in found)


def test_a_rule_of_an_experiment_that_a_preset_has_not_is_none_of_its_own(checkout):
    folder, commit = checkout
    changed = text(CLAIMS).replace(
        "accuracy_red_square, threshold: 0.1", "accuracy_red_square, threshold: 0.2"
    )
    assert changed != text(CLAIMS)
    record(folder, commit(today() | {CLAIMS: changed}))
    demo = with_seeds(8)
    assert any("accuracy_red_square (shapes) has changed" in words for words in broken_promises(folder, demo))
    runs = {name: run for name, run in demo.runs.items() if run.experiment != "shapes"}
    without = demo.model_copy(update={"runs": runs, "compositions": {}})
    assert broken_promises(folder, without) == []


def test_what_nobody_can_look_up_is_no_promise_kept(checkout):
    folder, commit = checkout
    known = commit(today())
    for arguments, sentence in (
        ((known, True), "no commit has the code of 1 trainings, such as digits_icd"),
        ((None, None), "no commit has the code of 1 trainings"),
        (("0" * 40,), f"commit {'0' * 40} of 1 trainings, such as digits_icd, or its rules, are not in this"),
    ):
        record(folder, *arguments)
        (found,) = broken_promises(folder, with_seeds(8))
        assert sentence in found


def test_tests_with_fewer_registered_seeds_than_they_need_are_named(checkout):
    folder, commit = checkout
    record(folder, commit(today()))
    found = broken_promises(folder, with_seeds(7))
    assert (
        "claim pcd_improves: the paired_comparison in kl needs 8 registered seeds; bas_rbm_pcd and bas_rbm_cd"
        " (rbm): 7"
    ) in found
    # Bounds need three, and runs that the demo does not have need none.
    assert not any("lower_bound" in words or "(ablation)" in words for words in found)
    few = broken_promises(folder, with_seeds(2))
    assert any("accuracy_red_square needs 3 registered seeds; coloured_shapes (shapes): 2" in w for w in few)


def test_the_seeds_of_another_method_of_one_objective_do_not_count(tmp_path):
    """`icd` names ICD as published, as the verdicts take it, not its other form."""
    params = with_seeds(8)
    other = params.runs["digits_icd_consistent"]
    few = other.model_copy(update={"train": other.train.model_copy(update={"seeds": [10]})})
    changed = params.model_copy(update={"runs": params.runs | {"digits_icd_consistent": few}})
    assert broken_promises(tmp_path, changed) == []


def test_a_preset_that_is_not_registered_says_so(checkout):
    folder, _ = checkout
    params = with_seeds(8).model_copy(update={"preset": "extended"})
    assert "preset extended is not registered" in broken_promises(folder, params)
