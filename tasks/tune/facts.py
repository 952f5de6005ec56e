"""What tuning says: the outcome of a trial, of the study of one model, and of all models of a run."""

from typing import Final

from pydantic import Field, JsonValue

from tasks.store.facts import Facts, is_none

# On a hundred reviews, settings that are worse beyond chance were chosen for a good baseline.
FEW_REVIEWS: Final = 500


class Budget(Facts):
    """What each model may use: a number of trials, seconds of training, or both; the first that is used up ends it."""

    trials: int | None
    seconds: int | None


class Scored(Facts):
    """How good settings are on validation reviews: mean calibrated loss in nats, and accuracy.

    `score` is the metric that decides, if that is not accuracy; more is better.
    """

    loss: float
    accuracy: float
    score: float | None = Field(default=None, exclude_if=is_none)

    @property
    def goal(self) -> float:
        """What the best settings have least of: the loss, or the negated metric that decides."""
        return self.loss if self.score is None else -self.score


class TrialFacts(Scored):
    """How good the settings of a trial are, and the seconds of training.

    `losses` are those after each evaluation of the training, uncalibrated, or the negated metric that decides. A
    training that was `pruned`, because it was worse than others by then, has the numbers of its last evaluation.
    """

    seconds: float
    losses: tuple[float, ...] = ()
    pruned: bool = False


class StudyFacts(Facts):
    """The study of one model, whose `name` becomes `tuned` with the chosen settings.

    `definition` defines the chosen model as in a config file; it is None if no trial was better than the model's usual
    settings, which were the first trial. `completed`, `pruned` and `failed` count trials, and `failure` is the reason
    of the first that failed. `importance` is the share of each setting in the variance of what is optimised, as a
    fANOVA estimates it, and empty for too few trials.
    """

    name: str
    tuned: str
    is_baseline: bool
    completed: int
    pruned: int
    failed: int
    seconds: float
    usual: Scored | None
    chosen: Scored | None
    definition: dict[str, JsonValue] | None
    failure: str | None = Field(default=None, exclude_if=is_none)
    importance: dict[str, float] = Field(default_factory=dict)


class Tuning(Facts):
    """What tuning found in a run: the budget of each model, how trials were judged, and the study of each model.

    `folds` is the number of parts in a cross-validation of the training and validation reviews; None if trials were
    judged on the `num_validation` reviews of the validation split. `aim` names the metric that decides, if that is not
    accuracy.
    """

    budget: Budget
    folds: int | None
    num_validation: int
    aim: str | None = Field(default=None, exclude_if=is_none)
    studies: tuple[StudyFacts, ...]

    @property
    def is_uncertain(self) -> bool:
        """Whether so few reviews judged the trials that the choice is mostly chance."""
        return self.folds is None and self.num_validation < FEW_REVIEWS
