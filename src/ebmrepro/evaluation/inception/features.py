"""From uint8 images to Inception's features and class probabilities, in clean-fid's modes."""

import warnings
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from pickle import UnpicklingError
from typing import NamedTuple

import numpy as np
import torch
from cleanfid.inception_pytorch import FIDInceptionA, FIDInceptionC, FIDInceptionE_1, FIDInceptionE_2
from cleanfid.inception_torchscript import InceptionV3W
from cleanfid.resize import build_resizer
from torch import Tensor, nn
from torchvision.models import inception_v3

from ebmrepro.evaluation.inception.weights import chosen_weights, verified
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params.inception import InceptionFeatures, Mode

POOL, CLASSES = 2048, 1008


class Features(NamedTuple):
    """`pool` (n, 2048) float32: the last pooling layer of n images. `probabilities` (n, 1008) float32: rows
    sum to 1. `network`: mode and SHA-256 of the weights; only features of one network are ever compared.
    """

    pool: np.ndarray
    probabilities: np.ndarray
    network: str


class Inception:
    """The network of a verified weights file on a device, behind the resize of one of clean-fid's modes.

    The class probabilities are softmax(W h) of the 2048 features h over all 1008 outputs of the 2015 graph,
    without the output layer's bias: the Inception Score's own code does so (openai/improved-gan,
    inception_score/model.py), and of the 1008 outputs it drops none, although ImageNet has 1000 classes.
    """

    def __init__(self, config: InceptionFeatures, mode: Mode, device: torch.device, workers: int = 1):
        """Read the file of `mode` that `config` names; `workers` threads will resize batches of images.

        Raises WorkspaceError if the file is missing, incomplete or another one.
        """
        entry = chosen_weights(config, mode)
        path = verified(entry, Path(config.weights))
        self.network = f"{mode} {entry.sha256}"
        self._device, self._batch_size, self._workers = device, config.batch_size, workers
        with warnings.catch_warnings():
            # clean-fid silences every warning of the process when it builds this resize.
            self._resize = build_resizer(mode)
        make = _pytorch if mode == "legacy_pytorch" else _torchscript
        self._pool, self._output = make(path, mode, device)

    def features(
        self,
        images: np.ndarray,
        index: np.ndarray | None = None,
        advance: Callable[[int], None] = lambda count: None,
    ) -> Features:
        """Features of uint8 images (n, C, H, W), C = 1 or 3, or of those at `index` in their order.

        `images` may be memory-mapped: one batch is read at a time, and threads resize batches ahead of the
        device. `advance` is called with the number of images done. WorkspaceError of other images or none.
        """
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1] not in (1, 3):
            raise WorkspaceError(
                "images must be uint8 of shape (n, 1 or 3, height, width),"
                f" not {images.dtype} {images.shape}: convert them to 8-bit levels"
            )
        index = np.arange(len(images)) if index is None else index
        if not len(index):
            raise WorkspaceError("there are no images to measure: give at least one")
        pool, probabilities = (np.empty((len(index), width), np.float32) for width in (POOL, CLASSES))
        starts, done = range(0, len(index), self._batch_size), 0
        rows = [index[start : start + self._batch_size] for start in starts]
        with (
            torch.inference_mode(),
            # TF32 would round the inputs of convolutions to ten bits on recent GPUs.
            torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False),
            # The optimising executor rewrites a network after its first calls: the same image would then
            # get other bits than before.
            torch.jit.optimized_execution(False),
        ):
            for batch in _ahead(lambda chosen: self._resized(images[chosen]), rows, self._workers):
                found = self._pool(batch.to(self._device)).float()
                part = slice(done, done + len(batch))
                pool[part] = found.cpu().numpy()
                probabilities[part] = torch.softmax(found @ self._output, 1).cpu().numpy()
                done += len(batch)
                advance(len(batch))
        if not np.isfinite(pool).all():
            raise WorkspaceError(
                "the network's features are not finite: check the weights file and the device"
            )
        return Features(pool, probabilities, self.network)

    def _resized(self, images: np.ndarray) -> Tensor:
        """float32 (n, 3, 299, 299) in 0..255, or as large as they are where the network resizes."""
        if images.shape[1] == 1:
            images = np.repeat(images, 3, 1)
        # One image at a time, channels last: what clean-fid's resize takes.
        resized = [self._resize(image.transpose(1, 2, 0)) for image in images]
        return torch.from_numpy(np.stack(resized).transpose(0, 3, 1, 2).astype(np.float32, order="C"))


def _torchscript(path: Path, mode: Mode, device: torch.device) -> tuple[Callable[[Tensor], Tensor], Tensor]:
    """A TorchScript archive is read by torch's own reader: no Python object is unpickled."""
    network = InceptionV3W(str(path.parent), download=False, resize_inside=mode == "legacy_tensorflow")
    network.to(device).eval()
    return network, network.base.output.weight.detach().T


def _pytorch(path: Path, mode: Mode, device: torch.device) -> tuple[Callable[[Tensor], Tensor], Tensor]:
    """weights_only admits tensors and nothing that runs code."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError:
        raise WorkspaceError(f"{path} holds more than tensors and was not loaded: get another copy") from None
    # clean-fid's own constructor downloads weights. Its layers, which mend torchvision's network as it does,
    # are put together here and given the verified tensors.
    network = inception_v3(weights=None, num_classes=CLASSES, aux_logits=False, init_weights=False)
    network.Mixed_5b = FIDInceptionA(192, pool_features=32)
    network.Mixed_5c = FIDInceptionA(256, pool_features=64)
    network.Mixed_5d = FIDInceptionA(288, pool_features=64)
    network.Mixed_6b = FIDInceptionC(768, channels_7x7=128)
    network.Mixed_6c = FIDInceptionC(768, channels_7x7=160)
    network.Mixed_6d = FIDInceptionC(768, channels_7x7=160)
    network.Mixed_6e = FIDInceptionC(768, channels_7x7=192)
    network.Mixed_7b = FIDInceptionE_1(1280)
    network.Mixed_7c = FIDInceptionE_2(POOL)
    try:
        network.load_state_dict(state)
    except (RuntimeError, TypeError):
        raise WorkspaceError(f"{path} is not the network of mode {mode}: get another copy") from None
    network.fc = nn.Identity()
    network.requires_grad_(False).to(device).eval()
    return lambda images: network(2 * (images / 255) - 1), state["fc.weight"].to(device).T


def _ahead(task: Callable, items: list, workers: int) -> Iterator:
    """`task` of each item in order, by threads that are at most `workers` items ahead."""
    with ThreadPoolExecutor(workers) as pool:
        waiting = deque()
        for item in items:
            waiting.append(pool.submit(task, item))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
