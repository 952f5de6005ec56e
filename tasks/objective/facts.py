"""What a run aims at, if it is not accuracy, and how the probabilities of several labels become answers."""

from typing import Any, Final, Literal, NamedTuple

from tasks.store.facts import Facts

Deciding = Literal["macro-f1", "recall", "cost"]
Costs = tuple[tuple[float, ...], ...]
# The names of the metrics in tables, and as people write them.
SCORES: Final[dict[Deciding, str]] = {"macro-f1": "macro_f1", "recall": "recall", "cost": "cost"}
TITLES: Final[dict[Deciding, str]] = {"macro-f1": "macro-F1", "recall": "recall of {label}", "cost": "cost"}


class Objective(Facts):
    """The metric that decides in place of accuracy.

    `label` is the one whose recall counts, and `place` its index. `costs` says what each answer (column) to a review of
    each label (row) costs; right answers cost nothing.
    """

    metric: Deciding
    label: str | None = None
    place: int | None = None
    costs: Costs | None = None

    @property
    def title(self) -> str:
        """What people call the metric: "macro-F1", "recall of spam", "cost"."""
        return TITLES[self.metric].format(label=self.label)

    @property
    def score(self) -> str:
        """The name of the metric in the table of metrics."""
        return SCORES[self.metric]

    @property
    def sign(self) -> int:
        """What the metric is multiplied by so that more is better."""
        return -1 if self.metric == "cost" else 1

    def read(self, scores: Any) -> float:
        """Read the metric from scores that have it by its name, negated if less is better."""
        return float(self.sign * scores.metric(self.score))

    @property
    def flag(self) -> str:
        """The value of --metric."""
        return f"recall:{self.label}" if self.metric == "recall" else self.metric


class Rule(Facts):
    """How calibrated probabilities of more than two labels become answers.

    The answer is the label with the highest product of its weight and its merit. The merit of a label is its
    probability, or with `costs` one over the expected cost of answering it.
    """

    weights: tuple[float, ...]
    costs: Costs | None = None

    @property
    def is_plain(self) -> bool:
        """Whether the answer is simply the likeliest label."""
        return self.costs is None and len(set(self.weights)) == 1


class Aims(NamedTuple):
    """What a run aims at: the metric that decides if not accuracy, and the class weights unless all are equal."""

    objective: Objective | None = None
    class_weights: tuple[float, ...] | None = None
