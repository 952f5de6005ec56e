"""What is known of the models of a run on further test sets."""

from tasks.compare.facts import Estimate
from tasks.ingest.facts import ChallengeSetFacts
from tasks.store.facts import Facts


class AnswerFacts(Facts):
    """The facts in the manifest of a model's answers to a further test set."""

    num_reviews: int
    accuracy: float


class ChallengedModel(Facts):
    """A variant on a further test set: its mean accuracy over the seeds, and by how much that on test is higher.

    The interval of the drop treats the two sets as independent samples.
    """

    model: str
    seeds: int
    accuracy: Estimate
    drop: Estimate


class Challenge(Facts):
    """A further test set and the models on it, in the order of the leaderboard."""

    reviews: ChallengeSetFacts
    models: tuple[ChallengedModel, ...]
