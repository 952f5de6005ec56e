"""Which reviews the models get wrong, and how far they agree."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from tasks.compare.facts import ConfidentMistake, MissedReviews, Mistakes, Review
from tasks.compare.results import CONSTANT, Contestant
from tasks.ingest.batches import read_batches

CONFIDENT_PER_MODEL: Final = 10
MISSED_BY_ALL: Final = 50
# The beginning is enough to recognise a review of any length.
SHOWN_CHARACTERS: Final = 1_000


def analyse_errors(
    contestants: Sequence[Contestant], test_path: Path, label_names: Sequence[str], *, shown: Contestant | None = None
) -> Mistakes | None:
    """Gather the mistakes of the shipped models, except the constant one; None when there is no other.

    Reviews are identified by their row in the test split; `texts` has each of them once. `shown` is the model that is
    looked at more closely.
    """
    readers = [contestant for contestant in contestants if contestant.name != CONSTANT]
    if not readers:
        return None
    correct = np.stack([reader.correct[reader.shipped] for reader in readers])
    confident = [mistake for reader in readers for mistake in find_confident_mistakes(reader, label_names)]
    missed = np.flatnonzero(~correct.any(axis=0))
    listed = missed[:MISSED_BY_ALL].tolist()
    rows = sorted({mistake.row for mistake in confident} | set(listed))
    return Mistakes(
        models=tuple(reader.name for reader in readers),
        confident=tuple(confident),
        missed_by_all=MissedReviews(
            num_reviews=len(missed),
            rows=listed,
            answers=tuple(describe_answers(shown, listed, label_names)) if shown in readers else (),
        ),
        wrong_models=np.bincount((~correct).sum(axis=0), minlength=len(readers) + 1).tolist(),
        agreement=measure_agreement(readers),
        oracle_accuracy=float(correct.any(axis=0).mean()),
        texts=read_reviews(test_path, rows, label_names),
    )


def find_confident_mistakes(contestant: Contestant, label_names: Sequence[str]) -> list[ConfidentMistake]:
    """Find the mistakes to which the shipped model gave the highest probability, highest first."""
    shipped = contestant.shipped
    wrong = np.flatnonzero(~contestant.correct[shipped])
    answers = contestant.predicted[shipped]
    confidence = contestant.read_probabilities(shipped)[np.arange(len(answers)), answers]
    worst = wrong[np.argsort(-confidence[wrong], kind="stable")[:CONFIDENT_PER_MODEL]]
    return describe_answers(contestant, worst.tolist(), label_names)


def describe_answers(contestant: Contestant, rows: Sequence[int], label_names: Sequence[str]) -> list[ConfidentMistake]:
    """Describe the answers of the shipped model to some reviews."""
    shipped = contestant.shipped
    answers, probabilities = contestant.predicted[shipped], contestant.read_probabilities(shipped)
    return [
        ConfidentMistake(
            model=contestant.name,
            row=row,
            predicted=label_names[answers[row]],
            probability=float(probabilities[row, answers[row]]),
        )
        for row in rows
    ]


def measure_agreement(contestants: Sequence[Contestant]) -> tuple[tuple[float, ...], ...]:
    """Measure on which share of the reviews each pair of models gives the same answer."""
    answers = np.stack([contestant.predicted[contestant.shipped] for contestant in contestants])
    return tuple(tuple((answers == row).mean(axis=1).tolist()) for row in answers)


def read_reviews(path: Path, rows: Sequence[int], label_names: Sequence[str]) -> dict[str, Review]:
    """Read some rows of a file of reviews, with texts cut to what a page can show; keys are row numbers."""
    wanted, start = np.array(rows, dtype=np.int64), 0
    found: dict[str, Review] = {}
    for batch in read_batches(path, ["id", "text", "label"]):
        here = wanted[(wanted >= start) & (wanted < start + len(batch))]
        for row, review in zip(here.tolist(), batch.take(pa.array(here - start)).to_pylist(), strict=True):
            found[str(row)] = Review(
                id=review["id"],
                label=label_names[review["label"]],
                text=review["text"][:SHOWN_CHARACTERS],
                num_characters=len(review["text"]),
            )
        start += len(batch)
    return found
