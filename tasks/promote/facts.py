"""What the gate says of a candidate: the decision, and what it was measured by."""

from typing import Literal

from pydantic import Field

from tasks.compare.facts import Review
from tasks.store.facts import Facts

Outcome = Literal["promoted", "refused", "kept", "held"]


class Rates(Facts):
    """The accuracy of both models on the same reviews."""

    candidate: float
    champion: float


class Gap(Facts):
    """The candidate's accuracy less the champion's on `num_reviews`, with bounds that each are missed by chance alone.

    `place` is "worse" when the candidate surely is by more than the margin, "kept" when it surely is not, else "open".
    """

    num_reviews: int
    only_candidate: int
    only_champion: int
    difference: float
    low: float
    high: float
    place: Literal["worse", "kept", "open"]


class SliceGap(Gap):
    """The gap on a slice of the reviews."""

    group: str
    name: str


class LostReview(Review):
    """A review that only the champion got right: what the candidate answered, and how sure it was."""

    answer: str
    probability: float


class LostReviews(Facts):
    """How many reviews only the champion got right, and those of them of which the candidate was surest."""

    num_reviews: int
    reviews: tuple[LostReview, ...]


class GateComparison(Gap):
    """Candidate and champion on the same test reviews; `lost` is left out where reviews must not be."""

    accuracy: Rates
    slices: tuple[SliceGap, ...]
    lost: LostReviews | None = Field(default=None, exclude_if=lambda lost: lost is None)


class Ruling(Facts):
    """Whether a candidate passes, why, and what was measured."""

    passes: bool
    reasons: tuple[str, ...]
    comparison: GateComparison


class Decision(Facts):
    """The decision as it stands in metrics.json.

    `comparison` is None when the two were not compared. An outcome of "held" is one of "promoted" that the settings did
    not allow.
    """

    outcome: Outcome
    candidate: str | None
    model: str | None
    champion: str | None
    margin: float
    slice_margin: float
    reasons: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    comparison: GateComparison | None = None
