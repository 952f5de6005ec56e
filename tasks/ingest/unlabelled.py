"""Where a run's texts without labels come from: a file of any format, or a split of a prepared set."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.ingest.datasets import Choice, is_generated
from tasks.ingest.facts import UnlabelledFacts
from tasks.ingest.files.fetching import fetch_path
from tasks.ingest.files.options import FileOptions
from tasks.ingest.files.reading import hash_files
from tasks.ingest.sources import tfds
from tasks.ingest.sources.base import LabelledRows
from tasks.ingest.sources.unlabelled_files import adapt_options, check_head, read_texts


@dataclass(frozen=True)
class UnlabelledChoice:
    """Where a run's texts without labels come from: files, or a split of the prepared set of that name."""

    name: str
    files: FileOptions | None = None


def choose_unlabelled(
    path: Path | None, choice: Choice, options: FileOptions, data_dir: Path
) -> UnlabelledChoice | None:
    """Find the texts without labels: those at a path, otherwise those of the run's set; None if there are none.

    Files are read as `options` say, as far as that applies to them. Raises UserError for files whose first rows show
    that they cannot be used.
    """
    if path is not None:
        fetch_path(path, "--unlabelled-path")
        adapted = adapt_options(path, options)
        check_head(adapted)
        return UnlabelledChoice(adapted.name, adapted)
    if choice.files is None and not is_generated(choice.dataset) and tfds.find_unlabelled(choice.dataset, data_dir):
        return UnlabelledChoice(choice.dataset)
    return None


def identify_unlabelled(choice: UnlabelledChoice, data_dir: Path) -> dict[str, Any]:
    """Describe everything that decides the texts, as plain JSON; files are hashed, not parsed."""
    if choice.files is not None:
        return {"name": choice.name, "options": choice.files.describe(), "files": hash_files(choice.files)}
    return {"name": choice.name, **tfds.identify_unlabelled(choice.name, data_dir)}


def describe_unlabelled(facts: UnlabelledFacts) -> str:
    """Say in a sentence how many texts are used and what became of the others."""
    others = {
        **{f"also in the {split} split": number for split, number in facts.overlaps.items()},
        "repeated": facts.num_repeated,
        **facts.dropped,
        "beyond --limit": facts.num_left_out,
    }
    counted = ", ".join(f"{number:,} {reason}" for reason, number in others.items() if number)
    left_out = f"; left out: {counted}" if counted else ""
    return f"{facts.num_used:,} of {facts.num_read:,} texts without labels from {facts.dataset} are used{left_out}."


def open_texts(choice: UnlabelledChoice, data_dir: Path) -> Iterator[LabelledRows]:
    """Read the texts in batches."""
    if choice.files is not None:
        return read_texts(choice.files)
    return tfds.read_unlabelled(choice.name, data_dir)
