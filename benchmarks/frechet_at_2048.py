"""Seconds for an FID from features of Inception's size: moments of the samples and the Frechet distance.

    python benchmarks/frechet_at_2048.py [--threads 2] [--samples 10000 50000] [--repeats 3] [--clean-fid]

The features are random, of a spectrum over six decades, and need no weights file. The reference's moments are
given, as they are computed once per data set. `--clean-fid` also times clean-fid's own Frechet distance, by a
matrix square root of the product of the covariances, on the same moments: a minute or more.
"""

import argparse
import time

import numpy as np
import scipy
from threadpoolctl import threadpool_limits

from ebmrepro.evaluation.inception.features import POOL
from ebmrepro.evaluation.samples.frechet import distance_of_moments, moments


def features(rng: np.random.Generator, count: int) -> np.ndarray:
    """Random features (count, 2048) float32 with correlated coordinates."""
    mixing = rng.standard_normal((POOL, POOL)) / np.sqrt(POOL) * 10.0 ** rng.uniform(-3, 0, POOL)
    return np.concatenate(
        [(rng.standard_normal((block, POOL)) @ mixing).astype(np.float32) for block in _blocks(count)]
    )


def _blocks(count: int) -> list[int]:
    return [min(5000, count - start) for start in range(0, count, 5000)]


def seconds(task) -> tuple[float, object]:
    """How long `task` took and what it returned."""
    start = time.perf_counter()
    result = task()
    return time.perf_counter() - start, result


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--samples", type=int, nargs="+", default=[10_000, 50_000])
    parser.add_argument("--repeats", type=int, default=3, help="measurements, the fastest of which is shown")
    parser.add_argument("--clean-fid", action="store_true", help="time clean-fid's frechet_distance as well")
    options = parser.parse_args()
    print(
        f"numpy {np.__version__}, scipy {scipy.__version__}, {options.threads} thread(s), {POOL} features;"
        f" seconds, fastest of {options.repeats}"
    )
    print(f"{'samples':>8} {'moments':>8} {'frechet':>8} {'FID':>6} {'clean-fid':>10} {'difference':>11}")
    with threadpool_limits(options.threads):
        for count in options.samples:
            rng = np.random.default_rng(0)
            made, real = features(rng, count), moments([features(rng, 10_000)])
            rows = []
            for _ in range(options.repeats):
                first, drawn = seconds(lambda made=made: moments([made]))
                second, distance = seconds(lambda pair=(drawn, real): distance_of_moments(*pair))
                rows.append((first, second))
            first, second = min(rows, key=sum)
            print(f"{count:8d} {first:8.2f} {second:8.2f} {first + second:6.2f}", end="", flush=True)
            if options.clean_fid:
                from cleanfid.fid import frechet_distance as by_root

                sides = (drawn.mean, drawn.covariance, real.mean, real.covariance)
                third, other = seconds(lambda sides=sides: by_root(*sides))
                print(f" {third:10.1f} {abs(other - distance) / distance:11.1e}", end="")
            print()


if __name__ == "__main__":
    main()
