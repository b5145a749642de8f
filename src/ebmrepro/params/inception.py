"""`inception` of a data set: what FID, Inception Score, KID and neighbours are measured against."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ebmrepro.params.base import Count, Name, Section

# clean-fid's: how images are resized for which copy of the network.
Mode = Literal["clean", "legacy_tensorflow", "legacy_pytorch"]


# Length of a feature vector: fewer samples than that have a singular covariance.
DIMENSIONS = 2048


Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Reference(Section):
    """Real images that samples are compared with: `count` of a data set's `split`, drawn with its seed; all
    of them if null."""

    split: Literal["train", "test"]
    count: Count | None


class InceptionRuler(Section):
    """Features of a data set's own images by Inception-2015, computed by `ebm prepare`.

    `weights`: folder of the network's files. `sha256`: of a file to be taken in the place of the published
    one, for each mode; empty for the published ones. `kept`: features kept of each reference, for KID and the
    neighbours.
    """

    weights: str
    sha256: dict[Mode, Sha256]
    modes: Annotated[list[Mode], Field(min_length=1)]
    references: Annotated[dict[Name, Reference], Field(min_length=1)]
    kept: Annotated[int, Field(ge=2, strict=True)]
    batch_size: Count

    @model_validator(mode="after")
    def _each_mode_once(self):
        if len(set(self.modes)) != len(self.modes):
            raise ValueError(f"each mode must appear once, got {self.modes}")
        return self
