"""Write what a teacher says of texts without labels, from which students learn (Hinton, Vinyals & Dean 2015).

The teacher has learned from the training split, and its weights were chosen on the validation split. The test split
plays no part. Source: https://arxiv.org/abs/1503.02531
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.special import softmax

from tasks.evaluate.bundle import read_bundle_file
from tasks.evaluate.calibration import take_logarithm
from tasks.evaluate.classifier import load_classifier
from tasks.evaluate.evaluation import find_kernels
from tasks.evaluate.predictions import write_predictions
from tasks.ingest.batches import read_batches
from tasks.store.layout import ANSWERS_FILE


class TeachingMember(NamedTuple):
    """A model that is part of a teacher: the folder of its bundle, and the weight of its calibrated answers."""

    folder: Path
    weight: float


def write_answers(members: Sequence[TeachingMember], texts: Path, folder: Path, *, label_names: Sequence[str]) -> None:
    """Write answers.parquet under `folder`, as a file of predictions whose labels are the likeliest ones."""
    total = sum(weigh_answers(member, texts) for member in members)
    probabilities: NDArray[np.float64] = softmax(total, axis=1)
    ids = pa.concat_arrays([batch.column("id") for batch in read_batches(texts, ["id"])])
    labels = probabilities.argmax(axis=1).astype(np.int32)
    write_predictions(folder / ANSWERS_FILE, ids, labels, probabilities, label_names)


def weigh_answers(member: TeachingMember, texts: Path) -> NDArray[np.float64]:
    """Let a model answer, and weigh its log-probabilities, up to a constant for each text: (num_texts, num_classes)."""
    bundle = read_bundle_file(member.folder)
    classifier = load_classifier(member.folder, bundle.encoding, kernels=find_kernels(bundle))
    answers = [classifier.score(batch.column("text")).probabilities for batch in read_batches(texts, ["text"])]
    return take_logarithm(np.concatenate(answers)) * (member.weight / bundle.temperature)
