"""What reading batches from a file adds to a training step: HostBatches against data in memory.

    python benchmarks/batches_from_host.py [--threads 1] [--steps 200] [--batch-size 64] [--cold]

CD with 10 Langevin steps of a small convolutional energy on 50,000 random images of 3 x 32 x 32, the file in
a temporary folder. The two trainings take turns, one step each: what else the machine does slows both;
medians. `--cold` drops the file from the page cache before every step, as if it were far larger than memory.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from ebmrepro.checks.load import load_params
from ebmrepro.data.host_batches import HostData
from ebmrepro.files.mapped import save_rows
from ebmrepro.files.workspace import map_tensors
from ebmrepro.params.root import TrainSettings
from ebmrepro.training.loop import Training

MICRO = Path(__file__).parents[1] / "tests/micro_params.yaml"
COUNT, SHAPE = 50_000, (3, 32, 32)


def settings(batch_size: int) -> TrainSettings:
    """A convolutional energy of width 16, CD, chains of 10 steps from a buffer."""
    params = load_params(MICRO)
    schedule = params.schedules["short"].model_copy(update={"batch_size": batch_size})
    sampler = params.samplers["images"].model_copy(update={"steps": 10})
    energy = params.energies["conv"].model_copy(update={"width": 16})
    return TrainSettings(energy=energy, objective=params.objectives["cd"], sampler=sampler, schedule=schedule)


def drop_from_cache(path: Path) -> None:
    """Ask the system to forget the pages of a file."""
    with open(path, "rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def main() -> None:
    """Print the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--cold", action="store_true", help="drop the file from the page cache at every step")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.safetensors"
        save_rows(path, "x", (rng.integers(0, 256, SHAPE, dtype=np.uint8) for _ in range(COUNT)))
        rows = map_tensors(path)[0]["x"]
        chosen = settings(options.batch_size)
        trainings = {
            "memory": Training(chosen, torch.from_numpy(np.array(rows)).to(device), 0),
            "file": Training(chosen, HostData(rows, device), 0),
        }
        seconds = {name: [] for name in trainings}
        for number in range(options.steps + 5):
            # Who goes first alternates: the second of two equal steps finds warmer caches.
            for name in sorted(trainings, reverse=bool(number % 2)):
                if options.cold:
                    drop_from_cache(path)
                start = time.perf_counter()
                trainings[name].step()
                if device.type == "cuda":
                    torch.cuda.synchronize(device)
                if number >= 5:
                    seconds[name].append(time.perf_counter() - start)
        tensors = [training.state.tensors() for training in trainings.values()]
        same = all(torch.equal(tensors[0][name], tensors[1][name]) for name in tensors[0])
    memory, file = (statistics.median(seconds[name]) for name in ("memory", "file"))
    print(
        f"{device.type}, {options.threads} thread(s), batches of {options.batch_size}: {1e3 * memory:.2f} ms"
        f" a step from memory, {1e3 * file:.2f} ms from the file, {100 * (file / memory - 1):+.2f} %;"
        f" models {'equal bit for bit' if same else 'DIFFERENT'}"
    )


if __name__ == "__main__":
    main()
