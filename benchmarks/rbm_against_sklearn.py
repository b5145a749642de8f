"""Seconds per epoch of a 64x128 RBM on binarised digits: our training step against scikit-learn's.

    python benchmarks/rbm_against_sklearn.py [--threads 1] [--epochs 20] [--repeats 9]

Ours is `Training.step` as every run takes it: chain, free energies, gradients by autograd, norms, divergence
guard, fused Adam and the moving average of the weights. scikit-learn's is `BernoulliRBM.fit`: persistent CD-1
with plain gradient ascent. Both on the same training digits, in equal batches and on equally many threads.
"""

import argparse
import math
import time

import numpy as np
import sklearn
import torch
from sklearn.neural_network import BernoulliRBM
from threadpoolctl import threadpool_limits

from ebmrepro.data import binary_digits
from ebmrepro.params.datasets.binary_digits import BinaryDigitsData
from ebmrepro.params.energies.rbm import RBMEnergy
from ebmrepro.params.objectives.cd import ContrastiveDivergence
from ebmrepro.params.root import Schedule, TrainSettings
from ebmrepro.params.samplers.gibbs import GibbsSampler
from ebmrepro.training.loop import Training

HIDDEN = 128
BATCHES = (10, 32, 100, 200)
STARTS = {"CD-1": "data", "PCD-1": "persistent"}


def training(data: torch.Tensor, start: str, batch_size: int) -> Training:
    """A training of the RBM with one Gibbs sweep an update."""
    buffer = {"kind": "chains", "size": batch_size, "reinitialise": 0.0} if start == "persistent" else None
    settings = TrainSettings(
        energy=RBMEnergy(kind="rbm", hidden=HIDDEN, visible="bernoulli"),
        objective=ContrastiveDivergence(kind="cd", energy_l2=0.0),
        sampler=GibbsSampler(kind="gibbs", steps=1, start=start, buffer=buffer),
        schedule=Schedule(
            iterations=10**9,
            batch_size=batch_size,
            learning_rate=0.001,
            betas=[0.0, 0.999],
            clip_norm=None,
            ema_decay=0.999,
            energy_limit=1e6,
            log_every=100,
            checkpoint_seconds=1e9,
        ),
    )
    return Training(settings, data, seed=0)


def our_epoch(model: Training, epochs: int) -> float:
    """Seconds per epoch of `epochs` epochs."""
    steps = math.ceil(len(model.batches.data) / model.settings.schedule.batch_size)
    start = time.perf_counter()
    for _ in range(epochs * steps):
        model.step()
    return (time.perf_counter() - start) / epochs


def sklearn_epoch(data: np.ndarray, batch_size: int, epochs: int) -> float:
    """Seconds per epoch of one `fit` of `epochs` epochs."""
    model = BernoulliRBM(
        n_components=HIDDEN, learning_rate=0.01, batch_size=batch_size, n_iter=epochs, random_state=0
    )
    start = time.perf_counter()
    model.fit(data)
    return (time.perf_counter() - start) / epochs


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=20, help="of each measurement")
    parser.add_argument("--repeats", type=int, default=9, help="measurements, the fastest of which is shown")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    config = BinaryDigitsData(kind="binary_digits", seed=0, test_fraction=0.2, threshold=0.5)
    data = binary_digits.prepare(config).parts["train"].x
    print(
        f"torch {torch.__version__}, scikit-learn {sklearn.__version__}, {options.threads} thread(s),"
        f" {len(data)} digits, 64 x {HIDDEN} units; milliseconds per epoch, fastest of {options.repeats};"
        " ratio: scikit-learn's float64 time over ours"
    )
    print(
        f"{'batch':>5} {'CD-1':>8} {'PCD-1':>8} {'sklearn f64':>12} {'sklearn f32':>12} {'ratio CD-1':>11}"
        f" {'PCD-1':>6}"
    )
    with threadpool_limits(options.threads):
        for batch_size in BATCHES:
            ours = {
                word: training(torch.from_numpy(data), start, batch_size) for word, start in STARTS.items()
            }
            contestants = {
                **{word: lambda n, model=model: our_epoch(model, n) for word, model in ours.items()},
                "f64": lambda n, size=batch_size: sklearn_epoch(data.astype(np.float64), size, n),
                "f32": lambda n, size=batch_size: sklearn_epoch(data, size, n),
            }
            seconds = {word: [] for word in contestants}
            for run in contestants.values():
                run(2)
            # In turns, so that whatever else the machine does slows all of them.
            for _ in range(options.repeats):
                for word, run in contestants.items():
                    seconds[word].append(run(options.epochs))
            ms = {word: 1000 * min(values) for word, values in seconds.items()}
            print(
                f"{batch_size:5d} {ms['CD-1']:8.2f} {ms['PCD-1']:8.2f} {ms['f64']:12.2f} {ms['f32']:12.2f}"
                f" {ms['f64'] / ms['CD-1']:11.2f} {ms['f64'] / ms['PCD-1']:6.2f}"
            )


if __name__ == "__main__":
    main()
