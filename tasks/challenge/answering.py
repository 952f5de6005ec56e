"""Let a model answer a further test set, as it answers any text."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from tasks.challenge.facts import AnswerFacts
from tasks.evaluate.bundle import read_bundle_file
from tasks.evaluate.calibration import apply_temperature
from tasks.evaluate.classifier import load_classifier
from tasks.evaluate.evaluation import find_kernels
from tasks.evaluate.metrics import predict_labels
from tasks.evaluate.predictions import write_predictions
from tasks.ingest.batches import read_batches
from tasks.store.layout import PREDICTIONS_FILE


def write_answers(model_folder: Path, reviews: Path, folder: Path) -> AnswerFacts:
    """Write predictions.parquet under `folder`: the calibrated probabilities of the model in its bundle's folder."""
    bundle = read_bundle_file(model_folder)
    classifier = load_classifier(model_folder, bundle.encoding, kernels=find_kernels(bundle))
    batches = list(read_batches(reviews, ["id", "text", "label"]))
    scores = np.concatenate([classifier.score(batch.column("text")).probabilities for batch in batches])
    labels = np.concatenate([batch.column("label").to_numpy() for batch in batches])
    probabilities = apply_temperature(scores, bundle.temperature)
    rule = bundle.metrics.rule
    write_predictions(
        folder / PREDICTIONS_FILE,
        pa.concat_arrays([batch.column("id") for batch in batches]),
        labels,
        probabilities,
        bundle.label_names,
        is_exact=rule is not None,
    )
    answers = predict_labels(probabilities, threshold=bundle.threshold, rule=rule)
    return AnswerFacts(num_reviews=len(labels), accuracy=float((answers == labels).mean()))
