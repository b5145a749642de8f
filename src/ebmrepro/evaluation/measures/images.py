"""Models of small images, by the classifiers of the data set's own labels."""

from ebmrepro.evaluation.classifiers.by_attribute import classifiers_from_tensors
from ebmrepro.evaluation.samples import diversity
from ebmrepro.evaluation.samples.frechet import frechet_distance
from ebmrepro.evaluation.subject import Measured, Numbers, Subject
from ebmrepro.params.evaluations.images import ImageEvaluation


def measure(config: ImageEvaluation, subject: Subject) -> Measured:
    """`classifier_frechet`, `effective_classes`, `pairwise_distance_ratio` to test images, distances of
    samples and of test images to the nearest training image, and `separation` of long chains.

    Arrays `shown`, the first samples, and `nearest_train`, the training image nearest to each.
    """
    judge, shown = classifiers_from_tensors(subject.reference), config.shown_neighbours
    train, test = (subject.data[part]["x"] for part in ("train", "test"))
    real_distances, _ = diversity.nearest(test, train)
    real_spread = diversity.mean_pairwise_distance(test / 255)
    found = {}
    for seed, samples in subject.samples.items():
        distances, index = diversity.nearest(samples, train)
        spread = diversity.mean_pairwise_distance(samples / 255)
        metrics = {
            "classifier_frechet": frechet_distance(
                judge.features(samples), subject.reference["features/test"]
            ),
            "effective_classes": diversity.effective_classes(*judge.joint_class(samples)),
            "pairwise_distance_ratio": spread / real_spread,
            "nearest_train_distance": float(distances.mean()),
            "nearest_train_distance_of_test": float(real_distances.mean()),
        } | diversity.separation(subject.long_chains.get(seed))
        arrays = {"shown": samples[:shown], "nearest_train": train[index[:shown]]}
        found[seed] = Numbers(metrics, arrays)
    return Measured(found)
