"""What tuning says: the outcome of a trial, of the study of one model, and of all models of a run."""

from typing import Final

from pydantic import Field, JsonValue

from tasks.store.facts import Facts

# On a hundred reviews, settings that are worse beyond chance were chosen for a good baseline.
FEW_REVIEWS: Final = 500


class Budget(Facts):
    """What each model may use: a number of trials, seconds of training, or both; the first that is used up ends it."""

    trials: int | None
    seconds: int | None


class TrialFacts(Facts):
    """How good the settings of a trial are: mean loss on validation in nats, accuracy, and the seconds of training.

    `losses` are those after each epoch. A training that was `pruned`, because it was worse than others after as many
    epochs, has the numbers of its last one.
    """

    loss: float
    accuracy: float
    seconds: float
    losses: tuple[float, ...] = ()
    pruned: bool = False


class Scored(Facts):
    """Settings with their mean loss and accuracy on validation reviews."""

    loss: float
    accuracy: float


class StudyFacts(Facts):
    """The study of one model, whose `name` becomes `tuned` with the chosen settings.

    `definition` defines the chosen model as in a config file; it is None if no trial was better than the model's usual
    settings, which were the first trial. `completed`, `pruned` and `failed` count trials. `importance` is the share of
    each setting in the variance of the loss, as a fANOVA estimates it, and empty for too few trials.
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
    importance: dict[str, float] = Field(default_factory=dict)


class Tuning(Facts):
    """What tuning found in a run: the budget of each model, how trials were judged, and the study of each model.

    `folds` is the number of parts in a cross-validation of the training and validation reviews; None if trials were
    judged on the `num_validation` reviews of the validation split.
    """

    budget: Budget
    folds: int | None
    num_validation: int
    studies: tuple[StudyFacts, ...]

    @property
    def is_uncertain(self) -> bool:
        """Whether so few reviews judged the trials that the choice is mostly chance."""
        return self.folds is None and self.num_validation < FEW_REVIEWS
