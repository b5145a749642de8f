"""prepare: a data set as tensors, the ruler its samples are measured with, and a manifest.

Each kind of data imports its own maker: scikit-learn, which digits need, takes longer than making the others.
Published sets and folders of images, which may be larger than memory, go another way.
"""

import numpy as np

from ebmrepro.evaluation.likelihood.independent import independent_pixels
from ebmrepro.files import workspace
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params.root import Params

LICENCES = {
    "gaussian": "generated",
    "density": "generated",
    "digits": "UCI optical recognition of handwritten digits, CC BY 4.0, as shipped with scikit-learn",
    "shapes": "generated",
    "bars_and_stripes": "generated",
    "binary_digits": "as digits",
    "image_folder": "the folder's own",
}


def run(params: Params, item: str) -> None:
    """Prepare data set `item`."""
    config = params.datasets[item]
    if config.kind == "catalogue":
        from ebmrepro.stages import prepare_published

        prepare_published.run(params, item)
        return
    if config.kind == "image_folder":
        from ebmrepro.stages import prepare_folder

        prepare_folder.run(params, item)
        return
    ruler: dict[str, np.ndarray] = {}
    measures: dict[str, float | dict] = {}
    if config.kind == "gaussian":
        from ebmrepro.data import gaussian

        train, test = gaussian.make(config)
        parts = {"train": {"x": train}, "test": {"x": test}}
        ruler = {"mean": np.zeros(config.dim), "covariance": np.eye(config.dim)}
    elif config.kind == "density":
        from ebmrepro.data import densities

        train, test = densities.make(config)
        parts = {"train": {"x": train}, "test": {"x": test}}
        truth = densities.density(config.shape).log_density(test.astype(np.float64))
        measures = {"true_test_log_likelihood": float(truth.mean())}
        ruler = {"test_log_density": truth}
    elif config.kind in ("bars_and_stripes", "binary_digits"):
        if config.kind == "binary_digits":
            from ebmrepro.data.digits import make_binary

            train, test = make_binary(config)
        else:
            from ebmrepro.data import bars_and_stripes

            train, test = bars_and_stripes.make(config)
        parts = {"train": {"x": train}, "test": {"x": test}}
        mean, log_likelihood = independent_pixels(train, test)
        ruler = {"mean": mean}
        measures = {"independent_pixels_log_likelihood": log_likelihood}
        if config.kind == "bars_and_stripes":
            patterns, log_probability = bars_and_stripes.patterns(config.side)
            ruler |= {"patterns": patterns, "log_probability": log_probability}
            entropy = -(np.exp(log_probability) * log_probability).sum()
            measures["true_test_log_likelihood"] = -float(entropy)
    else:
        if config.kind == "digits":
            from ebmrepro.data.digits import make
        else:
            from ebmrepro.data.shapes import make
        train, train_labels, test, test_labels = make(config)
        parts = {
            "train": {"x": train, **_by_attribute(train_labels)},
            "test": {"x": test, **_by_attribute(test_labels)},
        }
        ruler, measures = image_ruler(params, item, parts)

    folder = workspace.prepared(params.preset, item)
    for part, arrays in parts.items():
        workspace.save_tensors(folder / f"{part}.safetensors", arrays, {"dataset": item})
    workspace.save_tensors(folder / "ruler.safetensors", ruler, {"dataset": item})
    manifest = {
        "dataset": item,
        "kind": config.kind,
        "source": config.source,
        "licence": LICENCES[config.kind],
        "shape": list(train.shape[1:]),
        "train_size": len(train),
        "test_size": len(test),
        "train_sha256": workspace.file_sha256(folder / "train.safetensors"),
        "test_sha256": workspace.file_sha256(folder / "test.safetensors"),
        "ruler": measures,
    }
    workspace.save_json(folder / "manifest.json", manifest)


def _by_attribute(labels: np.ndarray | dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return labels if isinstance(labels, dict) else {"label": labels}


def image_ruler(params: Params, item: str, parts: dict) -> tuple[dict, dict]:
    """Train the data set's own classifiers; their features of both parts are the Frechet references."""
    from ebmrepro.evaluation.classifiers.ruler import train_ruler
    from ebmrepro.evaluation.samples.frechet import frechet_distance
    from ebmrepro.machine.device import set_up

    config = params.datasets[item]
    train, test = parts["train"], parts["test"]
    labels = {name: array for name, array in train.items() if name != "x"}
    model = train_ruler(train["x"], labels, config.classifier, config.seed, set_up(params.compute))
    measures = {}
    for attribute, predicted in model.predict(test["x"]).items():
        accuracy = float((predicted == test[attribute]).mean())
        if accuracy < config.classifier.minimum_accuracy:
            raise WorkspaceError(
                f"{item}: the classifier of {attribute} reaches {accuracy:.4f} on test images, below"
                f" minimum_accuracy {config.classifier.minimum_accuracy}: it is no ruler; train it longer or"
                " wider"
            )
        suffix = "" if attribute == "label" else f"_{attribute}"
        measures[f"classifier_test_accuracy{suffix}"] = accuracy
    features = {part: model.features(arrays["x"]) for part, arrays in parts.items()}
    distance = frechet_distance(features["train"], features["test"])
    measures["classifier_frechet_train_to_test"] = distance
    return {f"features/{part}": array for part, array in features.items()} | model.tensors(), measures
