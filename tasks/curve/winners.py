"""The best model at a size, those that the test does not tell from it, and how many test reviews would."""

from collections.abc import Sequence

from tasks.compare.chance import find_learners
from tasks.compare.power import count_reviews_between
from tasks.compare.results import CONSTANT, Contestant
from tasks.compare.significance import compare_pairs
from tasks.curve.facts import Winner


def find_winner(contestants: Sequence[Contestant], constant: int, *, share: float, num_train: int) -> Winner | None:
    """Find the model with the highest mean accuracy on test; None if only the constant answer was trained.

    A model differs from the best by the test of the leaderboard: McNemar's, corrected by Holm over all pairs of models
    at this size, and an interval of the difference that covers the seeds.
    """
    models = sorted((it for it in contestants if it.name != CONSTANT), key=lambda it: it.accuracy, reverse=True)
    if not models:
        return None
    pairs = compare_pairs({it.name: it.correct for it in models}, {it.name: it.shipped for it in models})
    best = models[0]
    different = {pair.second for pair in pairs if pair.first == best.name and pair.differs}
    tied = [it for it in models[1:] if it.name not in different]
    learned = find_learners(contestants, constant)
    found = Winner(
        share=share,
        num_train=num_train,
        best=best.name,
        tied=tuple(it.name for it in tied),
        beats_chance=any(learned[it.name] for it in models),
    )
    if not tied:
        return found
    rival = tied[0]
    return found.model_copy(
        update={
            "rival": rival.name,
            "lead": best.accuracy - rival.accuracy,
            "num_test_reviews": count_reviews_between(
                best.correct[best.shipped], rival.correct[rival.shipped], num_pairs=len(pairs)
            ),
        }
    )
