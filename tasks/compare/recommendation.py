"""Which model to ship: the best on validation, and among those that cannot be told from it the cheapest to run."""

from collections.abc import Mapping, Sequence
from typing import Any

from tasks.compare.results import Contestant, rank_on_validation
from tasks.compare.significance import Pair


def recommend(
    contestants: Sequence[Contestant], pairs: Sequence[Pair], rows: Sequence[Mapping[str, Any]]
) -> dict[str, Any] | None:
    """Recommend one model; None when nothing trained.

    The choice is made on validation; the test split only says which models are tied with the chosen one, so that a
    cheaper one may take its place. Cheap is a high number of reviews scored per second.
    """
    if not contestants:
        return None
    best = max(contestants, key=lambda it: rank_on_validation(it.shipped_result))
    tied = [it for it in contestants if it is best or not are_told_apart(it.name, best.name, pairs)]
    cheapest = max(tied, key=lambda it: it.shipped_result.metrics["predict_reviews_per_second"])
    row = next(row for row in rows if row["name"] == cheapest.name)
    return {
        "name": cheapest.name,
        "group": cheapest.group,
        "model": cheapest.shipped_result.folder,
        "seed": cheapest.shipped_result.seed,
        "accuracy": row["accuracy"],
        "best_on_validation": best.name,
        "tied": [it.name for it in tied if it is not cheapest],
    }


def are_told_apart(first: str, second: str, pairs: Sequence[Pair]) -> bool:
    """Tell whether the shipped models of two variants differ beyond chance."""
    return any(pair.told_apart for pair in pairs if {pair.first, pair.second} == {first, second})
