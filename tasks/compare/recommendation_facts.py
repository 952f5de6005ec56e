"""Which model a comparison recommends, or why it recommends none."""

from pydantic import Field

from tasks.compare.leaderboard_facts import Spread
from tasks.store.facts import Facts, is_none


class NothingLearned(Facts):
    """Why no model is recommended, and what to try.

    `constant` is the label that is commonest in training, and `constant_accuracy` the accuracy of always answering it.
    The test split `is_too_small` if not even a model without mistakes could be shown to beat chance.
    `num_test_reviews` is how many it takes to show a lead in accuracy of `lead`, a share; None if there are enough.
    """

    constant: str
    constant_accuracy: float
    is_too_small: bool
    lead: float
    num_test_reviews: int | None
    advice: tuple[str, ...]

    @property
    def outcome(self) -> str:
        """The name of this outcome."""
        return "no verdict" if self.is_too_small else "nothing learned"


class Unsettled(Facts):
    """What the test leaves open: the `rival` that it does not tell from the recommended model.

    `lead` is the share of test reviews by which the shipped model is right more often than the rival's, negative if it
    is behind. `num_test_reviews` would show such a difference in 80 of 100 cases. If `none_told_apart`, the test tells
    none of the models that beat chance from any other.
    """

    rival: str
    lead: float
    num_test_reviews: int
    none_told_apart: bool


class Recommendation(Facts):
    """The model to ship: `model` is its folder under the artifacts' root, `accuracy` that of all seeds of its variant.

    The variants in `tied` and `behind` do not differ from it significantly on test; those in `behind` are worse on
    validation by more than a standard error. It `is_cheapest` if it is clearly cheaper to run than all in `tied`.

    `score` is the metric that decides if that is not accuracy, and `never_answered` counts the test reviews of each
    label that the model gives to no review.

    `unsettled` says how many test reviews would tell it from its rival, if that is what lacks.

    If no model beats chance, none is recommended: `name`, `group`, `model` and `seed` are None, `accuracy` is that of
    `best_on_validation`, and `nothing_learned` says what to try.
    """

    name: str | None
    group: str | None
    model: str | None
    seed: int | None
    accuracy: Spread
    best_on_validation: str
    tied: tuple[str, ...]
    behind: tuple[str, ...]
    is_cheapest: bool = True
    score: Spread | None = Field(default=None, exclude_if=is_none)
    never_answered: dict[str, int] = Field(default_factory=dict)
    unsettled: Unsettled | None = Field(default=None, exclude_if=is_none)
    nothing_learned: NothingLearned | None = None
