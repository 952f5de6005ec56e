"""What baselines left out because their n-grams would not fit into memory, in sentences."""

from tasks.baseline.facts import BoundFacts
from tasks.compare.leaderboard_facts import Leaderboard
from tasks.report.run.facts import RunMetrics

GIGABYTE = 10**9


def list_bounds(metrics: RunMetrics | Leaderboard) -> list[str]:
    """Say for each baseline that was fitted in bounded memory what it knows; empty if all n-grams fitted."""
    return [describe_bounds(row.name, row.bounds) for row in metrics.variants if row.bounds]


def describe_bounds(name: str, bounds: BoundFacts) -> str:
    """Say how many n-grams a baseline knows, how many it left out, and how exactly they were counted."""
    missed = (
        f" An n-gram may be in up to {bounds.most_missed:,} more texts than were counted." if bounds.most_missed else ""
    )
    known = f"all {bounds.num_ngrams:,} n-grams that are in enough training texts"
    if bounds.num_left_out:
        known = (
            f"the {bounds.num_ngrams:,} n-grams that are in the most training texts; at least {bounds.num_left_out:,} "
            "others were left out"
        )
    budget = f"{bounds.memory / GIGABYTE:g} GB (--memory)"
    return f"{name} was fitted in {budget}, with counts on disk. It knows {known}.{missed}"
