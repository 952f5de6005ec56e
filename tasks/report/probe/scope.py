"""What a probe trained, how it did so, and what it left out, in sentences."""

from typing import Final

from tasks.ingest.sources.recall import LENGTHS, NUM_TEXTS, ROOM_BEFORE, count_words
from tasks.probe.facts import FILE, Memory, Probe
from tasks.report.probe.sentences import count_out, join_words

# If every training of a large run fails, the page shows only some of the reasons; all of them are in probe.json.
MOST_FAILURES: Final = 20
AGAIN: Final = (
    "To repeat this run, start python flows/probe_context.py with the settings in config.json beside this page. "
    "Several processes can share the work with --shard 1/2 and --shard 2/2; one more run without --shard finds all "
    "models trained and writes the report."
)
NOT_PLANNED: Final = (
    "The profile leaves attention out at the far distances because its cost grows with the square of the length."
)


def describe_settings(probe: Probe) -> list[str]:
    """Say how the models were trained and when they count as having solved a task."""
    settings, limit = probe.settings, probe.run.limit
    texts = f"{NUM_TEXTS['train']:,} training texts" if limit is None else f"at most {limit:,} training texts"
    return [
        (
            f"Each model is trained on {texts} of its task and distance, with Adam at a learning rate of "
            f"{settings.learning_rate:g} and gradients clipped to a norm of {settings.clip_norm:g}."
        ),
        (
            f"A training stops when the validation accuracy reaches {settings.stop_at:.0%}, or after "
            f"{probe.run.epochs:,} epochs. A seed counts as having solved the task if its test accuracy is at least "
            f"{settings.solved_at:.0%}."
        ),
        *describe_seeds(probe),
    ]


def describe_seeds(probe: Probe) -> list[str]:
    """Say how many seeds the models have."""
    counts = [row.num_seeds for row in probe.rows]
    if not counts:
        return []
    if max(counts) == 1:
        return ["Each model has one seed, so the spread between seeds is unknown."]
    first = probe.settings.first_seeds
    counts_of = " to ".join(str(count) for count in dict.fromkeys((min(counts), max(counts))))
    further = f"; more than {first} only where the first {first} disagree on whether the task can be solved"
    return [f"Each model has {counts_of} seeds{further if max(counts) > first else ''}."]


def describe_lengths(memory: Memory) -> str:
    """Say how many words the texts have."""
    lengths = sorted({count_words(row.trained_on) for row in memory.rows} or {LENGTHS[0]})
    if len(lengths) == 1:
        return f"All texts have {lengths[0]} words."
    return (
        f"Texts have {lengths[0]} words for distances up to {lengths[0] - ROOM_BEFORE}, and {lengths[-1]} words for "
        "longer ones."
    )


def describe_scope(probe: Probe) -> list[str]:
    """Say how many trainings were planned, how many were not needed, and which models were not tried where."""
    run = probe.run
    failed = len(run.failed)
    skipped = run.num_planned - run.num_trained - failed
    sentences = [f"{run.num_trained:,} of {run.num_planned:,} planned trainings were run."]
    if skipped > 0:
        first = count_out(probe.settings.first_seeds)
        sentences.append(f"{skipped:,} were not needed because the first {first} seeds agreed.")
    if failed:
        sentences.append(f"{failed:,} failed.")
    gaps = describe_gaps(probe)
    return [" ".join(sentences), *gaps, *([NOT_PLANNED] if gaps and run.profile == "full" else [])]


def describe_gaps(memory: Memory) -> list[str]:
    """List the distances at which some models have no result; those without the same models are listed together."""
    sentences = []
    for recall_task in memory.levels:
        found: dict[int, set[str]] = {}
        for row in memory.rows:
            if row.recall_task == recall_task and not row.upto:
                found.setdefault(row.distance, set()).add(row.model)
        models = [model.name for model in memory.models if any(model.name in of for of in found.values())]
        gaps: dict[str, list[str]] = {}
        for distance in sorted(found):
            missing = ", ".join(name for name in models if name not in found[distance])
            gaps.setdefault(missing, []).append(str(distance))
        sentences += [
            f"{recall_task} at {join_words(distances)} words has no result for {missing}."
            for missing, distances in gaps.items()
            if missing
        ]
    return sentences


def list_failures(probe: Probe) -> list[str]:
    """List what failed and why; of many failures, the first few."""
    failed = probe.run.failed
    more = len(failed) - MOST_FAILURES
    return [*failed[:MOST_FAILURES], *([f"{more:,} more; all of them are in {FILE}"] if more > 0 else [])]
