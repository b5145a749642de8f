"""The formats that published sets come in, written from arrays: archives, Python 2 pickles, images, LMDB."""

import io
import pickle
import struct
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import ClassVar

import lmdb
import numpy as np
from PIL import Image


class Python2Pickler(pickle._Pickler):
    """Writes what Python 2's cPickle wrote at protocol 2: byte strings, and numpy's old _reconstruct."""

    dispatch: ClassVar = dict(pickle._Pickler.dispatch)

    def save_string(self, value):
        data = value.encode() if isinstance(value, str) else value
        self.write(b"T" + struct.pack("<i", len(data)) + data)
        self.memoize(value)

    def save_global(self, value, name=None):
        if getattr(value, "__name__", "") == "_reconstruct":
            self.write(b"cnumpy.core.multiarray\n_reconstruct\n")
            self.memoize(value)
        else:
            super().save_global(value, name)

    dispatch[bytes] = dispatch[str] = save_string
    dispatch[type(np.empty(0).__reduce__()[0])] = save_global


def python2_pickle(value: object) -> bytes:
    file = io.BytesIO()
    Python2Pickler(file, 2).dump(value)
    return file.getvalue()


def tar(members: dict[str, bytes], mode: str = "w:gz") -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


def zipped(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def encoded(pixels: np.ndarray, kind: str) -> bytes:
    """Pixels (height, width, 3) as JPEG of the best quality, or lossless PNG or WebP."""
    options = {"JPEG": {"quality": 100, "subsampling": 0}, "PNG": {}, "WEBP": {"lossless": True}}[kind]
    file = io.BytesIO()
    Image.fromarray(np.asarray(pixels).astype(np.uint8)).save(file, kind, **options)
    return file.getvalue()


def ramps(width: int, height: int, third: int) -> np.ndarray:
    """(height, width, 3): red is the column, green the row (modulo 256), blue `third`."""
    pixels = np.empty((height, width, 3))
    pixels[..., 0], pixels[..., 1], pixels[..., 2] = np.arange(width), np.arange(height)[:, None], third
    return pixels % 256


def database(values: dict[bytes, bytes]) -> dict[str, bytes]:
    """The files of an LMDB."""
    with tempfile.TemporaryDirectory() as folder:
        with lmdb.open(folder, map_size=1 << 24) as environment, environment.begin(write=True) as transaction:
            for key, value in values.items():
                transaction.put(key, value)
        return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}
