"""`inception` of a data set: what FID, Inception Score, KID and neighbours are measured against."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ebmrepro.params.base import Count, Name, Section, Several, about, once
from ebmrepro.params.kinds import Implemented

# clean-fid's: how images are resized for which copy of the network.
Mode = Literal["clean", "legacy_tensorflow", "legacy_pytorch"]
# Length of a feature vector: fewer samples than that have a singular covariance.
DIMENSIONS = 2048
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Reference(Section):
    """Real images that samples are compared with."""

    split: Literal["train", "test"] = about("Part of the data set.", "train")
    count: Count | None = about("Images of it, drawn with the data set's seed; null for all.", 50000)


class InceptionFeatures(Implemented):
    """Features of a data set's own images by Inception-2015, computed by `ebm prepare`."""

    implementation = "ebmrepro.evaluation.inception.prepare"
    reference: ClassVar[str] = "inception"

    weights: str = about("Folder of the network's files.", "weights")
    sha256: dict[Mode, Sha256] = about("By mode, of files in the place of the published ones.", {})
    modes: Annotated[list[Mode], once("mode")] = about(
        "How images are resized, for which copy of the network; clean-fid's names.",
        ["clean", "legacy_tensorflow"],
        min_length=1,
    )
    references: dict[Name, Reference] = about(
        "What samples are compared with, by a name that is part of the metrics' names.",
        {"train": {"split": "train", "count": None}},
        min_length=1,
    )
    kept: Several = about("Features of each reference kept for KID and neighbours, or all.", 10000)
    batch_size: Count = about("Images that pass the network at a time.", 64)
