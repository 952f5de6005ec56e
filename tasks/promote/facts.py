"""What the gate says about a candidate: the decision, and the measurements behind it."""

from typing import Literal

from pydantic import Field

from tasks.compare.facts import Review
from tasks.store.facts import Facts, is_none

Outcome = Literal["promoted", "refused", "kept", "held"]


class Rates(Facts):
    """The accuracy, or another metric, of both models on the same reviews."""

    candidate: float
    champion: float


class Gap(Facts):
    """The candidate's accuracy minus the champion's on `num_reviews` reviews, with one-sided confidence bounds.

    `place` is "worse" if the candidate is significantly worse by more than the margin, "kept" if it is shown not to be,
    and "open" otherwise.
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
    """A review that only the champion got right: what the candidate answered, and with what probability."""

    answer: str
    probability: float


class LostReviews(Facts):
    """How many reviews only the champion got right, and those about which the candidate was most confident."""

    num_reviews: int
    reviews: tuple[LostReview, ...]


class GateComparison(Gap):
    """Candidate and champion on the same test reviews; `lost` is left out where no texts are wanted.

    If the run aims at another metric than accuracy, `metric` is its title, `scores` are those of both models, and the
    gaps are of that metric, such that more is better for the candidate.
    """

    accuracy: Rates
    metric: str | None = Field(default=None, exclude_if=is_none)
    scores: Rates | None = Field(default=None, exclude_if=is_none)
    slices: tuple[SliceGap, ...]
    lost: LostReviews | None = Field(default=None, exclude_if=is_none)

    @property
    def unit(self) -> str:
        """In what differences are shown: in percentage points, or in what 100 answers cost."""
        return "per 100 answers" if self.metric == "cost" else "points"


class Ruling(Facts):
    """Whether a candidate passes, why, and what was measured."""

    passes: bool
    reasons: tuple[str, ...]
    comparison: GateComparison


class Decision(Facts):
    """The decision as metrics.json has it; margins are shares.

    `comparison` is None when the two were not compared. The outcome is "held" if the candidate passed but the settings
    did not allow a promotion.
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
