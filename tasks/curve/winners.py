"""The best model at a size, those that the test does not tell from it, and how many test reviews would."""

from collections.abc import Mapping, Sequence
from math import hypot

import numpy as np

from tasks.compare.chance import find_learners
from tasks.compare.power import count_reviews_between
from tasks.compare.results import CONSTANT, Contestant
from tasks.compare.significance import compare_pairs
from tasks.curve.draws import SeedError
from tasks.curve.facts import Winner
from tasks.evaluate.intervals import draw_reviews, percentile_interval


def find_winner(
    contestants: Sequence[Contestant],
    constant: int,
    seed_errors: Mapping[str, SeedError],
    *,
    share: float,
    num_train: int,
) -> Winner | None:
    """Find the model with the highest mean accuracy on test; None if only the constant answer was trained.

    A model differs from the best if McNemar's test of the shipped models, corrected by Holm over all pairs at this
    size, says so, and if the interval of the difference, over reviews and seeds, excludes zero.
    """
    models = sorted((it for it in contestants if it.name != CONSTANT), key=lambda it: it.accuracy, reverse=True)
    if not models:
        return None
    pairs = compare_pairs({it.name: it.correct for it in models}, {it.name: it.shipped for it in models})
    best = models[0]
    tested = {pair.second for pair in pairs if pair.first == best.name and pair.told_apart}
    tied = [it for it in models[1:] if it.name not in tested or may_be_level(best, it, seed_errors)]
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


def may_be_level(first: Contestant, second: Contestant, seed_errors: Mapping[str, SeedError]) -> bool:
    """Tell whether the 95% interval of the difference in accuracy contains zero.

    Reviews are drawn with replacement, the same for both. The spread of the seeds is that of all sizes, because two or
    three seeds at one size would make the interval so wide that a lead of ten points is none.
    """
    random = np.random.default_rng(0)
    gaps, counts = np.unique(first.correct.mean(axis=0) - second.correct.mean(axis=0), return_counts=True)
    draws = draw_reviews(counts, random) @ gaps / counts.sum()
    own, others = seed_errors[first.name], seed_errors[second.name]
    if degrees := own.degrees + others.degrees:
        draws += hypot(own.error, others.error) * random.standard_t(degrees, size=len(draws))
    low, high = percentile_interval(draws)
    return low <= 0 <= high
