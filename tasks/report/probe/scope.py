"""What a probe trained, how, and what it left out, in sentences."""

from collections.abc import Mapping
from typing import Any, Final

from tasks.ingest.sources.recall import LENGTHS, ROOM_BEFORE, count_words
from tasks.report.probe.sentences import count_out, join_words

Metrics = Mapping[str, Any]

# A run where everything fails has a thousand reasons; all stand in probe.json.
MOST_FAILURES: Final = 20
AGAIN: Final = (
    "The same run again: python flows/probe_context.py --config with the settings of config.json beside this page. "
    "Several processes share the work with --shard 1/2 and 2/2; one more run without it finds all trained and reports."
)
NOT_PLANNED: Final = "At the far distances attention is not planned: its work grows with the square of the length."


def describe_settings(metrics: Metrics) -> list[str]:
    """Say how the models were trained and when they count as having solved a task."""
    settings, run = metrics["settings"], metrics["run"]
    counts = [row["num_seeds"] for row in metrics["rows"]]
    texts = "10,000 training texts" if run["limit"] is None else f"at most {run['limit']:,} training texts"
    sentences = [
        (
            f"Each model is trained on {texts} of its task and distance, with Adam at a learning rate of "
            f"{settings['learning_rate']:g} and gradients clipped to a norm of {settings['clip_norm']:g}."
        ),
        (
            f"A training ends when accuracy on validation reaches {settings['stop_at']:.0%}, or after "
            f"{run['epochs']:,} epochs; a seed counts as having solved the task from {settings['solved_at']:.0%} on "
            "test on."
        ),
    ]
    if counts and max(counts) > 1:
        more = settings["first_seeds"]
        counts_of = " to ".join(str(count) for count in dict.fromkeys((min(counts), max(counts))))
        further = f"; more than {more} only where the first disagree on whether the task can be solved"
        sentences.append(f"Each model has {counts_of} seeds{further if max(counts) > more else ''}.")
    elif counts:
        sentences.append("Each model has one seed: how far another would reach is not known.")
    return sentences


def describe_lengths(metrics: Metrics) -> str:
    """Say how many words the texts have."""
    lengths = sorted({count_words(row["trained_on"]) for row in metrics["rows"]} or {LENGTHS[0]})
    if len(lengths) == 1:
        return f"All texts have {lengths[0]} words."
    return f"Texts have {lengths[0]} words up to a distance of {lengths[0] - ROOM_BEFORE}, {lengths[-1]} beyond it."


def describe_scope(metrics: Metrics) -> list[str]:
    """Say how many trainings were planned, how many were not needed, and which models were tried where."""
    run = metrics["run"]
    failed = len(run["failed"])
    skipped = run["num_planned"] - run["num_trained"] - failed
    sentences = [f"{run['num_trained']:,} of {run['num_planned']:,} planned trainings were made."]
    if skipped > 0:
        sentences.append(
            f"{skipped:,} were not needed: the first {count_out(metrics['settings']['first_seeds'])} seeds agreed."
        )
    if failed:
        sentences.append(f"{failed:,} failed.")
    gaps = describe_gaps(metrics)
    return [" ".join(sentences), *gaps, *([NOT_PLANNED] if gaps and run["profile"] == "full" else [])]


def describe_gaps(metrics: Metrics) -> list[str]:
    """List the distances at which some of a task's models have no result, those without the same models together."""
    sentences = []
    for task in metrics["tasks"]:
        found: dict[int, set[str]] = {}
        for row in metrics["rows"]:
            if row["task"] == task and not row["upto"]:
                found.setdefault(row["distance"], set()).add(row["model"])
        models = [model["name"] for model in metrics["models"] if any(model["name"] in of for of in found.values())]
        gaps: dict[str, list[str]] = {}
        for distance in sorted(found):
            missing = ", ".join(name for name in models if name not in found[distance])
            gaps.setdefault(missing, []).append(str(distance))
        sentences += [
            f"{task} at {join_words(distances)} words has no result of {missing}."
            for missing, distances in gaps.items()
            if missing
        ]
    return sentences


def list_failures(metrics: Metrics) -> list[str]:
    """List what failed and why, the first few of many."""
    failed = list(metrics["run"]["failed"])
    more = len(failed) - MOST_FAILURES
    return failed[:MOST_FAILURES] + ([f"{more:,} more; all stand in probe.json"] if more > 0 else [])
