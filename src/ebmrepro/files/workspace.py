"""Where every artifact lives, and how it is written and read.

    results/<preset>/prepare/<dataset>/{train,test,reference}.safetensors, manifest.json
    results/<preset>/train/<experiment>/<run>.{safetensors,csv,json}      model, log, status
    results/<preset>/sample/<experiment>/<run>.safetensors
    results/<preset>/evaluate/<experiment>/<run>.{json,safetensors}       metrics, what figures draw
    results/<preset>/compose/<experiment>/<composition>.{json,safetensors}
    results/<preset>/detect/<experiment>/<ood>.{json,safetensors}
    results/<preset>/denoise/<experiment>/<denoising>.{json,safetensors}
    results/<preset>/compare/<comparison>/<comparison>.json
    results/<preset>/resample/<experiment>/<protocol>.{json,safetensors}
    results/<preset>/other_kernels/verdicts.json     where `make other-kernels` was run
    paper_figures/<preset>/<figure>.{pdf,png}, <table>.{md,csv,tex}
    paper_figures/verdicts/<preset>.json, paper_figures/report.html

Files appear whole or not at all: each is written under a temporary name in the same folder, flushed to
disk and renamed. Tensors and JSON carry a SHA-256 of their contents, checked at every read, because
neither runner notices a damaged file whose time stamp did not change.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ebmrepro.params.stages import STAGES

if TYPE_CHECKING:
    # Who plans jobs has paths and sentences from here, and no arrays.
    import numpy as np

RESULTS = Path("results")
FIGURES = Path("paper_figures")
REPORT = FIGURES / "report.html"
TEMPORARY = ".writing-"
# Bytes that are read at a time from a file of any size.
CHUNK = 1 << 24
# The safetensors format's names of numpy's types.
DTYPES = {"U8": "uint8", "I64": "int64", "I32": "int32", "F32": "float32", "F64": "float64", "BOOL": "bool"}


class WorkspaceError(Exception):
    """A file is missing, damaged or foreign. The message is one sentence that says what to run."""


def prepared(preset: str, dataset: str) -> Path:
    """Folder of a prepared data set."""
    return RESULTS / preset / "prepare" / dataset


def run_file(preset: str, stage: str, experiment: str, run: str, suffix: str) -> Path:
    """A file that `train`, `sample` or `evaluate` writes for a run, other stages for items of theirs."""
    return RESULTS / preset / stage / experiment / f"{run}{suffix}"


def verdicts_file(preset: str) -> Path:
    """The judged claims of a preset."""
    return FIGURES / "verdicts" / f"{preset}.json"


def other_kernels_file(preset: str) -> Path:
    """The judged claims of a preset whose runs were made a second time, with other kernels; few have it."""
    return RESULTS / preset / "other_kernels" / "verdicts.json"


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that becomes `path` if the block succeeds and vanishes if not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{TEMPORARY}{os.getpid()}-{path.name}")
    for left in path.parent.glob(f"{TEMPORARY}*-{path.name}"):
        # A process that was killed could not clean up.
        if not _is_alive(left.name.removeprefix(TEMPORARY).split("-", 1)[0]):
            left.unlink(missing_ok=True)
    try:
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _is_alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except PermissionError:
        return True
    except (ValueError, ProcessLookupError):
        return False
    return True


def write_bytes(path: Path, *parts: bytes | memoryview) -> None:
    """Write `parts`, one behind the other, to `path`, whole or not at all."""
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        file.writelines(parts)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def save_tensors(path: Path, tensors: Mapping[str, np.ndarray], metadata: Mapping = {}) -> None:
    """Write arrays as safetensors, with `metadata` (JSON-able values) and a SHA-256 in the header."""
    import numpy as np
    import safetensors.numpy

    # Not np.ascontiguousarray, which turns a scalar into a vector.
    data = safetensors.numpy.save({name: np.asarray(array, order="C") for name, array in tensors.items()})
    length = int.from_bytes(data[:8], "little")
    # The buffer is not copied: it may be gigabytes.
    buffer = memoryview(data)[8 + length :]
    text = description(json.loads(data[8 : 8 + length]), metadata, [buffer])
    text += b" " * (-len(text) % 8)
    write_bytes(path, len(text).to_bytes(8, "little"), text, buffer)


def description(entries: Mapping, metadata: Mapping, parts: Iterable[bytes | memoryview]) -> bytes:
    """A tensor file's description: `entries` of its arrays, `metadata` and the SHA-256 of these and `parts`,
    the bytes of the arrays."""
    texts = {key: json.dumps(value, sort_keys=True) for key, value in metadata.items()}
    entries = dict(entries) | {"__metadata__": texts | {"sha256": _tensors_sha256(entries, texts, parts)}}
    return json.dumps(entries, sort_keys=True, separators=(",", ":")).encode()


def _tensors_sha256(entries: Mapping, texts: Mapping, parts: Iterable[bytes | memoryview]) -> str:
    digest = hashlib.sha256(json.dumps([entries, texts], sort_keys=True).encode())
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def load_tensors(path: Path) -> tuple[dict[str, np.ndarray], dict]:
    """Arrays and metadata of a tensor file, in memory, each read once; raises as `map_tensors` does."""
    import numpy as np

    arrays = {}

    def parts(file: BinaryIO, entries: Mapping) -> Iterator[np.ndarray]:
        for name in sorted(entries, key=lambda name: entries[name]["data_offsets"]):
            start, end = entries[name]["data_offsets"]
            arrays[name] = np.fromfile(file, np.uint8, end - start)
            yield arrays[name]

    entries, _, metadata = _checked(path, parts)
    return {
        name: arrays[name].view(DTYPES[entry["dtype"]]).reshape(entry["shape"])
        for name, entry in entries.items()
    }, metadata


def map_tensors(path: Path) -> tuple[dict[str, np.ndarray], dict]:
    """Arrays and metadata of a tensor file, the arrays read-only maps of its bytes: none is in memory.

    The whole file is read once, a part at a time, to check its SHA-256. Raises WorkspaceError if it is
    missing, truncated, damaged or was not written by this project.
    """
    import numpy as np

    entries, start, metadata = _checked(path, lambda file, _: iter(lambda: file.read(CHUNK), b""))
    arrays = {}
    for name, entry in entries.items():
        dtype, shape = np.dtype(DTYPES[entry["dtype"]]), tuple(entry["shape"])
        place = start + entry["data_offsets"][0]
        arrays[name] = np.empty(shape, dtype) if 0 in shape else np.memmap(path, dtype, "r", place, shape)
    return arrays, metadata


def _checked(path: Path, parts: Callable[[BinaryIO, dict], Iterable]) -> tuple[dict, int, dict]:
    """The entries of the arrays of a tensor file, where their bytes start, and its metadata, once the bytes,
    which `parts` reads from there on, have the SHA-256 that the file carries."""
    try:
        with open(path, "rb") as file:
            start = 8 + int.from_bytes(file.read(8), "little")
            size = os.path.getsize(path) - start
            if size < 0:
                raise ValueError("truncated")
            entries = json.loads(file.read(start - 8))
            texts = entries.pop("__metadata__")
            recorded = texts.pop("sha256")
            intact = size == max((entry["data_offsets"][1] for entry in entries.values()), default=0)
            intact = intact and recorded == _tensors_sha256(entries, texts, parts(file, entries))
    except OSError as failure:
        raise _unread(path, failure) from None
    except (ValueError, KeyError, AttributeError, TypeError):
        intact = False
    if not intact:
        raise _damaged(path)
    return entries, start, {key: json.loads(value) for key, value in texts.items()}


def save_json(path: Path, content: Mapping) -> None:
    """Write a mapping as readable JSON with a SHA-256 of itself under the key `sha256`."""
    body = {key: value for key, value in content.items() if key != "sha256"}
    body["sha256"] = data_sha256(body)
    write_text(path, json.dumps(body, indent=2, sort_keys=True, allow_nan=False) + "\n")


def save_result(
    preset: str, stage: str, experiment: str, item: str, result: Mapping, tensors: Mapping, about: Mapping
) -> None:
    """The two files of a stage that measures: `result` as JSON, and `tensors` with the metadata `about`."""
    save_json(run_file(preset, stage, experiment, item, ".json"), result)
    save_tensors(run_file(preset, stage, experiment, item, ".safetensors"), tensors, about)


def finite_or_null(metrics: Mapping[str, float]) -> dict[str, float | None]:
    """Numbers as JSON can hold them: a diverged model may have no finite score, and null is understood."""
    return {key: value if math.isfinite(value) else None for key, value in metrics.items()}


def load_json(path: Path) -> dict:
    """The mapping written by `save_json`; raises WorkspaceError if missing or damaged."""
    try:
        content = json.loads(_read(path))
        recorded = content.pop("sha256")
    except (ValueError, KeyError, AttributeError, TypeError):
        content, recorded = {}, None
    if recorded != data_sha256(content):
        raise _damaged(path)
    return content


def read_text(path: Path, sha256: str | None = None) -> str:
    """Text of an artifact; raises WorkspaceError if it is missing, or damaged by the SHA-256 given."""
    data = _read(path)
    if sha256 is not None and hashlib.sha256(data).hexdigest() != sha256:
        raise _damaged(path)
    return data.decode("utf-8")


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def artifact_sha256(path: Path) -> str:
    """The SHA-256 that a file of tensors or JSON carries, of other files that of their bytes.

    Whether the contents still have it is checked where they are read. Raises WorkspaceError if the file is
    missing or was not written by this project.
    """
    try:
        if path.suffix == ".json":
            return json.loads(path.read_bytes())["sha256"]
        if path.suffix == ".safetensors":
            with open(path, "rb") as file:
                return json.loads(file.read(int.from_bytes(file.read(8), "little")))["__metadata__"]["sha256"]
        return file_sha256(path)
    except FileNotFoundError as failure:
        raise _unread(path, failure) from None
    except (OSError, ValueError, KeyError, TypeError):
        raise _damaged(path) from None


def data_sha256(value: object) -> str:
    """SHA-256 of JSON-able data in canonical form, hexadecimal."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as failure:
        raise _unread(path, failure) from None


def _unread(path: Path, failure: OSError) -> WorkspaceError:
    missing = isinstance(failure, FileNotFoundError)
    reason = "is missing" if missing else f"cannot be read ({failure.strerror})"
    return WorkspaceError(f"{path} {reason}: {remedy(path)}")


def _damaged(path: Path) -> WorkspaceError:
    return WorkspaceError(f"{path} is damaged: delete it, then {remedy(path)}")


def remedy(path: Path) -> str:
    """Which command makes `path`."""
    parts = path.parts
    if len(parts) >= 4 and parts[0] == RESULTS.name and parts[2] in (stage.name for stage in STAGES):
        stage, item = parts[2], parts[3] if parts[2] == "prepare" else path.stem
        return f"stage {stage} makes it: run `ebm {stage} {item}` or `snakemake`"
    return "run `snakemake`"
