"""What the image says and does before it hands over."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest


def run_in(folder, *command):
    """A command of the environment in a folder whose own code is imported."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SNAKEMAKE", "DVC", "EBM", "GIT_"))}
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=kept | {"PYTHONPATH": str(folder / "src"), "GIT_CEILING_DIRECTORIES": str(folder.parent)},
        capture_output=True,
        text=True,
        timeout=300,
    )


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refusal(entrypoint, check, *arguments):
    """Message and exit code of a check that must refuse."""
    with pytest.raises(entrypoint.Refused) as caught:
        check(*arguments)
    message = str(caught.value)
    assert "\n" not in message
    return message, caught.value.code


# The mounted folder


def test_an_empty_folder_becomes_the_demo(entrypoint, repository, tmp_path):
    entrypoint.complete(tmp_path)
    demo = (repository / "workflow/presets/demo.yaml").read_bytes()
    assert (tmp_path / "params.yaml").read_bytes() == demo
    for name in ("Snakefile", "dvc.yaml", "src/ebmrepro/cli.py", "workflow/profiles/default/config.yaml"):
        assert (tmp_path / name).read_bytes() == (repository / name).read_bytes()
    assert not list(tmp_path.rglob(".writing-*"))


def test_both_runners_work_in_a_completed_folder(entrypoint, repository, tmp_path):
    micro = (repository / "workflow/presets/micro.yaml").read_text()
    (tmp_path / "params.yaml").write_text(micro)
    entrypoint.complete(tmp_path)
    planned = run_in(tmp_path, "snakemake", "--dry-run", "--cores", "1")
    said = planned.stdout + planned.stderr
    assert planned.returncode == 0 and "results/micro/train/digits/digits_icd.safetensors" in said
    stages = run_in(tmp_path, "dvc", "stage", "list", "--name-only")
    assert stages.returncode == 0, stages.stderr
    assert "train@digits_icd" in stages.stdout.split()
    assert (tmp_path / "params.yaml").read_text() == micro


def test_what_lies_in_the_folder_is_never_replaced(entrypoint, tmp_path):
    (tmp_path / "params.yaml").write_text("preset: mine\n")
    (tmp_path / "dvc.yaml").write_text("mine\n")
    entrypoint.complete(tmp_path)
    assert (tmp_path / "params.yaml").read_text() == "preset: mine\n"
    assert (tmp_path / "dvc.yaml").read_text() == "mine\n"


def test_a_copy_that_was_interrupted_is_completed(entrypoint, tmp_path):
    entrypoint.complete(tmp_path)
    whole = contents(tmp_path)
    for name in ("Snakefile", "src/ebmrepro/cli.py"):
        (tmp_path / name).unlink()
    entrypoint.complete(tmp_path)
    assert contents(tmp_path) == whole


def test_a_checkout_is_left_as_it_is(entrypoint, repository, tmp_path, capsys):
    for name in ("Snakefile", "params.yaml", "requirements.lock"):
        (tmp_path / name).write_bytes((repository / name).read_bytes())
    before = contents(tmp_path)
    entrypoint.complete(tmp_path)
    assert contents(tmp_path) == before
    assert capsys.readouterr().err == ""
    (tmp_path / "requirements.lock").write_text("torch==1.0\n")
    entrypoint.complete(tmp_path)
    assert "packages are the image's" in capsys.readouterr().err


def test_code_of_another_revision_is_said(entrypoint, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("EBM_REVISION", "aaa")
    entrypoint.complete(tmp_path)
    entrypoint.complete(tmp_path)
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("EBM_REVISION", "bbb")
    entrypoint.complete(tmp_path)
    said = capsys.readouterr().err
    assert "revision aaa" in said and "(bbb)" in said and len(said.splitlines()) == 1


def test_a_folder_with_something_else_in_it_is_not_filled(entrypoint, tmp_path):
    (tmp_path / "thesis.tex").write_text("")
    message, code = refusal(entrypoint, entrypoint.complete, tmp_path)
    assert message.startswith(f"params.yaml is missing from {tmp_path}") and code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_folder_that_ends_with_the_container_is_refused(entrypoint, tmp_path):
    message, code = refusal(entrypoint, entrypoint.check_folder, tmp_path, [Path("/"), Path("/proc")])
    assert f'add -v "$PWD:{tmp_path}"' in message and code == 1
    entrypoint.check_folder(tmp_path, [Path("/"), tmp_path])
    entrypoint.check_folder(tmp_path, [Path("/"), tmp_path.parent])


def test_a_folder_that_cannot_be_written_is_refused(entrypoint):
    # Not even root may write there.
    message, code = refusal(entrypoint, entrypoint.check_folder, Path("/proc/self"), [Path("/proc")])
    assert message.startswith(f"/proc/self cannot be written by user {os.getuid()}") and code == 1


def test_mount_points_with_blanks_are_read(entrypoint, tmp_path):
    table = tmp_path / "mountinfo"
    table.write_text("36 35 98:0 /a /my\\040work rw - ext4 /dev/sda rw\n1 0 8:1 / / rw - ext4 /dev/sdb rw\n")
    assert entrypoint.mounts(table) == [Path("/my work"), Path("/")]
    assert Path("/proc") in entrypoint.mounts()


# The machine


@pytest.fixture
def no_shared_memory(entrypoint, monkeypatch):
    """As where /dev/shm is missing: Python cannot make a lock between processes."""

    def lock():
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(entrypoint.multiprocessing, "Lock", lock)


def test_no_shared_memory_for_the_tests_is_refused(entrypoint, no_shared_memory, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    message, code = refusal(entrypoint, entrypoint.main, ["pytest"])
    assert "(No such file or directory)" in message and "leave out --ipc=none" in message and code == 1
    assert "--shm-size=" in message


def test_the_pipeline_asks_for_no_shared_memory(handed_over, no_shared_memory):
    assert handed_over("--dry-run") == ["snakemake", "--dry-run"]
    assert handed_over("dvc", "repro") == ["dvc", "repro"]


@pytest.mark.parametrize(
    ("text", "devices", "refused"),
    [
        ("compute: {device: cuda, threads: 1}", ["nvidiactl", "nvidia-uvm"], True),
        ("compute: {device: cuda, threads: 1}", ["nvidiactl", "nvidia3"], False),
        ("compute: {device: cuda, threads: 1}", ["dxg"], False),
        ("compute: {device: cpu, threads: 1}", [], False),
        ("compute: {device: auto, threads: 1}", [], False),
        # What else may be wrong with the file is said by those who know its lines.
        ("compute: [device", [], False),
        ("compute: cuda", [], False),
        ("", [], False),
    ],
)
def test_a_gpu_is_asked_for_in_vain(entrypoint, tmp_path, text, devices, refused):
    params = tmp_path / "params.yaml"
    params.write_text(text)
    for name in devices:
        (tmp_path / name).touch()
    if not refused:
        entrypoint.check_gpu(params, tmp_path)
        return
    message, code = refusal(entrypoint, entrypoint.check_gpu, params, tmp_path)
    assert "add --gpus all" in message and code == 2


def test_a_home_that_cannot_be_written_is_replaced(entrypoint, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/proc/self")
    entrypoint.check_temporary(tmp_path)
    home = Path(os.environ["HOME"])
    assert home.parent == tmp_path and home.is_dir()
    entrypoint.check_temporary(tmp_path)
    assert Path(os.environ["HOME"]) == home
    message, _ = refusal(entrypoint, entrypoint.check_temporary, tmp_path / "none")
    assert "add --tmpfs" in message


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({"cpu.max": "250000 100000\n"}, 2),
        ({"cpu.max": "50000 100000\n"}, 1),
        ({"cpu.max": "max 100000\n"}, None),
        ({"cpu/cpu.cfs_quota_us": "400000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 4),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None),
        ({}, None),
    ],
)
def test_cores_follow_the_limit_of_the_container(entrypoint, tmp_path, files, cores):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert entrypoint.cpu_quota(tmp_path) == cores


@pytest.mark.parametrize(
    ("arguments", "added"),
    [
        ([], True),
        (["--dry-run"], True),
        (["--cores", "3"], False),
        (["--cores=3"], False),
        (["-c3"], False),
        (["--jobs", "8"], False),
        (["--executor", "slurm"], False),
    ],
)
def test_cores_that_are_asked_for_are_not_overruled(entrypoint, arguments, added):
    command = ["snakemake", *arguments]
    assert entrypoint.within_quota(command, 2) == command + ["--cores", "2"] * added
    assert entrypoint.within_quota(command, None) == command


# Which command


@pytest.fixture
def handed_over(entrypoint, monkeypatch, tmp_path):
    """`main`, in a mounted folder, up to the command that it would run."""

    def run(*arguments):
        commands = []
        monkeypatch.setattr(entrypoint, "hand_over", lambda command: commands.append(command) or 7)
        assert entrypoint.main(list(arguments)) == 7
        return commands[0]

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", "")
    monkeypatch.setattr(entrypoint, "mounts", lambda: [tmp_path])
    monkeypatch.setattr(entrypoint, "cpu_quota", lambda cgroup: None)
    return run


def test_arguments_go_to_snakemake(handed_over, tmp_path):
    assert handed_over() == ["snakemake"]
    assert os.environ["PYTHONPATH"] == str(tmp_path / "src")
    assert handed_over("--dry-run", "all") == ["snakemake", "--dry-run", "all"]
    assert handed_over("snakemake", "-n") == ["snakemake", "-n"]


def test_commands_go_by_name(handed_over, tmp_path):
    assert handed_over("ebm", "catalogue") == ["ebm", "catalogue"]
    assert handed_over("snakemake", "--help") == ["snakemake", "--help"]
    assert not list(tmp_path.iterdir()), "asking for help fills no folder"
    assert handed_over("dvc", "repro") == ["dvc", "repro"]
    assert (tmp_path / "Snakefile").exists()


def test_the_tests_of_the_image_run_in_a_checkout_of_their_own(
    entrypoint, handed_over, monkeypatch, tmp_path
):
    own = tmp_path / "own"
    (own / "src/ebmrepro").mkdir(parents=True)
    monkeypatch.setattr(entrypoint, "own_checkout", lambda: own)
    assert handed_over("pytest", "-x") == ["pytest", "-x"]
    assert Path.cwd() == own and os.environ["PYTHONPATH"] == str(own / "src")


def test_a_stop_waits_for_what_a_job_still_saves(repository, tmp_path):
    # As under Snakemake: the shell in between dies of the signal, the job below it goes on to save.
    (tmp_path / "job.sh").write_text(
        "trap 'sleep 1; echo saved > state; exit' TERM\necho ready > started\nwhile :; do sleep 0.05; done\n"
    )
    call = "import entrypoint; raise SystemExit(entrypoint.hand_over(['bash', '-c', 'bash job.sh & wait']))"
    process = subprocess.Popen(
        [sys.executable, "-c", call],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(repository / "workflow/container")},
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "started").exists():
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGTERM)
    assert process.wait(60) == 128 + signal.SIGTERM
    assert (tmp_path / "state").read_text() == "saved\n"


def test_presets_are_printed(entrypoint, repository, capsys):
    entrypoint.main(["preset", "micro"])
    assert capsys.readouterr().out == (repository / "workflow/presets/micro.yaml").read_text()
    message, code = refusal(entrypoint, entrypoint.main, ["preset", "mikro"])
    assert "micro" in message and code == 2
