"""`inception` of a data set: what FID, Inception Score, KID and neighbours are measured against."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ebmrepro.params.base import Count, Name, Section
from ebmrepro.params.kinds import Implemented

# clean-fid's: how images are resized for which copy of the network.
Mode = Literal["clean", "legacy_tensorflow", "legacy_pytorch"]


# Length of a feature vector: fewer samples than that have a singular covariance.
DIMENSIONS = 2048


Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Reference(Section):
    """Real images that samples are compared with: `count` of a data set's `split`, drawn with its seed; all
    of them if null."""

    split: Annotated[Literal["train", "test"], Field(description="Part of the data set.", examples=["train"])]
    count: Annotated[Count | None, Field(description="Images drawn from it; null for all.", examples=[50000])]


class InceptionRuler(Implemented):
    """Features of a data set's own images by Inception-2015, computed by `ebm prepare`."""

    implementation = "ebmrepro.evaluation.image_rulers.prepare"

    weights: Annotated[str, Field(description="Folder of the network's files.", examples=["weights"])]
    sha256: Annotated[
        dict[Mode, Sha256],
        Field(
            description="Of a file in the place of the published one, by mode; empty for the published ones.",
            examples=[{}],
        ),
    ]
    modes: Annotated[
        list[Mode], Field(min_length=1, description="Ways to resize, each once.", examples=[["clean"]])
    ]
    references: Annotated[
        dict[Name, Reference], Field(min_length=1, description="Real images that samples are compared with.")
    ]
    kept: Annotated[
        int,
        Field(ge=2, strict=True, description="Features kept for KID and neighbours.", examples=[10000]),
    ]
    batch_size: Annotated[Count, Field(description="Images that the network sees at once.", examples=[64])]

    @model_validator(mode="after")
    def _each_mode_once(self):
        if len(set(self.modes)) != len(self.modes):
            raise ValueError(f"each mode must appear once, got {self.modes}")
        return self
