"""From uint8 images to Inception's features: what clean-fid computes from the same files."""

import pickle

import numpy as np
import pytest
import torch
from cleanfid import features as clean_fid_features
from cleanfid import inception_pytorch
from cleanfid.fid import get_folder_features
from cleanfid.inception_torchscript import InceptionV3W
from inception_stand_in import draw, expected, inception_of, make_weights
from PIL import Image

from ebmrepro.evaluation.inception.weights import weights_of
from ebmrepro.files.workspace import WorkspaceError, file_sha256

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    return folder, *make_weights(folder)


@pytest.fixture(scope="module", params=["clean", "legacy_tensorflow"])
def inception(request, stand_in):
    folder, entry, _ = stand_in
    return inception_of(folder, request.param, entry)


def as_files(folder, images) -> str:
    for i, image in enumerate(images):
        Image.fromarray(image.transpose(1, 2, 0)).save(folder / f"{i:03d}.png")
    return str(folder)


def by_clean_fid(network, mode, folder) -> np.ndarray:
    return get_folder_features(
        folder, network, num_workers=0, batch_size=5, device=CPU, mode=mode, verbose=False
    )


@pytest.mark.parametrize("side", [32, 64])
def test_features_are_clean_fids_of_the_same_images_as_files(inception, stand_in, tmp_path, side):
    images = draw(12, seed=1, side=side)
    mode = inception.network.split()[0]
    network = InceptionV3W(str(stand_in[0]), download=False, resize_inside=mode == "legacy_tensorflow")
    direct = by_clean_fid(network, mode, as_files(tmp_path, images))
    found = inception.features(images)
    assert found.pool.shape == (12, 2048) and found.pool.dtype == np.float32
    assert direct.std(0).max() > 0.1
    assert np.abs(found.pool - direct).max() < 1e-6 * direct.max()


def test_the_modes_differ(stand_in):
    folder, entry, _ = stand_in
    images = draw(4, seed=2)
    one, other = (inception_of(folder, m, entry).features(images) for m in ("clean", "legacy_tensorflow"))
    assert np.abs(one.pool - other.pool).max() > 0.01
    assert one.network != other.network


def test_features_and_probabilities_in_float64(stand_in):
    """TensorFlow 1's resize, the network and softmax(W h) without bias over 1008 classes, each in NumPy."""
    folder, entry, network = stand_in
    images = draw(9, seed=3)
    found = inception_of(folder, "legacy_tensorflow", entry).features(images)
    pool, probabilities = expected(network, images)
    assert found.pool == pytest.approx(pool, abs=1e-4)
    assert found.probabilities.shape == (9, 1008)
    assert found.probabilities == pytest.approx(probabilities, rel=1e-3, abs=1e-9)


def test_probabilities_are_the_files_own_without_bias(stand_in):
    folder, entry, network = stand_in
    images = draw(5, seed=4)
    found = inception_of(folder, "legacy_tensorflow", entry).features(images).probabilities
    with torch.no_grad():
        own = network(torch.from_numpy(images), no_output_bias=True).numpy()
        biased = network(torch.from_numpy(images)).numpy()
    assert found == pytest.approx(own, rel=1e-4, abs=1e-9)
    assert np.abs(found - biased).max() > 0.1


def test_grey_images_are_repeated_in_three_channels(inception):
    grey = draw(3, seed=5, channels=1)
    assert np.array_equal(inception.features(grey).pool, inception.features(grey.repeat(3, 1)).pool)


def test_batches_threads_and_files_do_not_change_features(inception, stand_in, tmp_path):
    images, mode = draw(11, seed=6), inception.network.split()[0]
    np.save(tmp_path / "images.npy", images)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")

    def features(images, batch_size, workers=1, **given):
        return inception_of(stand_in[0], mode, stand_in[1], batch_size, workers).features(images, **given)

    counted = []
    whole = features(images, 4)
    assert np.array_equal(whole.pool, features(images, 4).pool)
    threads = features(mapped, 4, workers=3, advance=counted.append)
    assert np.array_equal(whole.pool, threads.pool) and counted == [4, 4, 3]
    assert np.array_equal(whole.probabilities, threads.probabilities)
    assert features(images, 11).pool == pytest.approx(whole.pool, abs=1e-5)
    chosen = np.array([7, 0, 7, 3])
    assert features(mapped, 2, index=chosen).pool == pytest.approx(whole.pool[chosen], abs=1e-5)


def test_the_network_runs_in_full_float32_and_unrewritten(inception):
    """On a GPU TF32 and the executor's rewriting would change bits between machines and between calls."""

    def settings():
        return torch.backends.cudnn.allow_tf32, torch._C._get_graph_executor_optimize()

    before, during = settings(), []
    inception.features(draw(2, seed=8), advance=lambda count: during.append(settings()))
    assert during == [(False, False)]
    assert settings() == before != during[0]


@pytest.mark.parametrize(
    "images",
    [np.zeros((2, 3, 8, 8)), np.zeros((2, 8, 8, 3), np.uint8), np.zeros((3, 8, 8), np.uint8)],
    ids=["floats", "channels last", "no batch"],
)
def test_other_arrays_are_refused(inception, images):
    with pytest.raises(WorkspaceError, match=r"images must be uint8 of shape \(n, 1 or 3, height, width\)"):
        inception.features(images)


def test_no_images_are_refused(inception):
    with pytest.raises(WorkspaceError, match="there are no images"):
        inception.features(np.zeros((0, 3, 8, 8), np.uint8))


def test_a_network_that_overflows_is_reported(tmp_path):
    _, network = make_weights(tmp_path)
    with torch.no_grad():
        network.layers[2].bias[0] = torch.inf
    entry = weights_of("clean")
    torch.jit.script(network).save(str(tmp_path / entry.file))
    own = entry.model_copy(update={"sha256": file_sha256(tmp_path / entry.file), "size": None})
    with pytest.raises(WorkspaceError, match="not finite"):
        inception_of(tmp_path, "clean", own).features(draw(1, seed=0))


def test_the_file_is_the_one_that_the_mode_needs(stand_in, tmp_path):
    folder, entry, _ = stand_in
    with pytest.raises(WorkspaceError, match=r"pt_inception.* is missing"):
        inception_of(folder, "legacy_pytorch", entry)
    # The true catalogue knows the stand-in for what it is.
    with pytest.raises(
        WorkspaceError, match=r"inception-2015-12-05\.pt has \d+ bytes and should have 95607719"
    ):
        inception_of(folder, "clean")
    with pytest.raises(WorkspaceError, match="is missing"):
        inception_of(tmp_path, "legacy_pytorch")


def own_pytorch_weights(folder, state):
    entry = weights_of("legacy_pytorch")
    torch.save(state, folder / entry.file)
    return entry.model_copy(update={"sha256": file_sha256(folder / entry.file), "size": None})


def test_legacy_pytorch_is_clean_fids(tmp_path, monkeypatch):
    """The true architecture with random weights, through clean-fid's own extractor and through ours."""
    state = {}
    with monkeypatch.context() as patch:
        patch.setattr(torch.nn.Module, "load_state_dict", lambda self, _: state.update(self.state_dict()))
        patch.setattr(inception_pytorch, "load_state_dict_from_url", lambda *_, **__: None)
        inception_pytorch.fid_inception_v3()
    for name, value in state.items():
        # With variances of one the signal of a random network fades on its way to the features.
        if name.endswith("running_var"):
            value.fill_(0.15)
    entry = own_pytorch_weights(tmp_path, state)
    with monkeypatch.context() as patch:
        patch.setattr(inception_pytorch, "load_state_dict_from_url", lambda *_, **__: state)
        theirs = clean_fid_features.build_feature_extractor("legacy_pytorch", CPU, use_dataparallel=False)
    images = draw(3, seed=7)
    folder = tmp_path / "images"
    folder.mkdir()
    direct = by_clean_fid(theirs, "legacy_pytorch", as_files(folder, images))
    found = inception_of(tmp_path, "legacy_pytorch", entry).features(images)
    assert direct.std(0).max() > 0.1
    assert np.abs(found.pool - direct).max() < 1e-5 * direct.max()
    logits = direct.astype(np.float64) @ state["fc.weight"].double().numpy().T
    odds = np.exp(logits - logits.max(1, keepdims=True))
    assert found.probabilities == pytest.approx(odds / odds.sum(1, keepdims=True), rel=1e-2, abs=1e-7)


def test_tensors_of_another_network_are_refused(tmp_path):
    entry = own_pytorch_weights(tmp_path, {"fc.weight": torch.zeros(1008, 2048)})
    with pytest.raises(WorkspaceError, match="is not the network of mode legacy_pytorch: get another copy"):
        inception_of(tmp_path, "legacy_pytorch", entry)


class Hostile:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_a_pickle_is_not_executed(tmp_path):
    mark = tmp_path / "executed"
    entry = own_pytorch_weights(tmp_path, {"fc.weight": Hostile(mark)})
    with pytest.raises(WorkspaceError, match="holds more than tensors"):
        inception_of(tmp_path, "legacy_pytorch", entry)
    assert not mark.exists()
    # The file does what it threatens, if one lets it.
    pickle.loads(pickle.dumps(Hostile(mark))).close()
    assert mark.exists()
