"""What a run is trained on: in memory if there is room, else in its file, and the same model from either."""

from pathlib import Path

import numpy as np
import pytest
import torch
from test_training_resume import METHODS, _equal, _run

from ebmrepro.checks.load import load_params
from ebmrepro.data.host_batches import HostBatches, HostData
from ebmrepro.files import workspace
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.stages import training_data as module
from ebmrepro.stages.training_data import training_data
from ebmrepro.training.checkpoint import Interrupted
from ebmrepro.training.cost import step_costs
from ebmrepro.training.loop import Training

CPU = torch.device("cpu")
TRAIN = Path("results/micro/prepare/digits/train.safetensors")
OF_IMAGES = [method for method in METHODS if method[0] == "conv"]


@pytest.fixture
def memory(workspace_folder, monkeypatch):
    """Set what the system says of its memory: bytes available, and the limit of a container or None."""

    def say(available: int, limit: str | None = None) -> None:
        info, most = workspace_folder / "meminfo", workspace_folder / "memory.max"
        info.write_text(f"MemTotal: 99999999 kB\nMemFree: 1 kB\nMemAvailable: {available // 1024} kB\n")
        most.unlink(missing_ok=True)
        if limit is not None:
            most.write_text(f"{limit}\n")
        monkeypatch.setattr(module, "MEMORY", info)
        monkeypatch.setattr(module, "LIMIT", most)

    return say


@pytest.fixture
def size(workspace_folder, ebm) -> int:
    """Bytes of the training images of the prepared digits, some 1,400 of 64 each."""
    assert ebm("prepare", "digits").code == 0
    size = workspace.load_tensors(TRAIN)[0]["x"].nbytes
    assert size > 80_000
    return size


def test_images_stay_in_their_file_when_they_would_fill_a_quarter_of_the_memory(size, memory):
    params = load_params()
    # The file's words are kibibytes.
    for available, limit, stays in [
        (4 * size + 4096, None, False),
        (4 * size - 4096, None, True),
        (10**12, "max", False),
        (10**12, str(4 * size - 4), True),
        (10**12, str(4 * size), False),
        (4 * size - 4096, "max", True),
    ]:
        memory(available, limit)
        data, labels = training_data(params, "digits_cd", CPU)
        assert isinstance(data, HostData if stays else torch.Tensor) and labels is None
        assert tuple(data.shape)[1:] == (1, 8, 8) and data.dtype == torch.uint8
        rows = data.rows if stays else data.numpy()
        assert np.array_equal(rows, workspace.load_tensors(TRAIN)[0]["x"])


def test_points_are_always_loaded(workspace_folder, ebm, memory):
    assert ebm("prepare", "rings").code == 0
    memory(4096)
    data, _ = training_data(load_params(), "rings_icd", CPU)
    assert isinstance(data, torch.Tensor) and data.dtype == torch.float32 and data.shape == (80, 2)


def test_a_copy_in_parts_is_the_whole(size, memory, monkeypatch):
    memory(10**12)
    whole = training_data(load_params(), "digits_cd", CPU)[0]
    for chunk in (1, 1000, 64 * 1437):
        monkeypatch.setattr(module, "CHUNK", chunk)
        assert torch.equal(training_data(load_params(), "digits_cd", CPU)[0], whole)


def test_a_damaged_file_is_named_wherever_the_data_stay(size, memory):
    content = bytearray(TRAIN.read_bytes())
    content[-9] ^= 1
    TRAIN.write_bytes(content)
    for available in (4096, 10**12):
        memory(available)
        with pytest.raises(WorkspaceError, match="is damaged"):
            training_data(load_params(), "digits_cd", CPU)


def test_the_command_writes_the_same_files_from_either(size, memory, ebm):
    written = []
    for available in (10**12, 4096):
        memory(available)
        ended = ebm("train", "digits_cd")
        assert ended.code == 0, ended.err
        folder = Path("results/micro/train/digits")
        written.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert written[0] == written[1] and len(written[0]) == 3


@pytest.mark.parametrize("method", OF_IMAGES, ids=["cd", "icd"])
def test_stopped_and_resumed_from_a_file_equals_undisturbed_from_memory(method, settings, images, tmp_path):
    *names, changes = method
    chosen = settings(*names, **changes)
    resident = Training(chosen, images, seed=1)
    _run(resident, tmp_path / "resident")
    for after in (3, 1, 4):
        stopped = Training(chosen, HostData(images.numpy(), CPU), seed=1)
        assert isinstance(stopped.batches, HostBatches)
        with pytest.raises(Interrupted):
            _run(stopped, tmp_path / "mapped", after)
    resumed = Training(chosen, HostData(images.numpy(), CPU), seed=1)
    _run(resumed, tmp_path / "mapped")
    _equal(resumed.tensors(), resident.tensors())
    assert (tmp_path / "mapped").read_bytes() == (tmp_path / "resident").read_bytes()


def test_labels_are_those_of_the_images(settings, micro, images):
    """A conditional energy: its conditions follow the order of the images."""
    energy = micro.energies["conv"].model_copy(update={"condition": "label"})
    chosen = settings("conv", "cd", "images")._replace(energy=energy)
    labels = torch.arange(len(images)) % 3
    resident = Training(chosen, images, 0, labels)
    mapped = Training(chosen, HostData(images.numpy(), CPU), 0, labels)
    for _ in range(9):
        resident.step(), mapped.step()
    _equal(mapped.tensors(), resident.tensors())
    # Other labels, another model: the comparison sees them.
    other = Training(chosen, HostData(images.numpy(), CPU), 0, labels.flip(0))
    for _ in range(9):
        other.step()
    name = "energy/" + next(name for name, _ in other.energy.named_parameters())
    assert not torch.equal(other.tensors()[name], resident.tensors()[name])


def test_the_comparison_of_gradients_sees_the_batch_of_its_step(settings, images):
    chosen = settings("conv", "icd", "images")
    resident, mapped = (Training(chosen, data, 0) for data in (images, HostData(images.numpy(), CPU)))
    for _ in range(3):
        one, other = resident.compare_truncation(), mapped.compare_truncation()
        assert one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)
        resident.step(), mapped.step()


def test_the_cost_of_a_step_is_measured_from_a_file_as_well(settings, images):
    chosen = settings("conv", "cd", "images")
    resident, mapped = (Training(chosen, data, 0) for data in (images, HostData(images.numpy(), CPU)))
    costs = step_costs([resident, mapped], steps=2, warm_up=1)
    assert costs[0][1:] == costs[1][1:] and costs[1].seconds_per_step > 0


def test_a_disk_that_fails_in_the_reading_thread_ends_the_training(settings, images, tmp_path):
    class Failing(np.ndarray):
        reads = 0

        def take(self, *arguments, **options):
            Failing.reads += 1
            if Failing.reads == 5:
                raise OSError(5, "Input/output error", "train.safetensors")
            return np.asarray(self).take(*arguments, **options)

    training = Training(settings("conv", "cd", "images"), HostData(images.numpy().view(Failing), CPU), 0)
    with pytest.raises(OSError, match="Input/output error"):
        _run(training, tmp_path / "checkpoint")
    # The batches that were read before it failed were trained on.
    assert training.iteration == 4
