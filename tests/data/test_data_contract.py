"""What every kind of data set keeps: it prepares what its settings say, and the same the next time."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from catalogue_archives import make
from catalogue_entries import entry_of
from PIL import Image

from ebmrepro.data.prepared import Arrays
from ebmrepro.params.base import Section
from ebmrepro.params.catalogue import load_catalogue
from ebmrepro.params.datasets import AttributeClassifiers
from ebmrepro.params.inception import InceptionFeatures, Reference
from ebmrepro.params.kinds import kinds

# Smaller than the examples that the settings give, and what stand-ins are read from.
SMALL = {"train_size": 12, "test_size": 5, "epochs": 1, "width": 2, "minimum_accuracy": 0.0,
         "catalogue": "own.yaml"}  # fmt: skip
DTYPES = {"vectors": np.float32, "binary": np.float32, "images": np.uint8}
KINDS = list(kinds("datasets"))


def example(section: type[Section]) -> dict:
    """Settings from the examples of its fields, null where that is possible."""
    found = {}
    for name, field in section.model_fields.items():
        inner = [one for one in _types(field.annotation) if issubclass(one, Section)]
        if name in SMALL:
            found[name] = SMALL[name]
        elif name == "kind":
            found[name] = section.name()
        elif type(None) in _types(field.annotation):
            found[name] = None
        else:
            found[name] = example(inner[0]) if inner else field.examples[0]
    return found


def settings(kind: str, **changes):
    return kinds("datasets")[kind](**example(kinds("datasets")[kind]) | changes)


def _types(annotation) -> list[type]:
    """The classes that an annotation is made of."""
    if isinstance(annotation, type) and not get_args(annotation):
        return [annotation]
    return [one for part in get_args(annotation) for one in _types(part)]


@pytest.fixture
def files(workspace_folder) -> Path:
    """The stand-ins that examples are read from, in the current folder."""
    rng = np.random.default_rng(0)
    for name in ("left", "right"):
        (workspace_folder / "images" / name).mkdir(parents=True)
        for number in range(4):
            picture = Image.fromarray(rng.integers(0, 256, (9, 11, 3), dtype=np.uint8))
            picture.save(workspace_folder / f"images/{name}/{number}.png")
    made = make("cifar10")
    entry = entry_of("cifar10", made)
    content = {"cifar10": entry.model_dump(mode="json", exclude={"name"})}
    (workspace_folder / "own.yaml").write_text(json.dumps(content))
    load_catalogue.cache_clear()  # Of another test's file of this name.
    (workspace_folder / "data/cifar10").mkdir(parents=True)
    for name, body in made.bodies.items():
        (workspace_folder / "data/cifar10" / name).write_bytes(body)
    return workspace_folder


def read(config) -> dict[str, tuple[np.ndarray, dict[str, np.ndarray]]]:
    """Samples and labels by part."""
    found, read = config.load().prepare(config), {}
    assert found.parts.keys() == {"train", "test"}
    found.fetch()
    for name, part in found.parts.items():
        if isinstance(part, Arrays):
            read[name] = part.x, dict(part.labels)
        else:
            samples, numbers = zip(*part, strict=True)
            labels = {key: np.array([number[key] for number in numbers]) for key in numbers[0]}
            read[name] = np.stack(samples), labels
        assert len(read[name][0]) == len(part)
    json.dumps(found.facts())
    return read


@pytest.mark.parametrize("kind", KINDS)
def test_samples_and_labels_are_what_the_settings_say(kind, files):
    config = settings(kind)
    for x, labels in read(config).values():
        assert x.shape[1:] == config.sample_shape and x.dtype == DTYPES[config.form] and len(x)
        assert config.form != "binary" or set(np.unique(x)) <= {0, 1}
        assert np.isfinite(x).all()
        assert labels.keys() == config.attributes.keys()
        for name, values in config.attributes.items():
            assert labels[name].dtype == np.int64 and labels[name].shape == (len(x),)
            assert labels[name].min() >= 0 and (values is None or labels[name].max() < len(values))


@pytest.mark.parametrize("kind", KINDS)
def test_it_says_what_it_is(kind, files):
    config = settings(kind)
    assert config.licence and "\n" not in config.describe("mine")
    assert config.describe("mine") != settings(KINDS[KINDS.index(kind) - 1]).describe("mine")
    points = np.zeros((2, *config.sample_shape))
    truth = config.log_density(points)
    assert truth is None or truth.shape == (2,)


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_described(kind):
    """With an example, unless it is a section, which is described itself."""
    sections = [kinds("datasets")[kind]]
    for section in sections:
        for name, field in section.model_fields.items():
            if name == "kind":
                continue
            inner = [t for t in _types(field.annotation) if issubclass(t, Section)]
            sections += inner
            assert field.description, f"{section.__name__}.{name} has no description"
            assert field.examples or inner, f"{section.__name__}.{name} has no example"


@pytest.mark.parametrize("kind", KINDS)
def test_two_runs_write_the_same_bytes(kind, files, ebm, edit):
    edit("folders: {", "folders: {images: images, ")
    edit("\ndatasets:\n", f"\ndatasets:\n  own: {settings(kind).model_dump_json()}\n")
    folder, seen = Path("results/micro/prepare/own"), []
    for _ in range(2):
        ended = ebm("prepare", "own")
        assert ended.code == 0, ended.err
        seen.append({path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()})
        for path in folder.iterdir():
            path.unlink()
    assert seen[0] == seen[1] and len(seen[0]) == 4


def test_generated_data_are_prepared_without_what_others_need():
    """Neither torch nor classifiers, networks, archives or scikit-learn."""
    config = settings("gaussian")
    code = (
        "import json, sys; from ebmrepro.stages import prepare; from ebmrepro.params.kinds import kinds;"
        f"config = kinds('datasets')['gaussian'](**{config.model_dump()!r});"
        "config.load().prepare(config); print(*sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ended.stdout.split())
    assert {"ebmrepro.data.gaussian", "numpy"} <= loaded
    assert not loaded & {"torch", "sklearn", "scipy", "PIL"}
    assert not any(name.startswith(("ebmrepro.evaluation", "ebmrepro.data.catalogue")) for name in loaded)


def test_modules_name_what_an_entry_asks_for_and_nothing_else(files):
    assert settings("gaussian").modules() == ["ebmrepro.data.gaussian"]
    assert settings("digits").modules() == [
        "ebmrepro.data.digits",
        "ebmrepro.evaluation.classifiers.class_reference",
    ]
    published = ["ebmrepro.data.catalogue.published", "ebmrepro.data.catalogue.readers.cifar"]
    assert settings("catalogue").modules() == published
    learnt = {
        "classifier": ("ebmrepro.evaluation.classifiers.attribute_reference", AttributeClassifiers),
        "inception": ("ebmrepro.evaluation.inception.prepare", InceptionFeatures),
    }
    asked = {name: example(section) for name, (_, section) in learnt.items()}
    asked["inception"]["references"] = {"all": example(Reference)}
    both = [module for module, _ in learnt.values()]
    assert settings("catalogue", **asked).modules() == [published[0], *both, published[1]]
