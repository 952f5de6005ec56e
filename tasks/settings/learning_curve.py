"""CurveConfig: which models are trained on how many reviews, and how often."""

from typing import ClassVar, Self

from pydantic import Field, field_validator, model_validator

from tasks.curve.sizes import DEFAULT_SIZES, FEWEST_SIZES, check_size
from tasks.objective.choices import ACCURACY
from tasks.settings.base import Names
from tasks.settings.training import TrainingSettings


class CurveConfig(TrainingSettings):
    """Train models on parts of the training split, and tell from how accuracy grows what more reviews would bring."""

    headings: ClassVar = {**TrainingSettings.headings, "sizes": "the curve"}
    unused: ClassVar = frozenset({"unlabelled_path", "slice_column", "ordinal", "stack", "metric", "costs"})

    seeds: int = Field(
        default=3,
        ge=1,
        le=100,
        description="number of seeds; each draws the reviews of the smaller sizes anew, and trains every model on them",
    )
    sizes: Names = Field(
        default=DEFAULT_SIZES,
        min_length=1,
        description="the sizes of the training split, separated by commas: shares, such as 5%, or numbers of training "
        "reviews, such as 200; the validation split shrinks with it",
    )

    @field_validator("sizes")
    @classmethod
    def check_sizes(cls, sizes: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse text that is no size, and a single size, which makes no curve."""
        for size in sizes:
            check_size(size)
        if len(set(sizes)) < FEWEST_SIZES:
            raise ValueError(f"got one size, {sizes[0]}; expected at least {FEWEST_SIZES}, such as 5%,100%.")
        return sizes

    @model_validator(mode="after")
    def check_accuracy(self) -> Self:
        """Refuse another metric than accuracy, which alone is measured at each size."""
        if self.metric != ACCURACY:
            raise ValueError(
                f"--metric {self.metric}: a learning curve is one of accuracy; expected no other metric. Leave it out "
                "of the environment and of the config file."
            )
        return self
