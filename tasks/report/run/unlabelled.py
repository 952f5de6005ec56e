"""The part of the data card about texts without labels: what became of them, and who answered for them."""

from tasks.report.run.facts import RunMetrics
from tasks.report.run.tables import Table, make_table


def describe_lessons(metrics: RunMetrics) -> str:
    """Say what models have learned from texts without labels; empty for a run without such texts."""
    if metrics.run.unlabelled is None:
        return ""
    students = (
        "Students learn the labels of the training split and, for texts without labels, the probabilities of a "
        "teacher. The teacher is the best combination of the other models of this run: they were fitted on the "
        "training split, and their weights were chosen on the validation split. "
    )
    left_out = "Texts that are also in the validation or the test split were left out."
    return f"{students if metrics.run.teachers else ''}{left_out}"


def tabulate_unlabelled(metrics: RunMetrics) -> Table | None:
    """What became of the texts without labels."""
    found = metrics.run.unlabelled
    if found is None:
        return None
    numbers = {
        f"read from {found.dataset}": found.num_read,
        "used": found.num_used,
        **{f"left out: also in the {split} split": number for split, number in found.overlaps.items()},
        "left out: repeated": found.num_repeated,
        **{f"dropped: {reason}": number for reason, number in found.dropped.items()},
        **({"left out by --limit": found.num_left_out} if found.num_left_out else {}),
    }
    return make_table([{"texts": what, "number": f"{number:,}"} for what, number in numbers.items()])


def tabulate_teachers(metrics: RunMetrics) -> Table | None:
    """Who answered for the texts without labels, with each seed."""
    rows = [
        {
            "teacher": " + ".join(f"{weight:.2f} {name}" for name, weight in found.teacher.items()),
            "seed": str(seed),
            "validation accuracy": f"{found.val_accuracy:.1%}",
            "validation NLL": f"{found.val_loss:.3f}",
        }
        for seed, found in metrics.run.teachers.items()
    ]
    return make_table(rows)
