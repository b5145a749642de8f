"""Models of small images, by the classifiers of the data set's own labels."""

from ebmrepro.evaluation.classifiers.ruler import Ruler, ruler_from_tensors
from ebmrepro.evaluation.samples import diversity
from ebmrepro.evaluation.samples.frechet import frechet_distance
from ebmrepro.evaluation.samples.long_chains import separation
from ebmrepro.evaluation.subject import Measured, Numbers, Subject
from ebmrepro.params.evaluations.images import ImageEvaluation


def measure(config: ImageEvaluation, subject: Subject) -> Measured:
    """`classifier_frechet`, `effective_classes`, `pairwise_distance_ratio` to test images, distances of
    samples and of test images to the nearest training image, and `separation` of long chains.

    Arrays `shown`, the first samples, and `nearest_train`, the training image nearest to each.
    """
    judge = ruler_from_tensors(subject.ruler)
    return Measured({seed: _of_seed(config, subject, judge, seed) for seed in subject.samples})


def _of_seed(config: ImageEvaluation, subject: Subject, judge: Ruler, seed: int) -> Numbers:
    samples, levels = subject.samples[seed], subject.data["train"]["x"]
    images, train, test = samples / 255, levels / 255, subject.data["test"]["x"] / 255
    distances, index = diversity.nearest(images, train)
    real_distances, _ = diversity.nearest(test, train)
    metrics = {
        "classifier_frechet": frechet_distance(judge.features(samples), subject.ruler["features/test"]),
        "effective_classes": diversity.effective_classes(*judge.joint_class(samples)),
        "pairwise_distance_ratio": diversity.mean_pairwise_distance(images)
        / diversity.mean_pairwise_distance(test),
        "nearest_train_distance": float(distances.mean()),
        "nearest_train_distance_of_test": float(real_distances.mean()),
    } | separation(subject.long_chains.get(seed))
    shown = config.shown_neighbours
    return Numbers(metrics, {"shown": samples[:shown], "nearest_train": levels[index[:shown]]})
