"""Evaluate a trained model on the test split, once, and complete its bundle."""

import json
import time
from pathlib import Path
from typing import Any, Final

import keras

from tasks.encode.sequences import read_sequences
from tasks.evaluate.metrics import compute_metrics
from tasks.evaluate.predictions import write_predictions
from tasks.train.backend import speed_up_prediction
from tasks.train.kernels import Kernels
from tasks.train.predict import predict_probabilities

DEFAULT_THRESHOLD: Final = 0.5
DEFAULT_TEMPERATURE: Final = 1.0


def evaluate_model(
    model_folder: Path,
    test_path: Path,
    folder: Path,
    *,
    label_names: list[str],
    bundle: dict[str, Any],
    kernels: Kernels = "auto",
) -> dict[str, Any]:
    """Predict the test split with a saved model; write predictions.parquet and bundle.json; return the metrics.

    `bundle` is what is known of the model before; metrics, threshold and temperature are added to it.
    """
    model = keras.models.load_model(model_folder / "model.keras", compile=False, safe_mode=True)
    speed_up_prediction(model, kernels=kernels)
    tokens, labels = read_sequences(test_path)
    started = time.perf_counter()
    probabilities = predict_probabilities(model, tokens)
    seconds = time.perf_counter() - started
    write_predictions(folder / "predictions.parquet", test_path, probabilities, label_names)
    scores = {
        **compute_metrics(probabilities, labels, threshold=DEFAULT_THRESHOLD),
        "predict_seconds": seconds,
        "predict_reviews_per_second": len(labels) / seconds,
    }
    complete = {
        **bundle,
        "label_names": label_names,
        "threshold": DEFAULT_THRESHOLD,
        "temperature": DEFAULT_TEMPERATURE,
        "metrics": scores,
    }
    (folder / "bundle.json").write_text(json.dumps(complete, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    return scores
